import { describe, expect, it } from 'vitest';
import {
  add,
  concat,
  defineOp,
  detectAnomaly,
  gradcheck,
  type Rules,
  type Tensor,
  tensor,
  type Variable,
  variable,
} from '../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;

/** x^p·c, as someone outside the package would write it. */
const monomial = defineOp<readonly [x: Tensor, c: Tensor], number>({
  name: 'monomial',
  forward: ([x, c], p) => x.binary('pow', p).mul(c),
  backward: (grad, { inputs: [x, c], output, params: p }) => [
    () => grad.mul(output).mul(p).div(x),
    () => grad.mul(output).div(c),
  ],
  samples: [{ shapes: [[3], []], params: 2, range: [0.5, 2] }],
});

describe('an op defined outside the package', () => {
  it('needs no method, broadcasts, chains with the rest and passes gradcheck', () => {
    const x = tensor([0.5, 1.5, 2], double);
    const c = tensor(3, double);
    expect(monomial(x, c, 2).value.toArray()).toEqual([0.75, 6.75, 12]);
    expect(gradcheck((a, b) => monomial(a.exp(), b, 3).tanh(), [x.mul(0.1), c])).toBeLessThan(1e-6);
    const v = variable(x);
    monomial(v, 3, 2).sum().backward();
    expect(v.grad!.toArray()).toEqual([3, 9, 12]);
  });

  it('carries its rule, for the suites', () => {
    expect(monomial.rule.name).toBe('monomial');
    expect(monomial.rule.samples).toHaveLength(1);
  });

  it('without a sample is refused: its derivative could not be checked', () => {
    expect(() =>
      defineOp<readonly [x: Tensor]>({
        name: 'unproved',
        forward: ([x]) => x,
        backward: (grad) => [() => grad],
        samples: [],
      }),
    ).toThrow("defineOp: 'unproved' needs at least one sample; its derivative is checked on them");
  });
});

describe('an op that breaks its contract is named where it does', () => {
  const give = (made: unknown) => () => made as Tensor;
  const broken = (forward: unknown, backward: unknown) =>
    defineOp<readonly [a: Tensor, b: Tensor]>({
      name: 'bad',
      forward: ([a]) => (forward === undefined ? a.copy() : (forward as Tensor)),
      backward: give(backward) as unknown as () => Rules<[Tensor, Tensor]>,
      samples: [{ shapes: [[1], [1]] }],
    });
  const [a, b] = [variable(tensor([1], double)), variable(tensor([2], double))];
  const one = tensor([1], double);

  it.each([
    [3, 'a number', 'the number 3'],
    [a, 'a Variable', 'a Variable'],
    [null, 'nothing', 'null'],
  ])('whose forward returns %s (%#)', (made, _, got) => {
    const message = `bad: forward must return a Tensor, got ${got}; compute by methods of the Tensors given`;
    expect(() => broken(made, [])(a, b)).toThrow(message);
    expect(() => detectAnomaly(() => broken(made, [])(a, b))).toThrow(message);
  });

  it.each([
    [undefined, "'bad' must return one function per input, got undefined for 2"],
    [[give(one)], "'bad' must return one function per input, got 1 for 2"],
    [[one, one], "'bad' must return one function per input, got a Tensor among them"],
    [[give(one), give(2)], "a function of 'bad' must return a Tensor, got the number 2"],
  ])('whose backward returns something else (%#)', (made, message) => {
    const walk = () => broken(undefined, made)(a, b).backward();
    expect(walk).toThrow(`backward: ${message}`);
    expect(() => detectAnomaly(walk)).toThrow(`backward: ${message}`);
    expect([a.grad, b.grad]).toEqual([null, null]);
  });
});

describe('rules', () => {
  it('are called only for inputs that need a gradient', () => {
    const called: string[] = [];
    const watched = defineOp<readonly [a: Tensor, b: Tensor]>({
      name: 'watched',
      forward: ([a, b]) => a.mul(b),
      backward: (grad, { inputs: [a, b] }) => [
        () => {
          called.push('a');
          return grad.mul(b);
        },
        () => {
          called.push('b');
          return grad.mul(a);
        },
      ],
      samples: [{ shapes: [[1], [1]] }],
    });
    watched(variable(tensor([2], double)), tensor([3], double))
      .sum()
      .backward();
    expect(called).toEqual(['a']);
  });

  it('of a fixed number of operands refuse a list, variadic ones anything else', () => {
    const x = variable(tensor([1], double));
    const [two, many] = [add, concat] as unknown as ((operands: unknown) => Variable)[];
    expect(() => two!([x, x])).toThrow(
      'add: each operand must be a Variable, a Tensor or a number, got an array',
    );
    expect(() => many!(x)).toThrow('concat: takes a list of operands, as in concat([a, b]), got a Variable');
  });

  it('of variadic ops take a list', () => {
    const [a, b] = [variable(tensor([1], double)), variable(tensor([2, 3], double))];
    concat([a, b, a])
      .mul(tensor([1, 2, 3, 4], double))
      .sum()
      .backward();
    expect([a.grad!.toArray(), b.grad!.toArray()]).toEqual([[5], [2, 3]]);
  });
});

describe('what forward saves', () => {
  it('is its own, though other ops run inside it and throw', () => {
    const failing = defineOp<readonly [x: Tensor], void, readonly [mine: Tensor]>({
      name: 'failing',
      forward: ([x], _, save) => {
        save(x.mul(100));
        throw new Error('inner');
      },
      backward: (grad) => [() => grad],
      samples: [{ shapes: [[1]] }],
    });
    const outer = defineOp<readonly [x: Tensor], void, readonly [slope: Tensor]>({
      name: 'outer',
      forward: ([x], _, save) => {
        save(x.mul(2));
        expect(() => failing(x)).toThrow('inner');
        return variable(x).square().value;
      },
      backward: (grad, { saved: [slope] }) => [() => grad.mul(slope)],
      samples: [{ shapes: [[1]] }],
    });
    const x = variable(tensor([3], double));
    const y = outer(x);
    expect(y.node!.saved.map((tensor) => tensor.toArray())).toEqual([[6]]);
    y.sum().backward();
    expect(x.grad!.toArray()).toEqual([6]);
    expect(x.square().node!.saved).toEqual([]);
  });
});
