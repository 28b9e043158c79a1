import { orthogonal, Random, RNN, tensor, zeros } from '../../src/index.js';
import { near } from '../checks.js';
import type { Experiment } from '../experiment.js';

const STEPS = 100;
const UNITS = 16;
const GAIN = 1.1;

/** A hundred factors of 1.1. */
export const hundredSteps: Experiment = {
  number: 1,
  name: 'hundred-steps',
  group: 'growth',
  claim: 'gradient grows nearly 14,000 times',
  source: 'handbook',
  setUp: `A linear RNN of ${UNITS} units whose recurrent matrix is orthogonal times ${GAIN}, unrolled over ${STEPS} steps.`,
  criterion:
    'The gradient norm at the first state over that at the last is 1.1¹⁰⁰ = 13,780.6, to one part in a million.',
  verdict: 'holds',
  explanation:
    'Backpropagation multiplies the gradient by the transposed recurrent matrix once for every time step. An orthogonal matrix turns a vector and keeps its length, so orthogonal times 1.1 lengthens every gradient by exactly 1.1, whatever its direction: after a hundred steps by 1.1 multiplied with itself a hundred times. On a logarithmic axis that is a straight line.',
  run: (seed) => {
    const random = new Random(seed);
    const exact = { dtype: 'float64', backend: 'reference' } as const;
    const rnn = new RNN(1, UNITS, { random, nonlinearity: 'identity', ...exact });
    rnn.weightHh.assign(orthogonal([UNITS, UNITS], random, { gain: GAIN, ...exact }));
    const start = tensor(
      Array.from({ length: UNITS }, () => random.normal(0, 1)),
      { shape: [1, UNITS], ...exact },
    );
    const states = rnn.forward(zeros([STEPS + 1, 1, 1], exact), start);
    states.last.mul(states.last).sum().backward();
    const norms = Array.from({ length: STEPS + 1 }, (_, t) => Math.hypot(...states.stateGrad(t)!.data()));
    const last = norms[STEPS];
    const law = norms.map((_, t) => last * GAIN ** (STEPS - t));
    return {
      checks: [near('‖g₀‖ / ‖g₁₀₀‖', norms[0] / last, GAIN ** STEPS, GAIN ** STEPS * 1e-6)],
      figure: {
        kind: 'lines',
        title: 'The gradient on its way back through a hundred steps',
        caption:
          'Norm of the gradient at each time step; the dashed line is the spectral norm to the power of the steps walked.',
        x: { label: 'time step', symbol: 't', whole: true },
        y: { label: 'gradient norm', scale: 'log' },
        series: [
          { label: 'measured', x: norms.map((_, t) => t), y: norms },
          {
            label: 'last norm · 1.1 to the steps walked',
            x: norms.map((_, t) => t),
            y: law,
            reference: true,
          },
        ],
      },
    };
  },
};
