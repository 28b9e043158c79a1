import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { type NormKernels, openNormKernels } from '../../../kernels/gpu/norm.js';
import { DEVICES, filled, naiveNorms, POWERS, relativeError, seeded } from './cases.js';

describe.each(DEVICES)('non-finite values on %s', (device) => {
  let kernels: NormKernels;
  beforeAll(async () => {
    kernels = await openNormKernels(device);
  });
  afterAll(() => kernels.dispose());

  // Beside 1e-3 the sums are finite but for the value; beside 1e30 they overflow, which must not hide it.
  it.each([1e-3, 1e30])('finds NaN and ±Infinity at every place among values of %d', async (beside) => {
    const random = seeded(2);
    const { block, layout } = filled([5, 2600, 9], () => beside * (0.5 + random()));
    const finite = new Map(POWERS.map((p) => [p, naiveNorms({ block, layout }, p)]));
    const { offset, length } = layout.tensors[1];
    const places = [
      0,
      length >> 1,
      length - 1,
      1023,
      1024,
      ...Array.from({ length: 12 }, () => Math.floor(random() * length)),
    ];
    for (const place of places) {
      for (const value of [Number.NaN, Infinity, -Infinity]) {
        const kept = block[offset + place];
        block[offset + place] = value;
        for (const p of POWERS) {
          const got = await kernels.norms(block, layout, p);
          const label = `${value} at ${place}, p ${p}`;
          expect(got[1], label).toBe(Math.abs(value));
          if (p > 4 && p < Infinity) continue;
          for (const t of [0, 2])
            expect(relativeError(got[t], finite.get(p)![t]), label).toBeLessThanOrEqual(1e-6);
        }
        block[offset + place] = kept;
      }
    }
  });

  it('says NaN when a tensor has both a NaN and an infinity, in either order', async () => {
    for (const [first, last] of [
      [Number.NaN, Infinity],
      [-Infinity, Number.NaN],
    ]) {
      const { block, layout } = filled([3000, 20], (t, i) =>
        t === 1 ? 1 : i === 7 ? first : i === 2990 ? last : 0.1,
      );
      for (const p of POWERS) expect((await kernels.norms(block, layout, p))[0], `p ${p}`).toBeNaN();
    }
  });

  it('finds them in a tensor of one element', async () => {
    const { block, layout } = filled([1, 1, 1], (t) => [Number.NaN, -Infinity, 0][t]);
    for (const p of POWERS)
      expect([...(await kernels.norms(block, layout, p))]).toEqual([Number.NaN, Infinity, 0]);
  });
});
