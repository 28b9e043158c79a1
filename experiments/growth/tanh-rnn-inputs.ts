import { normal, orthogonal, Random, RNN, uniform, zeros } from '../../src/index.js';
import { above, atMost, below } from '../checks.js';
import type { Experiment } from '../experiment.js';

const STEPS = 50;
const UNITS = 32;
const BATCH = 8;
const RHO = 1.5;
const QUIET = 0.1;
const LOUD = 5;

/** ‖∂L/∂h_t‖ over the batch for every t; inputs are normal with deviation `scale`. */
function stateGradients(seed: number, scale: number): readonly number[] {
  const random = new Random(seed);
  const exact = { dtype: 'float64', backend: 'reference' } as const;
  const rnn = new RNN(1, UNITS, { random, ...exact });
  rnn.weightHh.assign(orthogonal([UNITS, UNITS], random, { gain: RHO, ...exact }));
  rnn.weightIh.assign(uniform([UNITS, 1], random, -1, 1, exact));
  rnn.bias.assign(zeros([UNITS], exact));
  const direction = normal([BATCH, UNITS], random, 0, 1, exact);
  const states = rnn.forward(normal([STEPS, BATCH, 1], random, 0, scale, exact));
  states.last.mul(direction).sum().backward();
  return Array.from({ length: STEPS }, (_, t) => Math.hypot(...states.stateGrad(t)!.data()));
}

/** What a step back multiplies by in the mean, and at most. */
function growthOf(norms: readonly number[]): { readonly mean: number; readonly most: number } {
  const factors = norms.slice(1).map((norm, t) => norms[t] / norm);
  return { mean: (norms[0] / norms[STEPS - 1]) ** (1 / (STEPS - 1)), most: Math.max(...factors) };
}

/** One matrix that explodes or vanishes with the size of the inputs. */
export const tanhRnnInputs: Experiment = {
  number: 3,
  name: 'tanh-rnn-inputs',
  group: 'growth',
  claim: 'exceeds 1, gradients grow exponentially',
  source: 'handbook',
  setUp: `A tanh RNN of ${UNITS} units whose recurrent matrix is orthogonal times ${RHO}, over ${STEPS} steps, with random inputs of size ${QUIET} and of size ${LOUD}.`,
  criterion: `A step back in time multiplies the gradient by more than 1.05 in the mean where inputs are small, by less than 0.9 where they are large (twenty pilot seeds: 1.09 to 1.14, and 0.58 to 0.76), and never by more than ${RHO}.`,
  verdict: 'holds under conditions',
  condition:
    'the units must not be saturated. A norm above 1 is needed for growth and does not suffice: with small inputs the gradient grows, with large ones the same matrix makes it vanish.',
  explanation: `On its way back a gradient is multiplied at every step by the recurrent matrix and by the slope of each unit. The slope of tanh is 1 at zero and almost 0 where the unit is near ±1. Large inputs drive the units there, and a matrix that stretches by ${RHO} then loses against slopes far below 1. Even with small inputs the growth is about 1.1 a step and not ${RHO}: the units find an activity of their own in which they are partly saturated. Only in a linear network is the norm the whole story.`,
  run: (seed) => {
    const quiet = stateGradients(seed, QUIET);
    const loud = stateGradients(seed, LOUD);
    const [slow, fast] = [growthOf(loud), growthOf(quiet)];
    const t = quiet.map((_, i) => i);
    const relative = (norms: readonly number[]) => norms.map((norm) => norm / norms[STEPS - 1]);
    return {
      checks: [
        above('growth a step back, small inputs', fast.mean, 1.05),
        below('growth a step back, large inputs', slow.mean, 0.9),
        atMost('largest growth in one step', Math.max(fast.most, slow.most), RHO * (1 + 1e-12)),
      ],
      figure: {
        kind: 'lines',
        title: 'One recurrent matrix, two sizes of input',
        caption: `Norm of the gradient at each time step over that at the last; the dashed line is the spectral norm ${RHO} to the power of the steps walked.`,
        x: { label: 'time step', symbol: 't', whole: true },
        y: { label: 'gradient norm over the last', scale: 'log' },
        series: [
          { label: `inputs of size ${QUIET}`, x: t, y: relative(quiet) },
          { label: `inputs of size ${LOUD}`, x: t, y: relative(loud) },
          {
            label: `${RHO} to the steps walked`,
            x: t,
            y: t.map((i) => RHO ** (STEPS - 1 - i)),
            reference: true,
          },
        ],
      },
    };
  },
};
