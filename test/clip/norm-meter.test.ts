import { expect, it, vi } from 'vitest';
import { NormMeter } from '../../src/extend.js';
import { parameterWith } from './support.js';

const opening = vi.hoisted(() => ({ fails: true, count: 0 }));
vi.mock('../../kernels/gpu/norm.js', async (original) => {
  const real = await original<typeof import('../../kernels/gpu/norm.js')>();
  return {
    ...real,
    openNormKernels: async (options: Parameters<typeof real.openNormKernels>[0]) => {
      opening.count++;
      if (opening.fails) throw new Error('not now');
      return real.openNormKernels(options);
    },
  };
});

it('a device that could not be opened is tried again, and an open one is shared', async () => {
  const meters = [1, 2].map((grad) => new NormMeter([parameterWith([grad])], 'cpu'));
  for (const meter of meters) await expect(meter.norms(2)).rejects.toThrow('not now');
  expect(opening.count).toBe(2);
  opening.fails = false;
  expect(await Promise.all(meters.map(async (meter) => (await meter.norms(2))[0]))).toEqual([1, 2]);
  expect(opening.count).toBe(3);
});
