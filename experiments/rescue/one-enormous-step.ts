import type { Training } from '../../demos/demo.js';
import {
  clipByGlobalNorm,
  type GradientHook,
  Linear,
  Module,
  mseLoss,
  orthogonal,
  Random,
  RNN,
  type RNNNonlinearity,
  type Tensor,
  type TrainResult,
  tensor,
} from '../../src/index.js';
import { atLeast, atMost, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { type Batch, regression, trainTask } from '../training-tasks.js';
import { lateLoss, smoothed } from './losses.js';

const STEPS = 1000;
const SPIKE_AT = 500;
const SPIKE = 1000;
const THRESHOLD = 5;
const LR = 0.05;
const LENGTH = 5;
const BATCH = 16;
const UNITS = 16;
const NOISE = 0.3;
const LATE = 100;

/** Multiplies the gradients of one step, as a broken batch would. */
const spike: GradientHook = {
  name: 'spike',
  apply(gradients, { step }) {
    const scale = step === SPIKE_AT ? SPIKE : 1;
    gradients.scale(scale);
    return { scale };
  },
};

class Recaller extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor(random: Random, nonlinearity: RNNNonlinearity) {
    super();
    this.rnn = new RNN(1, UNITS, { random, nonlinearity });
    this.rnn.weightHh.assign(orthogonal([UNITS, UNITS], random));
    this.head = new Linear(UNITS, 1, { random });
  }

  forward(x: Tensor) {
    return this.head.forward(this.rnn.forward(x).last);
  }
}

/** Says the first of a few random numbers, which it is told with noise: the loss cannot fall below the noise. */
function recall(seed: number, nonlinearity: RNNNonlinearity): Training<Batch> {
  const random = new Random(seed);
  const model = new Recaller(random, nonlinearity);
  const draw = (): Batch => {
    const x = Array.from({ length: LENGTH * BATCH }, () => random.normal());
    const y = x.slice(0, BATCH).map((first) => first + random.normal(0, NOISE));
    return { x: tensor(x, { shape: [LENGTH, BATCH, 1] }), y: tensor(y, { shape: [BATCH, 1] }) };
  };
  function* batches() {
    for (;;) yield draw();
  }
  return { model, batches: batches(), loss: ({ x, y }) => mseLoss(model.forward(x), y) };
}

function trained(task: Training<Batch>, ...hooks: readonly GradientHook[]): Promise<TrainResult> {
  return trainTask(task, { lr: LR, steps: STEPS, hooks });
}

/** One bad gradient, and whether there is a way back. */
export const oneEnormousStep: Experiment = {
  number: 21,
  name: 'one-enormous-step',
  group: 'rescue',
  claim: 'one enormous step… never recovers',
  source: 'circuit breaker',
  setUp: `A tanh RNN of ${UNITS} units that is to say the first of ${LENGTH} numbers, ${STEPS} steps at rate ${LR}; the gradient of step ${SPIKE_AT} is multiplied by ${SPIKE}, with and without clipping at ${THRESHOLD} behind. The same spike in a ReLU RNN and in a linear regression.`,
  criterion: `Mean loss of the last ${LATE} steps over that of a run without the spike: at least 2 unclipped, 1 ± 0.1 clipped (twenty pilot seeds: 4.5 to 12.5, and 0.999 to 1.001); 1 ± 0.001 unclipped in the regression, while the ReLU RNN’s numbers stop being finite within 5 steps.`,
  verdict: 'holds under conditions',
  condition:
    'the network must have somewhere to get stuck. Saturated tanh units pass no gradient and stay as they are; the loss of a linear regression is convex, and from anywhere it comes back.',
  explanation:
    'The spike throws the weights far out. A tanh unit with huge weights is always at −1 or 1, where its slope is nothing: no gradient tells it the way back, and 500 further steps do not help. A ReLU network does not saturate, it overflows two or three steps later. In a convex problem there is no such trap: the loss jumps to thousands, every gradient points home, and in the end nothing can be seen of it. One clip, at one step of a thousand, makes the spike a step like any other.',
  run: async (seed) => {
    const clip = clipByGlobalNorm(THRESHOLD);
    const control = await trained(recall(seed, 'tanh'));
    const spiked = await trained(recall(seed, 'tanh'), spike);
    const clipped = await trained(recall(seed, 'tanh'), spike, clip);
    const relu = await trained(recall(seed, 'relu'), spike);
    const line = await trained(regression(seed));
    const spikedLine = await trained(regression(seed), spike);
    const ratio = (a: TrainResult, b: TrainResult) => lateLoss(a, LATE) / lateLoss(b, LATE);
    return {
      checks: [
        atLeast('late loss after the spike over without', ratio(spiked, control), 2),
        near('the same, clipped', ratio(clipped, control), 1, 0.1),
        near('the same in linear regression, unclipped', ratio(spikedLine, line), 1, 1e-3),
        atMost('steps until the ReLU RNN is not finite', (relu.divergence?.step ?? Infinity) - SPIKE_AT, 5),
      ],
      figure: {
        kind: 'lines',
        title: `A gradient ${SPIKE} times too large at step ${SPIKE_AT}`,
        caption: 'Loss of the tanh RNN, means of 20 steps. The noise leaves 0.09 to the best of networks.',
        x: { label: 'step', whole: true },
        y: { label: 'loss', scale: 'log' },
        series: [
          { label: 'no spike', ...smoothed(control, 20) },
          { label: 'spike', ...smoothed(spiked, 20) },
          { label: `spike, clipped at ${THRESHOLD}`, ...smoothed(clipped, 20) },
        ],
        levels: [{ label: 'always saying 0', y: 1 + NOISE ** 2 }],
      },
    };
  },
};
