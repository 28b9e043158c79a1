import { clipByGlobalNorm, summarize } from '../../src/index.js';
import { atMost, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { temporalOrder, trainTask } from '../training-tasks.js';
import { mean } from './numbers.js';

const STEPS = 150;
const RATES = [0.2, 0.4, 0.8, 1.6, 3.2];
/** Thresholds tried, from above: from 16 down to 1/64, two for each halving. */
const THRESHOLDS = Array.from({ length: 21 }, (_, i) => 2 ** (4 - i / 2));
/** Final losses below this count as survived; who only guesses has ln 4 = 1.386. */
const SURVIVED = 1.1;

/** The largest threshold under which a rate still learns; NaN where none does. */
async function largestSurviving(lr: number, seed: number): Promise<number> {
  for (const threshold of THRESHOLDS) {
    const task = temporalOrder(seed, { units: 16, batch: 10 });
    const hooks = [clipByGlobalNorm(threshold, { nonFinite: 'propagate' })];
    const { finalLoss } = summarize('', await trainTask(task, { lr, steps: STEPS, hooks }));
    if (finalLoss < SURVIVED) return threshold;
  }
  return Number.NaN;
}

/** Slope of the line of least squares. */
function slopeOf(x: readonly number[], y: readonly number[]): number {
  const [middle, height] = [mean(x), mean(y)];
  const covariance = x.reduce((sum, each, i) => sum + (each - middle) * (y[i] - height), 0);
  return covariance / x.reduce((sum, each) => sum + (each - middle) ** 2, 0);
}

/** Rate times threshold is the longest step. */
export const rateAndThreshold: Experiment = {
  number: 34,
  name: 'rate-and-threshold',
  group: 'threshold',
  claim: 'Higher learning rates generally require lower clipping thresholds',
  source: 'handbook',
  setUp: `A tanh RNN of 16 units learns in which order two symbols came, ${STEPS} steps at each of five rates from 0.2 to 3.2; for each rate the largest of 21 thresholds from 16 to 1/64 is sought with which it still learns.`,
  criterion:
    'The logarithm of the largest threshold falls over that of the rate with a slope of −1 ± 0.3, and no rate survives the largest threshold tried (pilot on seeds 1–20: −0.9 to −1.15).',
  verdict: 'holds',
  explanation:
    'A clipped step of plain gradient descent is as long as the rate times the threshold. Whether a training survives its worst step depends on that product alone, so twice the rate wants half the threshold: on logarithmic axes a line of slope −1. The rule ends at low rates, where even the longest gradient makes a step that does no harm and no threshold is needed, and with optimizers such as Adam, which divide the length of the gradient out again.',
  run: async (seed) => {
    const largest: number[] = [];
    for (const lr of RATES) largest.push(await largestSurviving(lr, seed));
    const slope = slopeOf(RATES.map(Math.log2), largest.map(Math.log2));
    const product = 2 ** mean(RATES.map((lr, i) => Math.log2(lr * largest[i])));
    return {
      checks: [
        near('log-log slope', slope, -1, 0.3),
        atMost('largest threshold that any rate survives', Math.max(...largest), THRESHOLDS[1]),
      ],
      figure: {
        kind: 'lines',
        title: 'The largest threshold that still learns',
        caption: 'For each learning rate; the dashed line is a constant product of rate and threshold.',
        x: { label: 'learning rate', scale: 'log' },
        y: { label: 'largest threshold', scale: 'log' },
        series: [
          { label: 'measured', x: RATES, y: largest },
          {
            label: `${product.toPrecision(2)} / rate`,
            x: RATES,
            y: RATES.map((lr) => product / lr),
            reference: true,
          },
        ],
      },
    };
  },
};
