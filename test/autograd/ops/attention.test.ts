/** The ops that attention and its block are made of, against the compositions of public ops that they stand for. */

import { describe, expect, it } from 'vitest';
import { causalSoftmax, layerNorm } from '../../../src/autograd/ops/internal.js';
import {
  fullLike,
  mean,
  Random,
  sub,
  type Tensor,
  tensor,
  uniform,
  type Variable,
  variable,
  where,
  zeros,
} from '../../../src/index.js';

/** Fails unless two computations agree on the same inputs in value and every gradient. */
function expectAlike(
  inputs: readonly Tensor[],
  one: (...inputs: Variable[]) => Variable,
  composed: (...inputs: Variable[]) => Variable,
): void {
  const [got, want] = [one, composed].map((compute) => {
    const variables = inputs.map((each) => variable(each));
    const y = compute(...variables);
    y.backward({ grad: uniform(y.shape, new Random(9), -1, 1, { backend: y.value.backend.name }) });
    return [y.value, ...variables.map(({ grad }) => grad!)];
  });
  for (const [k, value] of got.entries()) {
    expect(value.shape).toEqual(want[k].shape);
    const expected = want[k].data();
    for (const [i, x] of value.data().entries()) expect(Math.abs(x - expected[i])).toBeLessThan(4e-6);
  }
}

describe.each(['reference', 'simd'])('on %s', (backend) => {
  const draw = (shape: readonly number[], seed: number): Tensor =>
    uniform(shape, new Random(seed), -3, 3, { backend });

  it('layerNorm equals deviations over the root of their mean square, scaled and shifted', () => {
    const last = { axis: -1, keepDims: true };
    expectAlike(
      [draw([4, 3, 17], 1), draw([17], 2), draw([17], 3)],
      (x, weight, bias) => layerNorm(x, weight, bias, { eps: 0.01 }),
      (x, weight, bias) => {
        const centred = sub(x, mean(x, last));
        const variance = centred.square().mean(last);
        return centred.mul(variance.add(0.01).rsqrt()).mul(weight).add(bias);
      },
    );
  });

  it('causalSoftmax equals the softmax of what is masked with −∞', () => {
    const x = draw([2, 3, 9, 9], 4);
    const rows = Array.from({ length: 9 }, (_, i) => Array.from({ length: 9 }, (_unused, j) => +(j <= i)));
    const past = tensor(rows, { backend });
    expectAlike([x], causalSoftmax, (scores) => where(past, scores, -Infinity).softmax());
  });

  it('they refuse shapes that do not fit', () => {
    expect(() => causalSoftmax(zeros([2, 3, 4], { backend }))).toThrow(
      'causalSoftmax: needs square matrices […, n, n], got [2, 3, 4]',
    );
    expect(() => causalSoftmax(zeros([3], { backend }))).toThrow('causalSoftmax: needs square matrices');
    expect(() => causalSoftmax(zeros([0, 0], { backend }))).toThrow('causalSoftmax');
    const x = zeros([2, 3], { backend });
    const weight = zeros([2], { backend });
    expect(() => layerNorm(x, weight, weight, { eps: 1 })).toThrow(
      'layerNorm: needs x […, n], weight [n] and bias [n], got [2, 3], [2], [2]',
    );
    expect(layerNorm(zeros([0, 2], { backend }), weight, fullLike(weight, 1), { eps: 1 }).shape).toEqual([
      0, 2,
    ]);
  });
});
