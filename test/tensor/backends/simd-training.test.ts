/** Whole trainings in processes of their own, since the backend is configured once in each. */

import { rmSync } from 'node:fs';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { wideVectors } from '../../../kernels/simd/load.js';
import type { SimdOptions } from '../../../src/index.js';
import { programOf } from './threads.js';

let program: Awaited<ReturnType<typeof programOf>>;
const train = (options: SimdOptions) => program.run(JSON.stringify(options));

beforeAll(async () => {
  program = await programOf('training');
});
afterAll(() => rmSync(program.outfile));

describe('20 steps of an MLP and an RNN', () => {
  it('give the same bits on one thread, two and three, and the process ends by itself', async () => {
    const { mlp, rnn, values, ...alone } = await train({});
    expect(alone).toMatchObject({ shared: false, served: 0, rnnEnd: { device: 'webasm' } });
    for (const threads of [2, 3]) {
      const several = await train({ threads });
      expect(several).toMatchObject({ mlp, rnn, values, shared: true });
      // What gpu.js computes it computes in memory of its own, which it fills from ours, shared or not.
      expect(several).toMatchObject({ mlpEnd: { device: 'simd' }, rnnEnd: { device: 'webasm' } });
      expect(several.served).toBeGreaterThan(0);
    }
  });

  it.skipIf(!wideVectors())('give the same bits in 256-bit vectors, on one thread and two', async () => {
    const { mlp, rnn, values } = await train({});
    expect(await train({ vectors: 256 })).toMatchObject({ mlp, rnn, values });
    expect(await train({ vectors: 256, threads: 2 })).toMatchObject({ mlp, rnn, values });
    const fast = await train({ precision: 'fast' });
    const wide = await train({ precision: 'fast', vectors: 256, threads: 2 });
    expect(wide).toMatchObject({ mlp: fast.mlp, rnn: fast.rnn, values: fast.values });
  });

  it('come out close in fast precision, which threads do not change either', async () => {
    const [exact, fast, both] = await Promise.all([
      train({}),
      train({ precision: 'fast' }),
      train({ precision: 'fast', threads: 2 }),
    ]);
    expect(fast.mlp).not.toBe(exact.mlp);
    expect(both).toMatchObject({ mlp: fast.mlp, rnn: fast.rnn, values: fast.values });
    (fast.values as number[]).forEach((value, i) => {
      expect(Math.abs(value - (exact.values as number[])[i])).toBeLessThan(1e-5);
    });
  });
});
