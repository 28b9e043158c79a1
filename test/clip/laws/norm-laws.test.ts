/** What the clippers that scale promise besides: each part keeps its direction and comes down to the threshold. */

import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { norm2 } from '../support.js';
import { anyShapes, type Place, places, Rig, type Shapes, sizes, sizesOf } from './rig.js';
import { type NormPromise, samples } from './samples.js';

const scaling = Object.entries(samples).flatMap(([name, { norm }]) => (norm ? [[name, norm] as const] : []));

/** Shapes and the numbers of one step: their ratios lie within float32's range at any scale. */
const given = anyShapes.chain((shapes) => {
  const number = fc.integer({ min: -1000, max: 1000 }).map((x) => x / 1000);
  const arrays = sizesOf(shapes).map((size) => fc.array(number, { minLength: size, maxLength: size }));
  return fc.record({ shapes: fc.constant(shapes), arrays: fc.tuple(...arrays) });
});

const rigOf = ({ at }: NormPromise, threshold: number, place: Place, of?: Shapes): Rig =>
  new Rig({ make: () => at(threshold), hasPolicy: true, wrong: [] }, place, 'throw', of);

describe.each(scaling)('%s', (_, promise) => {
  describe.each(places)('$dtype on $backend', (place) => {
    const rounding = place.dtype === 'float32' ? 2e-6 : 1e-13;

    it('brings each part down to its bound and keeps its direction, or changes no bit', async () => {
      await fc.assert(
        fc.asyncProperty(
          given,
          fc.integer({ min: -30, max: 30 }),
          fc.double({ min: 1e-3, max: 10, noNaN: true }),
          async ({ shapes, arrays }, exponent, ratio) => {
            const scale = 10 ** exponent;
            const rig = rigOf(promise, ratio * scale, place, shapes);
            const parts = (each: (number[] | null)[]) => promise.parts(each as number[][], shapes);
            const weights = parts(rig.parameters.map(({ value }) => [...value.data()]));
            rig.give(arrays.map((array) => array.map((x) => x * scale)));
            const before = parts(rig.grads());
            await rig.optimizer.step();
            for (const [i, after] of parts(rig.grads()).entries()) {
              const norm = norm2(before[i]);
              const bound = promise.bound(ratio * scale, before[i], weights[i]);
              if (norm < bound * (1 - rounding)) expect(after).toEqual(before[i]);
              if (norm <= bound * (1 + rounding)) continue;
              expect(Math.abs(norm2(after) / bound - 1)).toBeLessThan(rounding);
              const want = before[i].map((x) => (x / norm) * bound);
              const worst = Math.max(...after.map((x, j) => Math.abs(x - want[j])));
              expect(worst / bound).toBeLessThan(rounding);
            }
          },
        ),
        { numRuns: 25, seed: 6 },
      );
    });

    it('changes nothing more the second time, but for rounding', async () => {
      await fc.assert(
        fc.asyncProperty(given, fc.integer({ min: -30, max: 30 }), async ({ shapes, arrays }, exponent) => {
          const rig = rigOf(promise, 0.1 * 10 ** exponent, place, shapes);
          const parts = (each: (number[] | null)[]) => promise.parts(each as number[][], shapes);
          // The parameters stay where they are: a bound may depend on them.
          for (const group of rig.optimizer.groups) group.options = { lr: 0 };
          await rig.step(arrays.map((array) => array.map((x) => x * 10 ** exponent)));
          const once = parts(rig.grads());
          await rig.optimizer.step();
          for (const [i, twice] of parts(rig.grads()).entries()) {
            const worst = Math.max(...twice.map((x, j) => Math.abs(x - once[i][j])));
            expect(worst).toBeLessThanOrEqual(rounding * norm2(once[i]));
          }
        }),
        { numRuns: 10, seed: 7 },
      );
    });

    it('with a threshold of 0 leaves zeros, with ∞ every bit', async () => {
      const arrays = sizes.map((size) => Array.from({ length: size }, (_, i) => i - 2.5));
      for (const [threshold, want] of [
        [0, arrays.map((array) => array.map(() => 0))],
        [Infinity, arrays],
      ] as const) {
        const rig = rigOf(promise, threshold, place);
        const { clipped } = await rig.step(arrays);
        expect(rig.grads().map((grad) => grad!.map(Math.abs))).toEqual(
          want.map((grad) => grad.map(Math.abs)),
        );
        expect(clipped).toBe(threshold === 0);
      }
    });
  });
});
