import { describe, expect, it } from 'vitest';
import {
  checkOp,
  defineOp,
  gradcheck,
  Random,
  type Tensor,
  uniform,
  type Variable,
  zeros,
} from '../../src/index.js';
import { table } from './samples.js';

describe('every op passes gradcheck in float64 on every sample', () => {
  for (const { name, rule } of table) {
    it(name, () => {
      expect(rule.name).toBe(name);
      expect(checkOp({ rule })).toBeLessThan(1e-6);
    });
  }
});

describe('gradcheck', () => {
  const wrongSine = defineOp<readonly [x: Tensor]>({
    name: 'wrongSine',
    forward: ([x]) => x.unary('sin'),
    backward: (grad, { inputs: [x] }) => [() => grad.mul(x.unary('cos')).mul(1.0001)],
    samples: [{ shapes: [[3]] }],
  });

  it('fails a derivative that is wrong by one part in ten thousand, naming input and element', () => {
    const x = uniform([3], new Random(1), -1, 1, { dtype: 'float64' });
    expect(() => gradcheck(wrongSine, [x])).toThrow(/gradcheck: input 0, element \d: backward gave/);
  });

  it('of an op on its samples names the sample, too', () => {
    expect(() => checkOp(wrongSine)).toThrow(
      /^checkOp: 'wrongSine', sample 0: input 0, element \d: backward gave .*, differences give/,
    );
    expect(checkOp(wrongSine, { tolerance: 1e-3 })).toBeGreaterThan(1e-5);
  });

  it('of an op leaves masks alone, of which no derivative is claimed', () => {
    const dropped = defineOp<readonly [mask: Tensor, x: Tensor]>({
      name: 'dropped',
      forward: ([mask, x]) => x.mul(mask),
      backward: (grad, { inputs: [mask] }) => [() => mask.mul(0), () => grad.mul(mask)],
      samples: [{ shapes: [[6], [6]], masks: [0] }],
    });
    expect(checkOp(dropped)).toBeLessThan(1e-8);
  });

  it('of an op runs it on every backend: one that makes a tensor of its own elsewhere is found', () => {
    const stranger = defineOp<readonly [x: Tensor]>({
      name: 'stranger',
      forward: ([x]) => x.add(zeros(x.shape, { dtype: 'float64', backend: 'reference' })),
      backward: (grad) => [() => grad],
      samples: [{ shapes: [[3]] }],
    });
    expect(() => checkOp(stranger)).toThrow(
      /^checkOp: 'stranger', sample 0: on backend 'simd' in float32: add: operands must share dtype and backend/,
    );
    const rough = defineOp<readonly [x: Tensor]>({
      name: 'rough',
      forward: ([x]) => (x.dtype === 'float64' ? x.mul(2) : x.mul(2.01)),
      backward: (grad) => [() => grad.mul(2)],
      samples: [{ shapes: [[3]] }],
    });
    expect(() => checkOp(rough)).toThrow(
      /^checkOp: 'rough', sample 0: on backend 'simd' in float32: result 0, element \d is .*, in float64 it is/,
    );
  });

  it('of an op with several outputs checks them together and each alone', () => {
    const twice = (ofOne: (grad: Tensor) => Tensor) =>
      defineOp<readonly [x: Tensor], void, readonly [], readonly [sine: Tensor, square: Tensor]>({
        name: 'twice',
        severalOutputs: true,
        forward: ([x]) => [x.sin(), x.square()],
        backward: ([sine, square], { inputs: [x] }) => [
          () => {
            const slopes = [sine?.mul(x.cos()), square?.mul(x).mul(2)];
            const [one, other] = slopes.filter((slope) => slope !== undefined);
            return other ? one.add(other) : ofOne(one);
          },
        ],
        samples: [{ shapes: [[3]] }],
      });
    expect(checkOp(twice((grad) => grad))).toBeLessThan(1e-8);
    expect(() => checkOp(twice((grad) => grad.mul(1.01)))).toThrow("checkOp: 'twice', sample 0: input 0");
  });

  it('refuses float32, where differences say nothing', () => {
    const x = uniform([3], new Random(1));
    expect(() => gradcheck((v) => v.sin(), [x])).toThrow('gradcheck: inputs must be float64, got float32');
  });

  it('checks composites: a two-layer network', () => {
    const random = new Random(3);
    const [x, w, v] = [
      [4, 3],
      [3, 5],
      [5, 2],
    ].map((shape) => uniform(shape, random, -1, 1, { dtype: 'float64' }));
    const network = (a: Variable, b: Variable, c: Variable) =>
      a.matmul(b).tanh().matmul(c).softmax().log().mean();
    expect(gradcheck(network, [x!, w!, v!])).toBeLessThan(1e-8);
  });
});
