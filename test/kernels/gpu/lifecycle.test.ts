import { afterAll, beforeAll, describe, expect, it, vi } from 'vitest';
import { type GpuDevice, type GpuKernel, openDevice } from '../../../kernels/gpu/gpu.js';
import { KernelCache } from '../../../kernels/gpu/kernel-cache.js';
import { blockLayout } from '../../../kernels/gpu/layout.js';
import { type NormKernels, openNormKernels } from '../../../kernels/gpu/norm.js';
import { DEVICES, filled, naiveNorm, naiveNorms, POWERS, relativeError, seeded } from './cases.js';

describe.each(DEVICES)('kernels on %s', (device) => {
  let kernels: NormKernels;
  beforeAll(async () => {
    kernels = await openNormKernels(device);
  });
  afterAll(() => kernels.dispose());

  it('gives the same bits each time, and compiles nothing after the first, in 300 calls', async () => {
    const random = seeded(1);
    const { block, layout } = filled([30, 900, 4000], () => random() - 0.5);
    const scaledBlock = block.map((value) => value * 1e30);
    const call = async (): Promise<number[][]> => {
      const answers: number[][] = [];
      for (const p of POWERS) answers.push([...(await kernels.norms(block, layout, p))]);
      answers.push([...(await kernels.norms(scaledBlock, layout, 2))]);
      return answers;
    };
    const first = await call();
    const compiled = kernels.compiled;
    for (let k = 0; k < 300; k++) {
      if (k % 30 === 0) expect(await call()).toEqual(first);
      else expect([...(await kernels.norms(block, layout, 2))]).toEqual(first[POWERS.indexOf(2)]);
    }
    expect(kernels.compiled).toBe(compiled);
  });

  it('takes a missing tensor as zeros, without compiling again', async () => {
    const { block, layout } = filled([40, 1500, 7], (t) => t + 1);
    const whole = await kernels.norms(block, layout, 2);
    const compiled = kernels.compiled;
    block.fill(0, layout.tensors[1].offset, layout.tensors[1].offset + 1500);
    expect([...(await kernels.norms(block, layout, 2))]).toEqual([whole[0], 0, whole[2]]);
    expect(kernels.compiled).toBe(compiled);
  });

  it('ignores gaps and tensors that are not listed, and reads a block that goes on behind the last tensor', async () => {
    const layout = blockLayout([
      { offset: 1040, length: 1500 },
      { offset: 8, length: 5 },
    ]);
    const memory = new Float32Array(6000).fill(Number.NaN);
    const block = memory.subarray(16);
    block
      .fill(0, 1040, 1040 + 1504)
      .fill(2, 1040, 2540)
      .fill(0, 8, 16)
      .fill(3, 8, 13);
    const [long, short] = await kernels.norms(block, layout, 2);
    expect(long).toBeCloseTo(2 * Math.sqrt(1500), 4);
    expect(short).toBeCloseTo(3 * Math.sqrt(5), 6);
  });

  it('answers concurrent calls separately', async () => {
    const random = seeded(3);
    const cases = [1, 1e30, 1e-30, 1e-3].map((scale) => filled([100, 2000], () => scale * random()));
    const shared = cases.map(({ block }) => ({ block, layout: cases[0].layout }));
    const jobs = [...cases, ...shared].flatMap((testCase) => POWERS.map((p) => ({ testCase, p })));
    const answers = await Promise.all(
      jobs.map(({ testCase, p }) => kernels.norms(testCase.block, testCase.layout, p)),
    );
    answers.forEach((got, k) => {
      const want = naiveNorms(jobs[k].testCase, jobs[k].p);
      want.forEach((norm, t) => {
        expect(relativeError(got[t], norm), `job ${k}`).toBeLessThanOrEqual(1e-6);
      });
    });
  });

  it('keeps the kernels of 32 layouts, the most recently used', async () => {
    const own = await openNormKernels(device);
    const block = new Float32Array(40).fill(1);
    const layouts = Array.from({ length: 33 }, (_, k) => blockLayout([{ offset: 0, length: k + 8 }]));
    for (const layout of layouts) await own.norms(block, layout, 1);
    expect(own.compiled).toBe(33);
    await own.norms(block, layouts[32], 1);
    // Another optimizer's block, laid out alike.
    expect([...(await own.norms(block, blockLayout([{ offset: 0, length: 40 }]), 1))]).toEqual([40]);
    expect(own.compiled).toBe(33);
    expect([...(await own.norms(block, layouts[0], 1))]).toEqual([8]);
    expect(own.compiled).toBe(34);
    own.dispose();
  });
});

describe('openNormKernels', () => {
  it('takes WebAssembly first in Node, and proves it', async () => {
    const kernels = await openNormKernels();
    expect(kernels.device).toBe('webasm');
    kernels.dispose();
    kernels.dispose();
  });

  it('loads gpu.js again where that failed', async () => {
    vi.resetModules();
    vi.doMock('gpu.js', () => {
      throw new Error('no network');
    });
    const fresh = await import('../../../kernels/gpu/gpu.js');
    const probe = async () => undefined;
    await expect(fresh.openDevice('cpu', probe)).rejects.toThrow('device cpu not usable here');
    vi.doUnmock('gpu.js');
    vi.resetModules();
    expect((await fresh.openDevice('cpu', probe)).name).toBe('cpu');
  });

  it('says why a device is not usable', async () => {
    await expect(openNormKernels('webgpu')).rejects.toThrow(
      /^openNormKernels: device webgpu not usable here \(webgpu: .*\)/,
    );
  });

  it('goes on to the next device when one fails its probe or throws, and lists all when none is left', async () => {
    const probed: string[] = [];
    const second = await openDevice(undefined, async ({ name }) => {
      probed.push(name);
      if (name === 'webasm') throw new Error('blocked');
      return undefined;
    });
    expect([probed, second.name]).toEqual([['webasm', 'cpu'], 'cpu']);
    await expect(openDevice(undefined, async () => 'wrong sum')).rejects.toThrow(
      '(webasm: wrong sum; cpu: wrong sum)',
    );
  });

  it('refuses bad arguments before anything runs, and any call after dispose', async () => {
    const kernels = await openNormKernels();
    const { block, layout } = filled([8, 8], () => 1);
    for (const p of [0, -1, Number.NaN, 2.5, 5]) {
      await expect(kernels.norms(block, layout, p)).rejects.toThrow(
        `norms: p must be one of 0.5, 1, 1.5, 2, 3, 4, Infinity, got ${p}; compute other norms on the host`,
      );
    }
    await expect(kernels.norms(block.subarray(0, 15), layout, 2)).rejects.toThrow(
      'got 15 elements for a layout that ends at 16',
    );
    expect(kernels.launches).toBe(0);
    kernels.dispose();
    await expect(kernels.norms(block, layout, 2)).rejects.toThrow('norms: these kernels were disposed');
  });
});

describe('a device whose kernels return Promises and reuse their memory', () => {
  /** Answers a little later, always in the same array, as gpu.js 3 may. */
  const device: GpuDevice = {
    name: 'webasm',
    close: () => Promise.resolve(),
    compile: ({ constants: { seg }, rows }) => {
      const answer = Array.from({ length: rows }, () => new Float32Array(1));
      const run = async (x: Float32Array): Promise<Float32Array[]> => {
        answer.forEach((row, s) => {
          row[0] = naiveNorm(x.subarray(8 * seg[2 * s], 8 * seg[2 * s + 1]), 2) ** 2;
        });
        await Promise.resolve();
        return answer;
      };
      return Object.assign(run, {
        kernel: { constructor: { mode: 'webasm' } },
        destroy() {},
      }) as unknown as GpuKernel;
    },
  };

  it('is given one launch at a time, and goes on after one that failed', async () => {
    const cache = new KernelCache(device);
    const { block, layout } = filled([2000, 8], () => 1);
    const blocks = [1, 2, 3, 4].map((scale) => block.map((value) => value * scale));
    const first = ([sum]: Float64Array): number => sum;
    const failing = cache.run(undefined as unknown as Float32Array, layout, 2, first).catch(() => 'failed');
    const sums = await Promise.all(blocks.map((each) => cache.run(each, layout, 2, first)));
    expect(sums).toEqual([1024, 4096, 9216, 16384]);
    expect(await failing).toBe('failed');
  });
});
