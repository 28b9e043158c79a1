import { clipByGlobalNorm } from '../../src/index.js';
import { above, atLeast, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { ADDING_BASELINE, adding, trainTask } from '../training-tasks.js';
import { clipsOf, freshLoss, smoothed } from './losses.js';

const STEPS = 400;
const LR = 0.01;
const THRESHOLD = 1;
const LONG = 50;
const SHORT = 4;
/** Of 20 sequences each: a mean over 5,000. */
const TEST_BATCHES = 250;

/** A clipped training on sequences of a length, and its loss on others. */
async function trained(seed: number, steps: number) {
  const task = adding(seed, { steps });
  const result = await trainTask(task, { lr: LR, steps: STEPS, hooks: [clipByGlobalNorm(THRESHOLD)] });
  return { result, loss: freshLoss(task, TEST_BATCHES) };
}

/** A finite loss is not a small one. */
export const surviveIsNotLearn: Experiment = {
  number: 23,
  name: 'survive-is-not-learn',
  group: 'rescue',
  claim: 'A circuit breaker, not a cure',
  source: 'circuit breaker',
  setUp: `The ReLU RNN from 1.05·I on the adding task of ${LONG} steps, clipped at norm ${THRESHOLD}, ${STEPS} steps at rate ${LR}; the same on sequences of ${SHORT}. Afterwards the loss on 5,000 new sequences, against that of always saying 1.`,
  criterion: `The clipped run stays finite, at least half of its steps clipped, and its loss is at least 0.85 times the constant’s; with ${SHORT} steps it is below 0.7 times (twenty pilot seeds: 0.94 to 1.64, and 0.42 to 0.56).`,
  verdict: 'holds',
  explanation:
    'Without clipping this network diverges after one step. With clipping its loss falls, which looks like learning. Compared with the right baseline it is not: always answering 1, without looking at the input, has a loss of 1/6, and after 400 steps the network is no better. Nearly every step was clipped, so it walked a hundredth at a time along directions in which fifty multiplications by 1.05 drown out everything else. On sequences of four steps the same network under the same clip does learn. Always draw the line of the constant answer: a loss without it says nothing.',
  run: async (seed) => {
    const long = await trained(seed, LONG);
    const short = await trained(seed, SHORT);
    const { records, divergence } = long.result;
    return {
      checks: [
        atLeast('loss over that of always saying 1', long.loss / ADDING_BASELINE, 0.85),
        below(`the same with ${SHORT} steps`, short.loss / ADDING_BASELINE, 0.7),
        exactly('non-finite numbers met', divergence ? 1 : 0, 0),
        above('share of steps clipped', clipsOf(long.result) / records.length, 0.5),
      ],
      figure: {
        kind: 'lines',
        title: 'Survived, and learned nothing',
        caption: `Loss of the clipped runs, means of 10 steps; the level is the loss of always saying 1.`,
        x: { label: 'step', whole: true },
        y: { label: 'loss', scale: 'log' },
        series: [
          { label: `${LONG} time steps`, ...smoothed(long.result, 10) },
          { label: `${SHORT} time steps`, ...smoothed(short.result, 10) },
        ],
        levels: [{ label: 'always saying 1', y: ADDING_BASELINE }],
      },
    };
  },
};
