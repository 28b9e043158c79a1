import { clipByGlobalNorm, summarize } from '../../src/index.js';
import { above, atMost, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { temporalOrder, trainTask } from '../training-tasks.js';
import { mean } from './numbers.js';

const MULTIPLES = [0.5, 1, 2, 5, 10];
const LOW = { lr: 0.03, steps: 600 };
const HIGH = { lr: 0.3, steps: 300 };
/** Steps, without clipping, over which the mean norm is taken. */
const MEASURED = 100;
/** Who guesses one of four classes has this loss. */
const CHANCE = Math.log(4);

/** Final losses for each multiple of the mean norm at a rate. */
async function lossesAt({ lr, steps }: typeof LOW, seed: number): Promise<readonly number[]> {
  const start = () => temporalOrder(seed, { gain: 1.4 });
  const { records } = await trainTask(start(), { lr, steps: MEASURED });
  const average = mean(records.map(({ normBefore }) => normBefore));
  const losses: number[] = [];
  for (const multiple of MULTIPLES) {
    const hooks = [clipByGlobalNorm(multiple * average, { nonFinite: 'propagate' })];
    losses.push(summarize('', await trainTask(start(), { lr, steps, hooks })).finalLoss);
  }
  return losses;
}

/** How many ended below half of chance. */
function converged(losses: readonly number[]): number {
  return losses.filter((loss) => loss < CHANCE / 2).length;
}

/** A heuristic twenty-fold wide, and what makes it so. */
export const halfToTenTimes: Experiment = {
  number: 36,
  name: 'half-to-ten-times',
  group: 'threshold',
  claim: 'from half to ten times this average can still yield convergence',
  source: 'Pascanu et al. 2013',
  setUp: `A tanh RNN learns in which order two symbols came, clipped at 0.5, 1, 2, 5 and 10 times the mean gradient norm of ${MEASURED} steps without clipping; at a rate of ${LOW.lr} for ${LOW.steps} steps and at ten times the rate for ${HIGH.steps}.`,
  criterion:
    'At the low rate all five end below half the loss of guessing (ln 4 = 1.386); at the high rate at most three of five do, the one at half the mean among them and the one at ten times the mean not (pilot on seeds 1–20 and 501–520: five; one to three).',
  verdict: 'holds under conditions',
  condition:
    'at a rate at which a step of ten times the usual length does no harm. At ten times that rate only thresholds up to about the mean itself converge.',
  explanation:
    'Pascanu, Mikolov and Bengio found training not very sensitive to the threshold, and so it is at their small rate: within a factor of twenty every threshold works, a low one only somewhat slower. But the threshold times the rate is the longest step. At ten times the rate the same multiples of the mean norm allow steps ten times as long; half the mean still learns, faster than anything at the low rate, while twice the mean and more end at guessing. The mean norm is a good unit to measure thresholds in; how many of them are safe, the rate decides.',
  run: async (seed) => {
    const low = await lossesAt(LOW, seed);
    const high = await lossesAt(HIGH, seed);
    return {
      checks: [
        exactly('thresholds of five that converge, low rate', converged(low), 5),
        atMost('thresholds of five that converge, high rate', converged(high), 3),
        above('loss at ten times the mean there', high[MULTIPLES.length - 1], CHANCE / 2),
        below('loss at half the mean there', high[0], CHANCE / 2),
      ],
      figure: {
        kind: 'lines',
        title: 'How wide the choice is',
        caption: 'Final loss against the threshold in units of the mean gradient norm, at two rates.',
        x: { label: 'threshold over mean norm', scale: 'log' },
        y: { label: 'final loss', unit: 'nats', scale: 'log' },
        series: [
          { label: `rate ${LOW.lr}`, x: MULTIPLES, y: low },
          { label: `rate ${HIGH.lr}`, x: MULTIPLES, y: high },
        ],
        levels: [
          { label: 'guessing', y: CHANCE },
          { label: 'half of that', y: CHANCE / 2 },
        ],
      },
    };
  },
};
