import { clipByGlobalNorm, summarize, type TrainResult } from '../../src/index.js';
import { above, below } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { spiral, type TaskRun, trainTask } from '../training-tasks.js';

const BATCH = 32;
const STEPS = 100;
const LR = 0.1;
/** Of the pair of runs that must be one: a threshold that clips most steps, and a change of units. */
const TIGHT = 0.2;
const UNITS = 10;

interface Run {
  readonly result: TrainResult;
  /** The parameters it ended with. */
  readonly end: readonly number[];
  readonly clipRate: number;
}

/** The spirals in float64, trained and measured. */
async function run(seed: number, { threshold, ...how }: Omit<TaskRun, 'steps'> & { threshold: number }) {
  const task = spiral(seed, { units: 8, batch: BATCH, dtype: 'float64', backend: 'reference' });
  const result = await trainTask(task, { ...how, steps: STEPS, hooks: [clipByGlobalNorm(threshold)] });
  const end = task.model.parameters().flatMap(({ value }) => [...value.data()]);
  return { result, end, clipRate: summarize('', result).clippedFraction } satisfies Run;
}

/** ‖a − b‖ / ‖b‖ of where two runs ended. */
function distance({ end: a }: Run, { end: b }: Run): number {
  return Math.hypot(...a.map((x, i) => x - b[i])) / Math.hypot(...b);
}

/** A threshold has the unit of the loss. */
export const commonDefault: Experiment = {
  number: 35,
  name: 'common-default',
  group: 'threshold',
  claim: '1.0: A common default',
  source: 'handbook',
  setUp: `A network on two spirals, ${STEPS} steps in float64: the loss as the mean over a batch of ${BATCH}, and as its sum at a rate ${BATCH} times lower, both clipped at 1. And the loss times ${UNITS} at a tenth of the rate, clipped at ${TIGHT} and at ${UNITS} times that.`,
  criterion: `At c = 1 the mean is clipped on under 5 % of the steps, the sum on over 90 % (pilot on seeds 1–20: 0 % and 100 %). The loss times ${UNITS} with the threshold times ${UNITS} and a tenth of the rate ends at the same parameters to 1e-9; with the threshold as it was it ends over 1 % away.`,
  verdict: 'holds under conditions',
  condition:
    'for a loss of such a size that typical gradient norms are below 1, as with this mean: there it is the insurance it is meant to be. For the same loss as a sum it clips every step and sets the pace.',
  explanation:
    'A gradient has the unit of the loss. Measuring the loss in another unit, or summing over a batch instead of averaging, multiplies every gradient, and a threshold of 1 then means something else. If you multiply loss and threshold by ten and divide the rate by ten, the training is the same to the last digits; if you leave the threshold, it is a different training. So 1.0 is a good default only for losses and models that resemble those it was found on. Look at the norms first.',
  run: async (seed) => {
    const mean = await run(seed, { lr: LR, threshold: 1 });
    const sum = await run(seed, { lr: LR / BATCH, weight: BATCH, threshold: 1 });
    const tight = await run(seed, { lr: LR, threshold: TIGHT });
    const same = await run(seed, { lr: LR / UNITS, weight: UNITS, threshold: TIGHT * UNITS });
    const other = await run(seed, { lr: LR / UNITS, weight: UNITS, threshold: TIGHT });
    const norms = (label: string, { result: { records } }: Run) => ({
      label,
      x: records.map(({ step }) => step),
      y: records.map(({ normBefore }) => normBefore),
    });
    return {
      checks: [
        above('clip rate of the sum, c = 1', sum.clipRate, 0.9),
        below('clip rate of the mean, c = 1', mean.clipRate, 0.05),
        below('distance: loss, threshold × 10, rate / 10', distance(same, tight), 1e-9),
        above('distance: the threshold left as it was', distance(other, tight), 0.01),
        above('clip rate of this pair of runs', tight.clipRate, 0.3),
      ],
      figure: {
        kind: 'lines',
        title: 'The same training in two units',
        caption: `Gradient norms where the loss is a mean over ${BATCH} examples and where it is their sum.`,
        x: { label: 'step', whole: true },
        y: { label: 'gradient norm', scale: 'log' },
        series: [norms('loss a mean', mean), norms('loss a sum', sum)],
        levels: [{ label: 'c = 1', y: 1 }],
      },
    };
  },
};
