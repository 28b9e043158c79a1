/** Norms by the WebAssembly kernels: the same laws as on the gpu.js devices (test/kernels/gpu). */

import { afterEach, describe, expect, it, vi } from 'vitest';
import { packParameters } from '../../src/autograd/parameter.js';
import { NormMeter } from '../../src/extend.js';
import {
  clipByGlobalNorm,
  clipGradNorm,
  type MeterDevice,
  type Parameter,
  SGD,
  totalNorm,
} from '../../src/index.js';
import { filled, naiveNorm, naiveNorms, POWERS, relativeError, seeded } from '../kernels/gpu/cases.js';
import { countLaunches, gradientsOf, gradOf, norm2, parameterWith } from './support.js';

type Value = (t: number, i: number) => number;

/** Parameters in one block on simd whose gradients hold value(t, i), the block's padding, and their norms in float64. */
function packed(lengths: readonly number[], value: Value) {
  const testCase = filled(lengths, value);
  const parameters = testCase.layout.tensors.map(({ offset, length }) =>
    parameterWith(testCase.block.subarray(offset, offset + length), { backend: 'simd' }),
  );
  packParameters(parameters);
  return { parameters, meter: new NormMeter(parameters, 'simd'), ...testCase };
}

/** Where a parameter's gradient lies in the kernels' memory. */
function gradMemory({ place, value }: Parameter): Float32Array {
  return place!.block.grads.subarray(place!.offset, place!.offset + value.size) as Float32Array;
}

afterEach(() => {
  vi.restoreAllMocks();
});

describe('norms on simd', () => {
  const random = seeded(3);
  const spreads: Readonly<Record<string, Value>> = {
    gradients: () => (random() - 0.5) * 1e-3,
    'one magnitude each, 1e-45 … 3e38': (t) => Math.min(10 ** (4 * t - 45) * (1 + random()), 3.4e38),
    'mixed magnitudes': () => 10 ** (83 * random() - 45) * (random() < 0.5 ? -1 : 1),
    'huge beside ordinary': () => (random() < 0.01 ? 1e30 : 1),
    'mostly zero': () => (random() < 0.01 ? random() : 0),
    zero: () => 0,
    constant: () => 1 / 3,
    'largest floats': () => 3.4028234663852886e38,
    'smallest floats': () => 1e-45,
  };

  it.each(Object.entries(spreads))('agree with float64 for %s', async (_, value) => {
    const lengths = [0, 1, 3, 7, 8, 9, 31, 1023, 1024, 1025, 20_000, ...new Array<number>(11).fill(5)];
    const { parameters, meter, block, layout } = packed(lengths, value);
    for (const p of POWERS) {
      const want = naiveNorms({ block, layout }, p);
      const norms = await meter.norms(p);
      norms.forEach((norm, t) => {
        expect(relativeError(norm, want[t]), `p ${p}, tensor ${t}`).toBeLessThanOrEqual(1e-6);
      });
      const total = await gradientsOf(parameters, 'simd').norm(p);
      expect(relativeError(total, naiveNorm(block, p)), `p ${p}, total`).toBeLessThanOrEqual(1e-6);
    }
  });

  it.each([1e-3, 1e30])('find NaN and ±Infinity at every place among values of %d', async (beside) => {
    const { parameters, meter, block, layout } = packed([5, 67, 9], () => beside * (0.5 + random()));
    const memory = gradMemory(parameters[1]);
    for (const p of [2, Number.POSITIVE_INFINITY, 1]) {
      const finite = naiveNorms({ block, layout }, p);
      for (let place = 0; place < 67; place++) {
        for (const value of [Number.NaN, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY]) {
          const kept = memory[place];
          memory[place] = value;
          const norms = await meter.norms(p);
          memory[place] = kept;
          const label = `${value} at ${place}, p ${p}`;
          expect(norms[1], label).toBe(Math.abs(value));
          for (const t of [0, 2]) expect(relativeError(norms[t], finite[t]), label).toBeLessThanOrEqual(1e-6);
        }
      }
    }
  });

  it('say NaN when a tensor has both a NaN and an infinity, in either order', async () => {
    const mixed = [
      [Number.NaN, Number.POSITIVE_INFINITY],
      [Number.NEGATIVE_INFINITY, Number.NaN],
    ];
    const { meter } = packed([30, 30], (t, i) => (i === 7 ? mixed[t][0] : i === 22 ? mixed[t][1] : 0.1));
    for (const p of POWERS) expect([...(await meter.norms(p))]).toEqual([Number.NaN, Number.NaN]);
  });

  it('read nothing beyond a tensor, and count a missing gradient as zero whatever its memory holds', async () => {
    const { parameters, meter } = packed([3, 5, 9], (t) => 10 ** t);
    const { grads } = parameters[0].place!.block;
    grads.fill(Number.NaN, 3, 8);
    grads.fill(Number.NaN, 13, 16);
    parameters[1].grad = null;
    grads.fill(7, 8, 13);
    expect([...(await meter.norms(2))]).toEqual([Math.sqrt(3), 0, 300]);
    expect([...(await meter.norms(Number.POSITIVE_INFINITY))]).toEqual([1, 0, 100]);
  });
});

describe('norm device simd', () => {
  it('launches no gpu.js kernel, and says where it measured', async () => {
    const count = countLaunches();
    const ran = async (parameters: readonly Parameter[], p = 2): Promise<MeterDevice> => {
      const gradients = gradientsOf(parameters, 'simd');
      await gradients.norm(p);
      return gradients.device;
    };
    const { parameters } = packed([3, 3], () => 1);
    const loose = parameterWith([1, 2], { backend: 'simd' });
    const exact = parameterWith([1, 2], { dtype: 'float64' });
    const plain = parameterWith([1, 2]);
    packParameters([plain, exact]);
    expect(await ran(parameters)).toBe('simd');
    expect(await ran(parameters, Number.POSITIVE_INFINITY)).toBe('simd');
    expect(await ran(parameters, 3)).toBe('host');
    for (const other of [loose, exact, plain]) {
      expect(await ran([other])).toBe('host');
      expect(await ran([other, ...parameters])).toBe('simd');
    }
    expect(count.launches()).toBe(0);
  });

  it('is an option of an optimizer, reported; a hook of another p does not change what the report says', async () => {
    const { parameters } = packed([3, 4], (t) => 3 + t);
    const hooks = [clipByGlobalNorm(5), clipByGlobalNorm(1, { p: 3 })];
    const optimizer = new SGD(parameters, { lr: 0.1, hooks, normDevice: 'simd' });
    const report = await optimizer.step();
    expect(report).toMatchObject({ normDevice: 'simd', clipped: true, nonFinite: [] });
    expect(report.normBefore).toBeCloseTo(Math.sqrt(27 + 64), 12);
    expect(report.normAfter).toBeCloseTo(norm2(...parameters.map(gradOf)), 6);
    expect(optimizer.parameters[0].value.data()[0]).toBeLessThan(0);
  });

  it('names what is not finite', async () => {
    const { parameters } = packed([40, 40, 40], (t, i) => (t === 1 && i === 39 ? Number.NaN : 1));
    const optimizer = new SGD(parameters, { lr: 1, hooks: [clipByGlobalNorm(1)], normDevice: 'simd' });
    await expect(optimizer.step()).rejects.toThrow('clipByGlobalNorm: gradient of parameter 1 is not finite');
    expect(await gradientsOf(parameters, 'simd').nonFinite()).toEqual(['parameter 1']);
  });

  it('is an option of clipGradNorm and totalNorm, by call', async () => {
    const { parameters } = packed([3, 4], (t) => 3 + t);
    const want = norm2(...parameters.map(gradOf));
    await totalNorm(parameters); // opens the device, which a launch of its own tries out
    const count = countLaunches();
    expect(await totalNorm(parameters, 2, { normDevice: 'simd' })).toBeCloseTo(want, 12);
    expect(count.launches()).toBe(0);
    expect(await totalNorm(parameters)).toBeCloseTo(want, 5);
    expect(count.launches()).toBe(1);
    expect(await clipGradNorm(parameters, 1, { normDevice: 'simd', eps: 0 })).toBeCloseTo(want, 12);
    expect(count.launches()).toBe(1);
    expect(norm2(...parameters.map(gradOf))).toBeCloseTo(1, 6);
  });

  it('trains as on gpu.js, to what the two measure differently', async () => {
    const run = async (normDevice?: 'simd') => {
      const { parameters } = packed([30, 1100, 1], () => 0);
      const optimizer = new SGD(parameters, {
        lr: 0.1,
        momentum: 0.9,
        hooks: [clipByGlobalNorm(1)],
        normDevice,
      });
      for (let step = 0; step < 10; step++) {
        for (const [t, parameter] of parameters.entries()) {
          gradMemory(parameter).forEach((_, i, memory) => {
            memory[i] = Math.sin(i + step * 3 + t);
          });
        }
        await optimizer.step();
      }
      return parameters.flatMap((parameter) => [...parameter.value.data()]);
    };
    const [simd, gpu] = [await run('simd'), await run()];
    simd.forEach((x, i) => {
      expect(Math.abs(x - gpu[i])).toBeLessThan(1e-6);
    });
  });
});
