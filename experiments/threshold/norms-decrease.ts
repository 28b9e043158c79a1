import type { Training } from '../../demos/demo.js';
import { clipByGlobalNorm } from '../../src/index.js';
import { above, below, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { regression, spiral, temporalOrder, trainTask } from '../training-tasks.js';
import { mean } from './numbers.js';

const STEPS = 400;
/** Steps whose mean norm is one point of the chart. */
const PART = 10;
/** What is compared: the first steps with a stretch in which the network learns, or with the last hundred. */
const EARLY = [0, 20] as const;
const LEARNING = [100, 200] as const;
const LAST = [300, 400] as const;
const STARTS = Array.from({ length: STEPS / PART }, (_, i) => i * PART);

/** Gradient norms and losses of a training, clipped at 1: in the course of time, and late over early. */
async function courseOf(task: Training, lr: number, late: readonly [number, number]) {
  const { records } = await trainTask(task, { lr, steps: STEPS, hooks: [clipByGlobalNorm(1)] });
  const meanOf = (of: 'normBefore' | 'loss', [from, to]: readonly [number, number]): number =>
    mean(records.slice(from, to).map((record) => record[of]));
  return {
    norms: STARTS.map((step) => meanOf('normBefore', [step, step + PART])),
    norm: meanOf('normBefore', late) / meanOf('normBefore', EARLY),
    loss: meanOf('loss', late) / meanOf('loss', EARLY),
  };
}

/** Gradients need not shrink where a network learns. */
export const normsDecrease: Experiment = {
  number: 33,
  name: 'norms-decrease',
  group: 'threshold',
  claim: '[norms] typically decrease and stabilize',
  source: 'handbook',
  setUp: `Three trainings of ${STEPS} steps, clipped at 1: a tanh RNN on the order of two symbols, a network on two spirals, and a line through noisy points, from where it has settled.`,
  criterion:
    'Mean norm over that of steps 0–19: over 1.5 in steps 100–199 on the temporal order, while the loss falls; in steps 300–399 under 0.5 on the spirals and 1 ± 0.4 on the line (pilot on seeds 1–20 and 501–520: at least 1.96; at most 0.13; 0.77–1.19).',
  verdict: 'does not hold as written',
  explanation:
    'Norms fall where a loss can be brought to zero and nothing is left to correct, as on the spirals. They do not where the data are noisy: the line through noisy points keeps a gradient of the noise for ever. And they grow where a recurrent network learns to carry something through time, since what carries the signal forward carries the gradient back: on the temporal order the norm grows several times over while the loss falls. In the published log of Pascanu, Mikolov and Bengio’s code the mean norm grows from 0.27 to 776 on the way to the solution. Once everything is learned, the norm falls on the temporal order, too. A threshold chosen in the first steps is one for those steps.',
  run: async (seed) => {
    const order = await courseOf(temporalOrder(seed, { gain: 0.8 }), 0.1, LEARNING);
    const arms = await courseOf(spiral(seed, { units: 16 }), 0.3, LAST);
    const settled = regression(seed);
    await trainTask(settled, { lr: 0.05, steps: 100 });
    const line = await courseOf(settled, 0.05, LAST);
    return {
      checks: [
        above('late norm over early: temporal order', order.norm, 1.5),
        below('late loss over early there', order.loss, 0.95),
        below('late norm over early: spirals', arms.norm, 0.5),
        near('late norm over early: line', line.norm, 1, 0.4),
      ],
      figure: {
        kind: 'lines',
        title: 'Three trainings that learn, three courses of the norm',
        caption: `Gradient norm before clipping, mean over ${PART} steps.`,
        x: { label: 'step', whole: true },
        y: { label: 'gradient norm', scale: 'log' },
        series: [
          { label: 'temporal order, RNN', x: STARTS, y: order.norms },
          { label: 'spirals, MLP', x: STARTS, y: arms.norms },
          { label: 'line with noise', x: STARTS, y: line.norms },
        ],
      },
    };
  },
};
