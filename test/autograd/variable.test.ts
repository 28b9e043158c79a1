import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import { isRecording } from '../../src/autograd/index.js';
import {
  add,
  mul,
  noGrad,
  type Operand,
  Parameter,
  pow,
  sub,
  type Tensor,
  tensor,
  Variable,
  variable,
} from '../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;

describe('a Variable in an expression of JavaScript', () => {
  const x = variable(tensor([2], double)) as unknown as number;

  it.each<[string, () => unknown]>([
    ['total += x', () => 0 + x],
    ['x * 2', () => x * 2],
    ['x < 1', () => x < 1],
  ])('%s is refused', (_, call) => {
    expect(call).toThrow('Variable: a Variable is not a number of JavaScript; write .item()');
  });
});

describe('recording', () => {
  it('remembers op, inputs and parameters of the call', () => {
    const x = variable(tensor([1, 2], double));
    const y = x.pow(3);
    expect(y.node).toMatchObject({ params: 3, inputs: [x], versions: [0, 0], used: false });
    expect(y.node!.op).toBe(pow.rule);
    expect(y.requiresGrad).toBe(true);
  });

  it('keeps nothing of what needs no gradient', () => {
    const y = add(tensor([1], double), tensor([2], double));
    expect([y.node, y.requiresGrad, y.value.toArray()]).toEqual([null, false, [3]]);
  });

  it('stops inside noGrad, nests, and comes back after an exception', () => {
    const x = variable(tensor([1], double));
    const inside = noGrad(() => {
      expect(isRecording()).toBe(false);
      noGrad(() => undefined);
      expect(isRecording()).toBe(false);
      return x.mul(2);
    });
    expect([inside.requiresGrad, inside.node, inside.value.toArray()]).toEqual([false, null, [2]]);
    expect(() =>
      noGrad(() => {
        throw new Error('mine');
      }),
    ).toThrow('mine');
    expect(isRecording()).toBe(true);
    expect(x.mul(2).requiresGrad).toBe(true);
  });

  it('detach cuts the history and shares the value', () => {
    const x = variable(tensor([2], double));
    const y = x.square();
    const cut = y.detach();
    expect([cut.requiresGrad, cut.node]).toEqual([false, null]);
    expect(cut.value).toBe(y.value);
    y.mul(cut).sum().backward();
    expect(x.grad!.toArray()).toEqual([16]);
  });
});

describe('operands', () => {
  it('numbers may stand on either side, and take the other’s dtype', () => {
    const x = variable(tensor([4], double));
    expect(sub(1, x).value.toArray()).toEqual([-3]);
    expect(sub(x, 1).value.toArray()).toEqual([3]);
    expect(mul(0.1, variable(tensor([1], { backend: 'reference' }))).value.dtype).toBe('float32');
    sub(1, x).sum().backward();
    expect(x.grad!.toArray()).toEqual([-1]);
  });

  it('tensors are constants', () => {
    const x = variable(tensor([4], double));
    const y = mul(tensor([3], double), x);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([3]);
  });

  it('at least one must have a dtype', () => {
    expect(() => add(1, 2)).toThrow(
      'add: at least one operand must be a Variable or a Tensor, got numbers only',
    );
  });

  it('something else is refused by name', () => {
    const x = variable(tensor([4], double));
    for (const [wrong, got] of [
      [undefined, 'undefined'],
      [null, 'null'],
      ['3', "the string '3'"],
      [[1], 'an array; write tensor(…) around it'],
    ] as const) {
      expect(() => add(x, wrong as unknown as Operand)).toThrow(
        `add: each operand must be a Variable, a Tensor or a number, got ${got}`,
      );
    }
  });

  it('mixed dtypes are refused', () => {
    const x = variable(tensor([4], double));
    expect(() => x.add(tensor([1], { backend: 'reference' }))).toThrow(
      "add: operands must share dtype and backend, got float64 on reference and float32 on reference; convert one with .to('float64', 'reference')",
    );
  });
});

describe('Variable', () => {
  it('reads like its value', () => {
    const x = variable(tensor([[5]], double));
    expect([x.shape, x.item(), x.version]).toEqual([[1, 1], 5, 0]);
    expect([`${x}`, `${x.exp()}`]).toEqual(['Variable([1, 1], leaf)', 'Variable([1, 1], exp)']);
    expect(new Variable(tensor([1])).requiresGrad).toBe(false);
  });

  it('shows its numbers on the console, not its graph', () => {
    const x = variable(tensor([1, 2], double));
    const weight = new Parameter(tensor([[0.5]], double), 'rnn.weightHh');
    expect([x, x.square(), weight, new Parameter(tensor([3]))].map((each) => inspect(each))).toEqual([
      'Variable (leaf) [2] float64 on reference: 1, 2',
      'Variable (square) [2] float64 on reference: 1, 4',
      "Parameter 'rnn.weightHh' [1, 1] float64 on reference\n[[0.5]]",
      'Parameter [1] float32 on simd: 3',
    ]);
  });

  it('refuses a gradient of another shape or dtype, and keeps the one before', () => {
    const x = variable(tensor([1, 2], double));
    x.grad = tensor([3, 4], double);
    const set = (grad: Tensor) => () => {
      x.grad = grad;
    };
    expect(set(tensor([1], double))).toThrow('Variable.grad: shapes must be equal, got [2] and [1]');
    expect(set(tensor([1, 2]))).toThrow('Variable.grad: operands must share dtype and backend');
    expect(x.grad.toArray()).toEqual([3, 4]);
  });

  it('ids rise in the order of creation', () => {
    const x = variable(tensor([1], double));
    const y = x.neg();
    expect(y.id).toBeGreaterThan(x.id);
    expect(new Parameter(tensor([1])).id).toBeGreaterThan(y.id);
  });
});

it('a method of Tensor refuses a Variable, whatever the two have in common, and says what to write', () => {
  const [t, v] = [tensor([[1, 2]]), variable(tensor([[1], [0]]))];
  const calls: readonly ((x: never) => unknown)[] = [
    (x) => t.add(x),
    (x) => t.where(x, 1),
    (x) => t.matmul(x),
    (x) => t.addInPlace(x),
    (x) => t.overwrite(x),
    (x) => t.scatterAddRows(x, Int32Array.of(0)),
  ];
  for (const call of calls)
    expect(() => call(v as never)).toThrow(/must be a Tensor.*, got a Variable; take its \.value/);
});
