import {
  clipByGlobalNorm,
  type GradientHook,
  Linear,
  mseLoss,
  Random,
  RNN,
  SGD,
  tensor,
  train,
} from '../../src/index.js';
import { atLeast, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';

const STEPS = 200;
const HIGH = 1e9;

/** All parameters after a training of a small recurrent network, and the losses on the way. */
async function trained(seed: number, hooks: readonly GradientHook[]) {
  const random = new Random(seed);
  const rnn = new RNN(1, 8, { random });
  const head = new Linear(8, 1, { random });
  const optimizer = new SGD([...rnn.parameters(), ...head.parameters()], { lr: 0.05, hooks });
  const batches = Array.from({ length: STEPS }, () => {
    const x = Array.from({ length: 12 * 8 }, () => random.normal(0, 1));
    const y = Array.from({ length: 8 }, (_, b) => Math.sign(x[b]));
    return { x: tensor(x, { shape: [12, 8, 1] }), y: tensor(y, { shape: [8, 1] }) };
  });
  const { records } = await train({
    model: rnn,
    batches,
    optimizer,
    loss: (_, { x, y }) => mseLoss(head.forward(rnn.forward(x).last), y),
  });
  const values = optimizer.parameters.flatMap(({ value }) => [...value.data()]);
  return { values, norms: records.map(({ normBefore }) => normBefore) };
}

/** A threshold that is never reached. */
export const identityBelow: Experiment = {
  number: 9,
  name: 'identity-below',
  group: 'mechanism',
  claim: 'below the threshold it is the identity',
  source: 'circuit breaker',
  setUp: `A tanh RNN of 8 units, trained for ${STEPS} steps twice from the same weights on the same data: once with clipping at a norm of a thousand million, once without.`,
  criterion: 'Not one bit of one parameter differs at the end.',
  verdict: 'holds',
  explanation:
    'A clip whose threshold is not reached multiplies nothing: it only measures. So it can stay in the code as insurance. Removing it because it never acts gains nothing. Libraries that multiply by min(1, c/(‖g‖ + ε)) in every step still return the same bits, since the factor is then exactly 1.',
  run: async (seed) => {
    const clipped = await trained(seed, [clipByGlobalNorm(HIGH)]);
    const plain = await trained(seed, []);
    const different = plain.values.filter((value, i) => !Object.is(value, clipped.values[i])).length;
    const steps = plain.norms.map((_, i) => i);
    return {
      checks: [
        exactly('parameters that differ', different, 0),
        atLeast('parameters compared', plain.values.length, 89),
      ],
      figure: {
        kind: 'lines',
        title: 'Gradient norms far below the threshold',
        caption: `Norm at each step, without clipping and with a threshold of 10⁹, far above the frame: the lines are one.`,
        x: { label: 'step', whole: true },
        y: { label: 'gradient norm', scale: 'log' },
        series: [
          { label: 'without clipping', x: steps, y: plain.norms },
          { label: 'clipped at 10⁹', x: steps, y: clipped.norms, reference: true },
        ],
      },
    };
  },
};
