/** Numbers at the edges of what floats hold: far from 0, next to 0, close together, and NaN. */

import { describe, expect, it } from 'vitest';
import { applyOp } from '../../../src/autograd/op.js';
import {
  bceWithLogits,
  LayerNorm,
  noGrad,
  norm,
  type Tensor,
  tensor,
  variable,
  variance,
} from '../../../src/index.js';
import { longLived } from '../../../src/tensor/scope.js';
import { drawInputs, table } from '../samples.js';

const backends = ['reference', 'simd'];

/** What norm and its gradient give for [x, y]. */
function normOf(values: readonly number[], backend: string): { value: number; gradient: number[] } {
  const x = variable(tensor(values, { backend, dtype: 'float32' }));
  const length = norm(x);
  length.backward();
  return { value: length.item(), gradient: [...x.grad!.data()] };
}

describe.each(backends)('norm on %s', (backend) => {
  it.each([1e20, 3e38, 1e-23, 2 ** -126, 1e-45, 1, 1e-10, 2 ** 127])(
    'of [%d, 0] is it, with gradient 1',
    (size) => {
      const x = Math.fround(size);
      expect(normOf([x, 0], backend)).toEqual({ value: x, gradient: [1, 0] });
      expect(normOf([0, -x], backend)).toEqual({ value: x, gradient: [0, -1] });
    },
  );

  it.each([1e37, 1e-30, 1e-38])('of [3, 4] · %d is 5 times that, with gradient 0.6 and 0.8', (size) => {
    const { value, gradient } = normOf([3 * size, 4 * size], backend);
    expect(value / (5 * size)).toBeCloseTo(1, 6);
    expect(gradient[0]).toBeCloseTo(0.6, 6);
    expect(gradient[1]).toBeCloseTo(0.8, 6);
  });

  it('is taken along an axis, each row on its own scale', () => {
    const x = variable(
      tensor(
        [
          [3e30, 4e30],
          [3e-30, 4e-30],
          [0, 0],
        ],
        { backend },
      ),
    );
    const rows = x.norm({ axis: 1, keepDims: true });
    expect(rows.shape).toEqual([3, 1]);
    const [large, small, zero] = rows.value.data();
    expect([large / 5e30, small / 5e-30]).toEqual([expect.closeTo(1, 6), expect.closeTo(1, 6)]);
    expect(zero).toBe(0);
    rows.sum().backward();
    expect([...x.grad!.data()].map((each) => Math.round(each * 1e6) / 1e6)).toEqual([
      0.6, 0.8, 0.6, 0.8, 0, 0,
    ]);
  });

  it('of nothing is 0; of what is not finite, not finite', () => {
    expect(tensor([], { backend }).norm().item()).toBe(0);
    expect(normOf([Infinity, 1], backend)).toEqual({ value: Infinity, gradient: [NaN, 0] });
    expect(normOf([NaN, 1], backend)).toEqual({ value: NaN, gradient: [NaN, NaN] });
  });
});

const close = [1e7, 1e7 + 1, 1e7 + 2, 1e7 + 3];
const deviations = [-1.5, -0.5, 0.5, 1.5];

describe.each(backends)('numbers close together, on %s', (backend) => {
  it('variance and its gradient are those of the deviations', () => {
    const x = variable(tensor(close, { backend }));
    const spread = variance(x);
    expect(spread.item()).toBe(1.25);
    spread.backward();
    expect([...x.grad!.data()]).toEqual(deviations.map((each) => each / 2));
  });

  it('LayerNorm and its gradients are those of the deviations', () => {
    const run = (values: readonly number[]) => {
      const layer = new LayerNorm(4, { backend });
      const x = variable(tensor([[...values], [...values]], { backend }));
      const y = layer.forward(x);
      y.square()
        .mul(tensor([1, 2, 3, 4], { backend }))
        .sum()
        .backward();
      return [y.value, x.grad!, layer.weight.grad!].map((each) => [...each.data()]);
    };
    const [far, near] = [run(close), run(deviations)];
    expect(far[0].slice(0, 4)).toEqual([-1.342, -0.447, 0.447, 1.342].map((each) => expect.closeTo(each, 3)));
    far.forEach((numbers, k) => {
      numbers.forEach((got, i) => {
        expect(got).toBeCloseTo(near[k][i], 5);
      });
    });
  });
});

describe.each(backends)('binary cross-entropy of an infinite logit, on %s', (backend) => {
  it.each([
    [Infinity, 1],
    [Infinity, 0],
    [-Infinity, 1],
    [-Infinity, 0],
  ])('%d against %d is not finite, and neither is its gradient', (logit, target) => {
    const x = variable(tensor([logit], { backend }));
    const loss = bceWithLogits(x, tensor([target], { backend }));
    loss.backward();
    expect([Number.isFinite(loss.item()), x.grad!.toArray()]).toEqual([false, [Number.NaN]]);
  });
});

describe('noGrad and longLived', () => {
  it.each([
    ['noGrad', noGrad],
    ['longLived', longLived],
  ] as const)('%s refuses an async function: it would go on after its first await', async (name, run) => {
    expect(() => run(async () => undefined)).toThrow(`${name}: takes a synchronous function`);
  });
});

describe('a NaN among the inputs of an op', () => {
  const cases = table.flatMap(({ name, rule }) =>
    rule.samples.map((sample, k) => [`${name}, sample ${k}`, rule, sample, k] as const),
  );

  /** Weighted sum of all outputs, so that what flows back is finite. */
  const isNaNAnywhere = ({ value }: { readonly value: Tensor }) => value.data().some(Number.isNaN);

  it.each(cases)('%s: shows in the output and gets a gradient', (_, rule, sample, k) => {
    for (const backend of backends) {
      for (const [i, { size }] of drawInputs(sample, k, 'float32', backend).entries()) {
        if (sample.masks?.includes(i) || size === 0) continue;
        const leaves = drawInputs(sample, k, 'float32', backend).map((input, j) => {
          const { data, offset } = input.view();
          if (j === i) data[offset] = Number.NaN;
          return variable(input);
        });
        const outputs = applyOp(rule, leaves, sample.params);
        if (!outputs.some(isNaNAnywhere)) continue; // it was not looked at, as by a slice
        outputs
          .map((output) => output.sum())
          .reduce((total, part) => total.add(part))
          .backward();
        expect(leaves[i].grad!.data()[0], `input ${i} on ${backend}`).not.toBe(0);
      }
    }
  });
});
