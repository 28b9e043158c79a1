import { describe, expect, it } from 'vitest';
import { affine, recurrence } from '../../../src/autograd/index.js';
import {
  allBackends,
  type Operand,
  ones,
  type Shape,
  ShapeError,
  type Tensor,
  tensor,
  zeros,
} from '../../../src/index.js';

describe.each(allBackends().map(({ name }) => name))(
  'ops with fused kernels check what they get, on %s:',
  (backend) => {
    const of = (shape: Shape): Tensor => ones(shape, { backend });

    it.each<[string, () => Operand[], string]>([
      ['a number for a bias', () => [tensor([[1, 2]], { backend }), of([3, 2]), 10], '[1, 2], [3, 2], []'],
      ['weights that are turned', () => [of([1, 2]), of([2, 3]), of([2])], '[1, 2], [2, 3], [2]'],
      ['x of rank 3', () => [of([2, 1, 2]), of([3, 2]), of([3])], '[2, 1, 2], [3, 2], [3]'],
      ['x of rank 1', () => [of([2]), of([3, 2]), of([3])], '[2], [3, 2], [3]'],
      ['a bias too short', () => [of([1, 2]), of([3, 2]), of([2])], '[1, 2], [3, 2], [2]'],
    ])('affine, %s', (_, operands, got) => {
      const call = () => affine(...(operands() as [Operand, Operand, Operand]));
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(`affine: needs x [n, in], weight [out, in] and bias [out], got ${got}`);
    });

    it.each<[string, Shape[], string]>([
      ['h0 for one row', [[4, 2, 3], [5, 3], [5], [5, 5], [1, 5]], 'h0 [2, 5], got [1, 5]'],
      ['no steps', [[0, 2, 3], [5, 3], [5], [5, 5], [2, 5]], 'x [T ≥ 1, B, I], got [0, 2, 3]'],
      ['x of rank 2', [[2, 3], [5, 3], [5], [5, 5], [2, 5]], 'x [T ≥ 1, B, I], got [2, 3]'],
      ['weightIh for other inputs', [[4, 2, 3], [5, 2], [5], [5, 5], [2, 5]], 'weightIh [5, 3], got [5, 2]'],
      ['a long bias', [[4, 2, 3], [5, 3], [6], [5, 5], [2, 5]], 'bias [5], got [6]'],
      [
        'weightHh that is not square',
        [[4, 2, 3], [5, 3], [5], [5, 4], [2, 5]],
        'weightHh [5, 5], got [5, 4]',
      ],
      ['weightHh of rank 1', [[4, 2, 3], [5, 3], [5], [5], [2, 5]], 'weightHh [5, 5], got [5]'],
    ])('recurrence, %s', (_, shapes, message) => {
      const [x, weightIh, bias, weightHh, h0] = shapes.map(of);
      const call = () => recurrence(x!, weightIh!, bias!, weightHh!, h0!, { activation: 'tanh' });
      expect(call).toThrow(ShapeError);
      expect(call).toThrow(`recurrence: needs ${message}`);
    });

    it('mixed dtypes', () => {
      const double = zeros([3], { dtype: 'float64', backend: 'reference' });
      expect(() => affine(of([1, 2]), of([3, 2]), double)).toThrow(
        'affine: operands must share dtype and backend',
      );
      const h0 = zeros([2, 5], { dtype: 'float64', backend: 'reference' });
      expect(() =>
        recurrence(of([4, 2, 3]), of([5, 3]), of([5]), of([5, 5]), h0, { activation: 'tanh' }),
      ).toThrow('recurrence: operands must share dtype and backend');
    });
  },
);
