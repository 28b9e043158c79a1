import { describe, expect, it } from 'vitest';
import {
  add,
  defineOp,
  detectAnomaly,
  log,
  matmul,
  mul,
  noGrad,
  Parameter,
  scope,
  type Tensor,
  tensor,
  type Variable,
  variable,
  where,
} from '../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const leaf = (values: Parameters<typeof tensor>[0]) => variable(tensor(values, double));

/** The error that `fn` throws in anomaly mode. */
function errorOf(fn: () => unknown): Error {
  try {
    detectAnomaly(fn);
  } catch (error) {
    return error as Error;
  }
  throw new Error('nothing was thrown');
}

const RULE = 'detectAnomaly: every number must be finite; ';

describe('the forward that made the first non-finite number is named', () => {
  it('a log of 0, with the element and what went in, before the NaN it leads to', () => {
    const p = leaf([
      [0.5, 1, 0.25],
      [1, 0, 0],
    ]);
    const entropy = () => p.mul(p.log()).sum();
    expect(noGrad(entropy).item()).toBeNaN();
    expect(errorOf(entropy).message).toBe(
      `${RULE}the forward of 'log' made one: its output [2, 3] is -Infinity at [1, 1] (2 of 6 numbers); its inputs were finite, 0: Variable([2, 3], leaf) 0 … 1`,
    );
  });

  it('an overflow of float32, under noGrad and inside a scope too', () => {
    const x = tensor([1, 80, 90]);
    for (const wrap of [noGrad, scope]) {
      expect(errorOf(() => wrap(() => mul(x, 1).exp().sum().value)).message).toMatch(
        /the forward of 'exp' made one: its output \[3\] is Infinity at \[2\] \(1 of 3 numbers\).*Variable\(\[3\], leaf\) 1 … 90$/,
      );
    }
  });

  it('in a chain, the one that made it and none that hands it on', () => {
    const x = leaf([3, 0]);
    expect(errorOf(() => x.square().reciprocal().add(1).tanh()).message).toContain(
      "the forward of 'reciprocal'",
    );
    expect(
      errorOf(() =>
        x
          .sub(1)
          .mul(1e200)
          .mul(1e200)
          .sub(leaf([0, 0])),
      ).message,
    ).toContain("'mul'");
  });
});

describe('what came from outside is not laid at an op’s door', () => {
  it('data and parameters that are not finite are named where they enter', () => {
    const w = new Parameter(tensor([[1], [Number.POSITIVE_INFINITY]], double), 'head.weight');
    const x = tensor([[1, Number.NaN]], double);
    expect(errorOf(() => matmul(tensor([[1, 2]], double), w)).message).toBe(
      `${RULE}'matmul' was given them: input 1, Parameter('head.weight', [2, 1]), is Infinity at [1, 0] (1 of 2 numbers); look where it was made`,
    );
    expect(errorOf(() => matmul(x, leaf([[1], [1]]))).message).toContain(
      "'matmul' was given them: input 0, Variable([1, 2], leaf), is NaN at [0, 1]",
    );
  });

  it('a mask of −∞ passes, as long as nothing but finite numbers comes of it', () => {
    const scores = leaf([
      [1, 2],
      [3, 4],
    ]);
    const mask = tensor([
      [1, 0],
      [1, 1],
    ]).to('float64');
    const [first, second] = detectAnomaly(() => {
      const weights = where(mask, scores, Number.NEGATIVE_INFINITY).mul(2).softmax();
      weights
        .slice([null, [1]])
        .sum()
        .backward();
      return [weights.value.toArray(), scores.grad!.toArray()];
    });
    expect(first).toEqual([
      [1, 0],
      [expect.closeTo(1 / (1 + Math.exp(2))), expect.closeTo(1 / (1 + Math.exp(-2)))],
    ]);
    expect((second as number[][])[0]).toEqual([0, 0]);
    const none = tensor([[0, 0]], double);
    expect(errorOf(() => where(none, leaf([[1, 2]]), Number.NEGATIVE_INFINITY).softmax()).message).toMatch(
      /the forward of '\w+' made one: .* is NaN at \[0, 0\] .*its inputs were not all finite, 0: .* -Infinity … -Infinity$/,
    );
  });
});

describe('the backward that made the first non-finite number is named', () => {
  it('sqrt at 0, with the gradient’s shape, and where its forward was called', () => {
    const x = leaf([4, 0]);
    const distance = () => x.mul(2).sqrt().sum();
    const error = errorOf(() => distance().backward());
    expect(error.message).toBe(
      `${RULE}the backward of 'sqrt' made one: the gradient [2] of its input 0 is Infinity at [1] (1 of 2 numbers); the gradient of its output was finite, 1 … 1; its inputs were finite, 0: Variable([2], mul) 0 … 8`,
    );
    const cause = error.cause as Error;
    expect(cause.message).toBe("'sqrt' was called here");
    expect(cause.stack).toContain('anomaly.test');
    expect(x.grad).toBeNull();
  });

  it('also where the forward ran outside', () => {
    const loss = leaf([0]).sqrt().sum();
    const error = errorOf(() => loss.backward());
    expect(error.message).toContain("the backward of 'sqrt' made one");
    expect(error.cause).toBeUndefined();
  });

  it('of an op from outside the package, with the input whose rule it was', () => {
    const broken = defineOp<readonly [a: Tensor, b: Tensor]>({
      name: 'broken',
      forward: ([a, b]) => a.add(b),
      backward: (grad) => [() => grad, () => grad.div(0)],
      samples: [{ shapes: [[2], [2]] }],
    });
    const [a, b] = [leaf([1, 2]), leaf([3, 4])];
    expect(errorOf(() => broken(a, b).sum().backward()).message).toMatch(
      /the backward of 'broken' made one: the gradient \[2\] of its input 1 is Infinity at \[0\] \(2 of 2/,
    );
    detectAnomaly(() => broken(a, b.detach()).sum().backward());
    expect(a.grad!.toArray()).toEqual([1, 1]);
  });

  it('or the sum of finite parts that overflowed: over uses, and over a broadcast', () => {
    const x = leaf([0.5]);
    expect(errorOf(() => add(x.mul(1e308), x.mul(1e308)).sum().backward()).message).toBe(
      `${RULE}the gradient that reached Variable([1], leaf) is Infinity at [0] (1 of 1 numbers), though no op gave one: its parts are too large to be summed, or { grad } was not finite`,
    );
    const bias = new Parameter(tensor([0], double), 'bias');
    const large = tensor([1e308, 1e308], double);
    expect(errorOf(() => bias.mul(1).backward({ grad: tensor([Number.NaN], double) })).message).toContain(
      'Variable([1], mul) is NaN',
    );
    expect(
      errorOf(() =>
        bias
          .add(tensor([0, 0], double))
          .mul(large)
          .sum()
          .backward(),
      ).message,
    ).toContain("Parameter('bias', [1]) is Infinity");
    expect(bias.grad).toBeNull();
  });
});

describe('the mode', () => {
  it('changes no number, in the values and in the gradients', () => {
    const run = () => {
      const w = new Parameter(
        tensor([
          [0.3, -0.2],
          [0.1, 0.4],
        ]),
      );
      const loss = () => {
        const y: Variable = matmul(tensor([[1, 2]]), w)
          .tanh()
          .softmax();
        const total = y.log().neg().sum();
        total.backward();
        return total.item();
      };
      return { w, loss };
    };
    const [plain, checked] = [run(), run()];
    expect(detectAnomaly(checked.loss)).toBe(plain.loss());
    expect(checked.w.grad!.data()).toEqual(plain.w.grad!.data());
  });

  it('ends with the function, however it ends, and nests', () => {
    expect(detectAnomaly(() => detectAnomaly(() => 7) + 1)).toBe(8);
    expect(errorOf(() => detectAnomaly(() => 0) || log(leaf([0]))).message).toContain("'log'");
    expect(log(leaf([0])).item()).toBe(Number.NEGATIVE_INFINITY);
  });

  it('takes no asynchronous function', async () => {
    expect(() => detectAnomaly(async () => log(leaf([0])))).toThrow(
      'detectAnomaly: takes a synchronous function, got one that returns a Promise; wrap forward and backward alone',
    );
  });
});
