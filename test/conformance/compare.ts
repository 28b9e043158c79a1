/** What the parts of the suite share: seeded properties, random shapes, and comparison in float32 units. */

import fc from 'fast-check';
import { expect } from 'vitest';
import { Random, type Shape, type Tensor } from '../../src/index.js';
import { type Draw, drawFrom } from './layouts.js';

const SEED = 20_260_102;
/** A unit in the last place of a float32 in [1, 2). */
export const UNIT = 2 ** -23;
const SMALLEST = 2 ** -126;

/** Fails unless every number is within `units` of the wanted one, measured at the scale given (default itself). */
export function expectClose(
  got: Tensor,
  want: Tensor,
  units: number,
  scale: Tensor | number = 0,
  label = '',
): void {
  expect(got.shape, label).toEqual(want.shape);
  const [have, need] = [got.data(), want.data()];
  const scales = typeof scale === 'number' ? null : scale.data();
  for (let i = 0; i < need.length; i++) {
    const wanted = Math.fround(need[i]);
    if (Object.is(have[i], wanted) || have[i] === wanted) continue;
    const size = Math.max(Math.abs(wanted), scales ? scales[i] : (scale as number), SMALLEST);
    const near = Math.abs(have[i] - wanted) <= units * UNIT * size;
    expect(near, `${label} element ${i} of [${want.shape}]: got ${have[i]}, wanted ${wanted}`).toBe(true);
  }
}

/** Runs one property with a fixed seed. */
export function forAll(
  runs: number,
  body: (draw: Draw, next: (low: number, high: number) => () => number) => void,
): void {
  const property = fc.property(fc.gen(), fc.integer({ min: 0, max: 2 ** 30 }), (value, seed) => {
    const random = new Random(seed);
    // Halves and quarters among the numbers, so that comparisons meet ties.
    const next = (low: number, high: number) => () => {
      const x = random.uniform(low, high);
      const coarse = Math.ceil(x * 4) / 4;
      return random.uniform() < 0.2 && coarse >= low && coarse <= high ? coarse : x;
    };
    body(drawFrom(value, fc.integer), next);
  });
  fc.assert(property, { seed: SEED, numRuns: runs, endOnFailure: true });
}

/** A shape of up to four axes, some of them empty. */
export function randomShape(draw: Draw): Shape {
  const rank = draw(0, 4);
  const longest = [0, 70, 12, 6, 4][rank];
  return Array.from({ length: rank }, () => draw(draw(0, 5) === 0 ? 0 : 1, longest));
}
