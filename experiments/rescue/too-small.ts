import type { DemoConfig } from '../../demos/demo.js';
import { firstGradients, STEPS as LENGTH, startLatch } from '../../demos/latch/model.js';
import { clipByGlobalNorm, type GradientHook } from '../../src/index.js';
import { above, below, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { trainTask } from '../training-tasks.js';
import { clipsOf, lateLoss } from './losses.js';

const RHO = 0.5;
const STEPS = 100;
const LR = 0.1;
const THRESHOLD = 5;

function configOf(seed: number): DemoConfig {
  const own = { rho: RHO, activation: 'tanh' };
  return { seed, steps: STEPS, lr: LR, optimizer: 'sgd', backend: 'simd', clips: [], own };
}

/** The training and all parameters after it. */
async function trained(seed: number, hooks: readonly GradientHook[]) {
  const task = startLatch(configOf(seed));
  const result = await trainTask(task, { lr: LR, steps: STEPS, hooks });
  return { result, values: task.model.parameters().flatMap(({ value }) => [...value.data()]) };
}

/** Clipping shortens; it lengthens nothing. */
export const tooSmall: Experiment = {
  number: 25,
  name: 'too-small',
  group: 'rescue',
  claim: 'If your gradients are too small, clipping does nothing',
  source: 'handbook',
  setUp: `A tanh RNN whose recurrent matrix starts orthogonal times ${RHO} is to remember a sign through ${LENGTH - 1} steps of noise: ${STEPS} steps at rate ${LR}, with clipping at norm ${THRESHOLD} and without.`,
  criterion:
    'No step is clipped and not one bit of one parameter differs; the gradient at the first time step is below 10⁻¹² of that at the last, and the loss stays above 0.9, that of always saying 0 being 1.',
  verdict: 'holds',
  explanation: `Fifty multiplications by one half leave nothing of the gradient that would have to reach the first input, the only one that counts. Clipping compares with a threshold and shortens what is longer; what is too short it does not touch. So both runs are the same to the last bit, and both learn nothing. Vanishing gradients want other means: another initialization, gates, shortcuts, normalization. The total norm is no warning either: it exceeds 1 in some early steps, for the output layer’s gradient does not pass through time.`,
  run: async (seed) => {
    const plain = await trained(seed, []);
    const clipped = await trained(seed, [clipByGlobalNorm(THRESHOLD)]);
    const { hidden } = firstGradients(startLatch(configOf(seed), RHO));
    const t = hidden.map((_, i) => i);
    const last = hidden[LENGTH - 1];
    return {
      checks: [
        exactly('steps clipped', clipsOf(clipped.result), 0),
        exactly(
          'parameters that differ',
          plain.values.filter((value, i) => !Object.is(value, clipped.values[i])).length,
          0,
        ),
        below('gradient at the first time step over the last', hidden[0] / last, 1e-12),
        above('loss at the end', lateLoss(clipped.result, 20), 0.9),
      ],
      figure: {
        kind: 'lines',
        title: 'A gradient that does not arrive',
        caption: `Norm of the gradient at each time step before any update; the dashed line is the spectral norm ${RHO} to the power of the steps walked.`,
        x: { label: 'time step', symbol: 't', whole: true },
        y: { label: 'gradient norm', scale: 'log' },
        series: [
          { label: 'measured', x: t, y: hidden },
          {
            label: `last norm · ${RHO} to the steps walked`,
            x: t,
            y: t.map((i) => last * RHO ** (LENGTH - 1 - i)),
            reference: true,
          },
        ],
        levels: [{ label: `threshold ${THRESHOLD}`, y: THRESHOLD }],
      },
    };
  },
};
