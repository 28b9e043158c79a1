import { clipByValue, Random } from '../../src/index.js';
import { above, atMost } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { cosine, stepWith, type Vector } from './clipped.js';

const SAMPLES = 60_000;
/** Elements lie up to this many decades above the limit: the worst ones have one giant among dwarfs. */
const DECADES = 4;
const SEARCHED = [
  { dimensions: 2, worst: 0.7074 },
  { dimensions: 3, worst: 0.5778 },
  { dimensions: 10, worst: 0.3417 },
];

/** The smallest cosine between a gradient and what value clipping leaves of it, as the search goes on. */
async function search(random: Random, n: number): Promise<readonly number[]> {
  const all = Array.from({ length: SAMPLES * n }, () => 10 ** random.uniform(0, DECADES));
  const { gradients } = await stepWith([clipByValue(1)], [all]);
  let least = 1;
  return Array.from({ length: SAMPLES }, (_, i) => {
    const part = (from: Vector): Vector => from.slice(i * n, (i + 1) * n);
    least = Math.min(least, cosine(part(all), part(gradients[0])));
    return least;
  });
}

/** Value clipping bends a gradient, but never across. */
export const valueClipDownhill: Experiment = {
  number: 13,
  name: 'value-clip-downhill',
  group: 'mechanism',
  claim: 'somewhere the loss never asked for',
  source: 'circuit breaker',
  setUp: `${SAMPLES} random gradients in 2, 3 and 10 dimensions, with elements up to ${DECADES} decades above the limit, clipped by value; the search keeps the one that is turned most.`,
  criterion:
    'The worst cosine found is at most 0.7074, 0.5778 and 0.3417, so the search found bad ones, and above 1/√n, so none is worse than that: every clipped gradient still points downhill.',
  verdict: 'does not hold as written',
  explanation:
    'Value clipping keeps the sign of every element, so each contributes a positive amount to the product of the gradient with its clipped self: the angle between them stays below 90°, and a small step along the clipped gradient still lowers the loss. The worst case is one giant element among dwarfs, which clipping makes all alike; the cosine then comes close to 1/√n and never below. In a million dimensions that is a thousandth: downhill still, but hardly the way the loss asked for.',
  run: async (seed) => {
    const random = new Random(seed);
    const found: (readonly number[])[] = [];
    for (const { dimensions } of SEARCHED) found.push(await search(random, dimensions));
    const marks = Array.from({ length: 60 }, (_, k) => Math.round(SAMPLES ** ((k + 1) / 60)));
    const last = found.map((least) => least[SAMPLES - 1]);
    return {
      checks: [
        ...SEARCHED.map(({ dimensions, worst }, k) =>
          atMost(`worst cosine in ${dimensions} dimensions`, last[k], worst),
        ),
        ...SEARCHED.map(({ dimensions }, k) =>
          above(`the same against 1/√${dimensions}`, last[k] * Math.sqrt(dimensions), 1),
        ),
      ],
      figure: {
        kind: 'lines',
        title: 'The search for the gradient that value clipping turns most',
        caption: 'Smallest cosine found so far between a gradient and its clipped self; 0 would be sideways.',
        x: { label: 'gradients tried', scale: 'log' },
        y: { label: 'cosine', scale: 'linear' },
        series: SEARCHED.map(({ dimensions }, k) => ({
          label: `${dimensions} dimensions`,
          x: marks,
          y: marks.map((i) => found[k][i - 1]),
        })),
        levels: SEARCHED.map(({ dimensions }) => ({
          label: `1/√${dimensions}`,
          y: 1 / Math.sqrt(dimensions),
        })),
      },
    };
  },
};
