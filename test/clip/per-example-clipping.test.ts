import { describe, expect, it } from 'vitest';
import {
  type NestedArray,
  Parameter,
  PerExampleClipping,
  type PerExampleOptions,
  Random,
  SGD,
  tensor,
  type Variable,
} from '../../src/index.js';
import { Linear, mseLoss } from '../../src/nn/index.js';
import { loadGolden, worstError } from '../golden/load.js';
import { norm2 } from './support.js';

interface ExamplesCase {
  readonly name: string;
  /** Per parameter, per example. */
  readonly inputs: { readonly per_example_grads: number[][][] };
  readonly expected: {
    readonly norms: number[];
    readonly optax: { readonly sum: number[][]; readonly num_clipped: number };
    readonly opacus_eps: { readonly sum: number[][] };
  };
}

const double = { dtype: 'float64', backend: 'reference' } as const;
const golden = loadGolden<ExamplesCase[]>('clip').find(({ name }) => name === 'per_example_clip_sum')!;
const given = golden.inputs.per_example_grads;

/** Parameters of two and one elements, and losses whose gradients are those of the examples. */
function setup(options: Partial<PerExampleOptions> = {}) {
  const parameters = given.map((examples, p) => new Parameter(tensor(examples[0], double).mul(0), 'ab'[p]));
  const loss = (example: number): Variable =>
    parameters
      .map((parameter, p) => parameter.mul(tensor(given[p][example], double)).sum())
      .reduce((sum, term) => sum.add(term));
  const clipping = new PerExampleClipping(parameters, { maxNorm: 1, ...options });
  const addAll = async () => {
    const reports = [];
    for (const example of [0, 1, 2, 3]) reports.push(await clipping.add(() => loss(example)));
    return reports;
  };
  const grads = (): number[] => parameters.flatMap(({ grad }) => [...grad!.data()]);
  return { parameters, clipping, loss, addAll, grads };
}

describe('PerExampleClipping', () => {
  it.each([
    ['Optax', 0, golden.expected.optax.sum],
    ['Opacus', 1e-6, golden.expected.opacus_eps.sum],
  ])('sums as %s does, with its count', async (_, eps, sum) => {
    const { clipping, addAll, grads } = setup({ eps, expectedBatch: 1 });
    const reports = await addAll();
    expect(
      worstError(
        reports.map(({ norm }) => norm),
        golden.expected.norms,
      ),
    ).toBeLessThan(1e-12);
    expect(clipping.finish()).toEqual({ examples: 4, clipped: golden.expected.optax.num_clipped, noise: 0 });
    expect(worstError(grads(), sum.flat())).toBeLessThan(1e-9);
  });

  it('divides by the number of examples, or by the batch that was expected, and starts anew', async () => {
    for (const [expectedBatch, divisor] of [
      [undefined, 4],
      [10, 10],
    ] as const) {
      const { clipping, addAll, grads, parameters } = setup({ expectedBatch });
      for (let batch = 0; batch < 2; batch++) {
        await addAll();
        expect(parameters.every(({ grad }) => grad === null)).toBe(true);
        clipping.finish();
        const want = golden.expected.optax.sum.flat().map((x) => x / divisor);
        expect(worstError(grads(), want)).toBeLessThan(1e-12);
        for (const parameter of parameters) parameter.grad = null;
      }
    }
  });

  it('without clipping and noise gives the gradient of the mean loss, through layers and into a step', async () => {
    const layer = new Linear(3, 2, { random: new Random(1) });
    const twin = new Linear(3, 2, { random: new Random(1) });
    const random = new Random(2);
    const numbers = (rows: number, columns: number): NestedArray =>
      Array.from({ length: rows }, () => Array.from({ length: columns }, () => random.normal()));
    const [xs, ys] = [tensor(numbers(5, 3)), tensor(numbers(5, 2))];
    const [optimizer, other] = [layer, twin].map((each) => new SGD(each.parameters(), { lr: 0.1 }));
    const clipping = new PerExampleClipping(optimizer.parameters, { maxNorm: Number.POSITIVE_INFINITY });
    for (let i = 0; i < 5; i++) {
      const range = [[i, i + 1]] as const;
      await clipping.add(() => mseLoss(layer.forward(xs.slice(range)), ys.slice(range)));
    }
    clipping.finish();
    mseLoss(twin.forward(xs), ys).backward();
    const [{ normBefore }, report] = [await optimizer.step(), await other.step()];
    expect(normBefore).toBeCloseTo(report.normBefore, 5);
    for (const [i, { value }] of optimizer.parameters.entries()) {
      expect(worstError(value.data(), [...other.parameters[i].value.data()])).toBeLessThan(1e-6);
    }
  });

  it('adds noise of the stated deviation to every element, reached by an example or not', async () => {
    const size = 20_000;
    const [used, unused] = [0, 0].map(() => new Parameter(tensor(new Float64Array(size), double)));
    const noise = { multiplier: 1.5, random: new Random(7) };
    const clipping = new PerExampleClipping([used, unused], { maxNorm: 4, noise, expectedBatch: 8 });
    const { scale } = await clipping.add(() => used.mul(3).sum());
    const report = clipping.finish();
    expect(report).toEqual({ examples: 1, clipped: 1, noise: (1.5 * 4) / 8 });
    for (const [parameter, mean] of [
      [used, (3 * scale) / 8],
      [unused, 0],
    ] as const) {
      const numbers = [...parameter.grad!.data()];
      const average = numbers.reduce((sum, x) => sum + x / size, 0);
      const deviation = norm2(numbers.map((x) => x - average)) / Math.sqrt(size);
      // Five standard errors, of the mean and of the deviation.
      expect(Math.abs(average - mean)).toBeLessThan((5 * report.noise) / Math.sqrt(size));
      expect(Math.abs(deviation / report.noise - 1)).toBeLessThan(5 / Math.sqrt(2 * size));
    }
  });

  it('noise goes on from a saved state, bit for bit; a batch drawn empty is noise alone', () => {
    const make = (seed: number) =>
      setup({ expectedBatch: 4, noise: { multiplier: 1, random: new Random(seed) } });
    const [a, b] = [make(1), make(2)];
    a.clipping.finish();
    b.clipping.restore(JSON.parse(JSON.stringify(a.clipping.state())));
    const before = a.grads();
    for (const { clipping } of [a, b]) clipping.finish();
    expect(a.grads()).toEqual(b.grads());
    expect(a.grads()).not.toEqual(before);
  });

  it('names what is not finite and leaves the sum as it was', async () => {
    const { clipping, loss, addAll, grads } = setup({ expectedBatch: 1 });
    await addAll();
    await expect(clipping.add(() => loss(1).mul(Number.NaN))).rejects.toThrow(
      'PerExampleClipping.add: gradient of a, b is not finite; fix its cause, or leave the example out',
    );
    await expect(clipping.add(() => loss(1).mul(3.5e307))).rejects.toThrow('their norm is beyond float64');
    expect(clipping.finish().examples).toBe(4);
    expect(worstError(grads(), golden.expected.optax.sum.flat())).toBeLessThan(1e-9);
  });

  it('refuses to be used out of order', async () => {
    const { clipping, loss, parameters } = setup({ noise: { multiplier: 1, random: new Random(1) } });
    expect(() => clipping.finish()).toThrow('no example was added; call add() first, or give expectedBatch');
    const first = clipping.add(() => loss(0));
    const idle = 'the add before has not finished; await it';
    expect(() => clipping.finish()).toThrow(`PerExampleClipping.finish: ${idle}`);
    await expect(clipping.add(() => loss(1))).rejects.toThrow(`PerExampleClipping.add: ${idle}`);
    await first;
    expect(() => clipping.state()).toThrow('a batch is under way; finish() it first');
    expect(clipping.finish().examples).toBe(1);
    await expect(clipping.add(() => loss(1))).rejects.toThrow(
      'a has a gradient already; call zeroGrad() first',
    );
    parameters[0].grad = null;
    await expect(clipping.add(() => loss(1))).rejects.toThrow('b has a gradient already');
    parameters[1].grad = null;
    await expect(clipping.add(() => 3 as unknown as Variable)).rejects.toThrow('loss must return a Variable');
    expect(() => clipping.restore({})).toThrow('PerExampleClipping: random of a saved state');
  });

  it('refuses settings that are none', () => {
    const random = new Random(1);
    const wrong: readonly (readonly [Partial<PerExampleOptions>, string])[] = [
      [{ maxNorm: -1 }, 'maxNorm must be a number ≥ 0'],
      [{ eps: -1 }, 'eps must be a finite number ≥ 0, got -1'],
      [{ expectedBatch: 0 }, 'expectedBatch must be a finite number > 0, got 0'],
      [
        { noise: { multiplier: -1, random } },
        'noise needs a finite multiplier ≥ 0 and a finite maxNorm, got -1 and 1',
      ],
      [{ maxNorm: Number.POSITIVE_INFINITY, noise: { multiplier: 1, random } }, 'got 1 and Infinity'],
    ];
    for (const [options, message] of wrong) expect(() => setup(options)).toThrow(message);
  });
});
