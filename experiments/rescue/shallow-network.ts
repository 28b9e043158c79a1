import type { Training } from '../../demos/demo.js';
import { clipByGlobalNorm, type TrainResult } from '../../src/index.js';
import { above, atLeast, exactly, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { type Batch, spiral, trainTask } from '../training-tasks.js';
import { clipsOf, lateLoss, smoothed } from './losses.js';

const STEPS = 300;
const LR = 0.3;
const LOOSE = 5;
const TIGHT = 0.5;
const LATE = 50;
/** Inputs this many times too large: curvature in the first layer's weights grows with the square. */
const LARGE = 10;

type Points = Batch<Int32Array>;

/** The spiral with its inputs multiplied. */
function scaled(seed: number, factor: number): Training<Points> {
  const task = spiral(seed);
  function* batches() {
    for (const { x, y } of task.batches) yield { x: x.mul(factor), y };
  }
  return { ...task, batches: batches() };
}

function trained(seed: number, factor: number, threshold = Number.POSITIVE_INFINITY): Promise<TrainResult> {
  const hooks = [clipByGlobalNorm(threshold)];
  return trainTask(scaled(seed, factor), { lr: LR, steps: STEPS, hooks });
}

/** Where there is nothing to rescue. */
export const shallowNetwork: Experiment = {
  number: 26,
  name: 'shallow-network',
  group: 'rescue',
  claim: 'Well-conditioned shallow networks… train stably without',
  source: 'handbook',
  setUp: `Two spiral arms told apart by a tanh network with two hidden layers, ${STEPS} steps at rate ${LR}: without clipping, at norm ${LOOSE}, and at ${TIGHT}, which does act. The same with inputs ${LARGE} times as large, which condition the problem badly.`,
  criterion: `Mean loss of the last ${LATE} steps unclipped over clipped: 1 ± 0.05 at ${LOOSE}, 1 ± 0.1 at ${TIGHT}, where at least 5 steps are clipped; and above 3 with the large inputs (twenty pilot seeds: 1, 0.97 to 0.99, and 14 to 110).`,
  verdict: 'holds',
  explanation:
    'Three layers multiply a gradient three times, and with inputs of size 1 and the usual initial weights none of the three factors is large. A threshold of 5 is never reached, and even one of 0.5, which cuts a dozen steps or two, ends at the same loss. It is the conditioning that does it and not the depth alone: the same shallow network on inputs that nobody scaled jumps about for good without clipping, and learns with it. Scaling the inputs is the cheaper cure.',
  run: async (seed) => {
    const plain = await trained(seed, 1);
    const loose = await trained(seed, 1, LOOSE);
    const tight = await trained(seed, 1, TIGHT);
    const rough = await trained(seed, LARGE);
    const tamed = await trained(seed, LARGE, TIGHT);
    const ratio = (a: TrainResult, b: TrainResult) => lateLoss(a, LATE) / lateLoss(b, LATE);
    const curve = (label: string, result: TrainResult, style: number) => {
      return { label, ...smoothed(result, 10), style };
    };
    return {
      checks: [
        near(`late loss unclipped over clipped at ${LOOSE}`, ratio(plain, loose), 1, 0.05),
        near(`the same at ${TIGHT}`, ratio(plain, tight), 1, 0.1),
        atLeast(`steps clipped at ${TIGHT}`, clipsOf(tight), 5),
        above(`the same ratio, inputs ${LARGE} times as large`, ratio(rough, tamed), 3),
        exactly('non-finite numbers met', [plain, loose, tight].filter((run) => run.divergence).length, 0),
      ],
      figure: {
        kind: 'panels',
        title: 'Well and badly conditioned',
        caption: 'Loss of one network, means of 10 steps.',
        x: { label: 'step', whole: true },
        y: { label: 'loss', scale: 'log', unit: 'nats' },
        panels: [
          {
            title: 'inputs of size 1',
            series: [curve('unclipped', plain, 0), curve(`clipped at ${TIGHT}`, tight, 1)],
          },
          {
            title: `inputs ${LARGE} times as large`,
            series: [curve('unclipped', rough, 0), curve(`clipped at ${TIGHT}`, tamed, 1)],
          },
        ],
      },
    };
  },
};
