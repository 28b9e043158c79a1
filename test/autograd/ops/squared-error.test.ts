import { describe, expect, it } from 'vitest';
import { squaredError } from '../../../src/autograd/ops/internal.js';
import { mean, Random, square, sub, uniform, variable } from '../../../src/index.js';

describe.each(['reference', 'simd'])('squaredError on %s', (backend) => {
  it('equals the composition it stands for, in value and both gradients', () => {
    const draw = (seed: number) => variable(uniform([7, 5], new Random(seed), -2, 2, { backend }));
    const [a, b, c, d] = [1, 2, 1, 2].map(draw);
    const [one, composed] = [squaredError(a, b, { weight: 1 / 35 }), mean(square(sub(c, d)))];
    expect(one.item()).toBeCloseTo(composed.item(), 6);
    one.mul(3).backward();
    composed.mul(3).backward();
    for (const [ours, theirs] of [
      [a, c],
      [b, d],
    ]) {
      const want = theirs.grad!.data();
      for (const [i, value] of ours.grad!.data().entries()) expect(value).toBeCloseTo(want[i], 6);
    }
  });
});
