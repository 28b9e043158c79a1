import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { combineNorms } from '../../../kernels/gpu/host.js';
import { type NormKernels, openNormKernels } from '../../../kernels/gpu/norm.js';
import {
  type Case,
  DEVICES,
  filled,
  naiveNorm,
  naiveNorms,
  POWERS,
  type Random,
  relativeError,
  seeded,
} from './cases.js';

const TOLERANCE = 1e-6;

/** Ways to draw the elements of one tensor, from one end of float32 to the other. */
const spreads: Record<string, (random: Random) => (i: number) => number> = {
  gradients: (random) => () => (random() - 0.5) * 1e-3,
  'one magnitude': (random) => magnitude(random, 10 ** (83 * random() - 45), 1),
  'mixed magnitudes': (random) => () => sign(random) * 10 ** (83 * random() - 45),
  'huge beside ordinary': (random) => () => sign(random) * (random() < 0.01 ? 1e30 : 1),
  'a segment of 1, the others of 1e30': () => (i) => (i < 1024 ? 1 : 1e30),
  'mostly zero': (random) => () => (random() < 0.01 ? random() : 0),
  zero: () => () => 0,
  constant: (random) => magnitude(random, [0.1, 1 / 3, 0.7, 1.3][Math.floor(random() * 4)], 0),
  'largest floats': () => () => 3.4028234663852886e38,
  'smallest floats': () => () => 1e-45,
};

function sign(random: Random): number {
  return random() < 0.5 ? -1 : 1;
}

function magnitude(random: Random, scale: number, spread: number): () => number {
  return () => Math.min(scale * (1 + spread * random()), 3.4e38) * sign(random);
}

function randomCase(seed: number): Case {
  const random = seeded(seed);
  const budget = seed % 6 === 0 ? 100_000 : 3000;
  const lengths = Array.from(
    { length: 1 + Math.floor(40 * random()) },
    () => Math.floor(budget ** random()) - 1,
  );
  const names = Object.keys(spreads);
  const draw = lengths.map(() => spreads[names[Math.floor(random() * names.length)]](random));
  return filled(lengths, (t, i) => draw[t](i));
}

async function expectRight(kernels: NormKernels, testCase: Case, p: number, label: string): Promise<void> {
  const got = await kernels.norms(testCase.block, testCase.layout, p);
  const want = naiveNorms(testCase, p);
  const worst = want.map((norm, t) => relativeError(got[t], norm));
  expect(
    Math.max(0, ...worst),
    `${label}, p ${p}, worst tensor ${worst.indexOf(Math.max(...worst))}`,
  ).toBeLessThanOrEqual(TOLERANCE);
  const total = naiveNorm(testCase.block, p);
  expect(relativeError(combineNorms(got, p), total), `${label}, p ${p}, total`).toBeLessThanOrEqual(
    TOLERANCE,
  );
}

describe.each(DEVICES)('norms on %s', (device) => {
  let kernels: NormKernels;
  beforeAll(async () => {
    kernels = await openNormKernels(device);
  });
  afterAll(() => kernels.dispose());

  it('runs on the device that was asked for', () => {
    expect(kernels.device).toBe(device);
  });

  it.each(POWERS)('agrees with float64 on random layouts and magnitudes, p = %d', async (p) => {
    for (let seed = 0; seed < 24; seed++) await expectRight(kernels, randomCase(seed), p, `seed ${seed}`);
  });

  it.each(Object.keys(spreads))('agrees with float64 for %s', async (name) => {
    const draw = spreads[name](seeded(9));
    const testCase = filled([1, 8, 1023, 1024, 1025, 20_000], (_, i) => draw(i));
    for (const p of POWERS) await expectRight(kernels, testCase, p, name);
  });

  it('stays within the bound for constant arrays of many values and lengths', async () => {
    const random = seeded(4);
    const lengths = Array.from({ length: 300 }, (_, t) =>
      t % 3 === 0 ? 1024 : 1 + Math.floor(1024 * random()),
    );
    const values = lengths.map(() => 1 + 3 * random());
    const testCase = filled(lengths, (t) => values[t]);
    for (const p of POWERS) await expectRight(kernels, testCase, p, 'constants');
  });

  it('keeps the norm of a tensor of 1 beside one of 1e30, and of a single element of any magnitude', async () => {
    const exponents = Array.from({ length: 84 }, (_, k) => k - 45);
    const testCase = filled([100, 100, ...exponents.map(() => 1)], (t) =>
      t < 2 ? [1, 1e30][t] : 10 ** exponents[t - 2],
    );
    for (const p of POWERS) await expectRight(kernels, testCase, p, 'beside');
    const [small] = await kernels.norms(testCase.block, testCase.layout, 2);
    expect(small).toBe(10);
  });

  it('gives the largest magnitudes exactly', async () => {
    const testCase = randomCase(3);
    expect([...(await kernels.norms(testCase.block, testCase.layout, Infinity))]).toEqual(
      naiveNorms(testCase, Infinity),
    );
  });

  it('takes one launch for ordinary and for zero tensors, three where float32 overflows or underflows', async () => {
    const launchesFor = async (value: number): Promise<number> => {
      const before = kernels.launches;
      const { block, layout } = filled([64, 2000], (t) => (t === 0 ? value : 1e-3));
      await kernels.norms(block, layout, 2);
      return kernels.launches - before;
    };
    expect(await launchesFor(1e-3)).toBe(1);
    expect(await launchesFor(1e-18)).toBe(1);
    expect(await launchesFor(0)).toBe(1);
    expect(await launchesFor(Number.NaN)).toBe(1);
    expect(await launchesFor(1e25)).toBe(3);
    expect(await launchesFor(1e-30)).toBe(3);
  });

  it('launches nothing for nothing', async () => {
    const { block, layout } = filled([0, 0], () => 1);
    const before = [kernels.launches, kernels.compiled];
    expect([...(await kernels.norms(block, layout, 2))]).toEqual([0, 0]);
    expect([kernels.launches, kernels.compiled]).toEqual(before);
  });
});
