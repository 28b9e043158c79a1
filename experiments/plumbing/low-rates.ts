import { above, exactly } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { adding, trainTask } from '../training-tasks.js';

const RATES = [1e-3, 1e-5, 1e-7, 1e-9];
const STEPS = 60;
const GAIN = 1.1;

/** A gradient knows nothing of the rate. */
export const lowRates: Experiment = {
  number: 45,
  name: 'low-rates',
  group: 'plumbing',
  claim: 'low learning rates, gradients might be naturally bounded',
  source: 'handbook',
  setUp: `An RNN whose recurrent matrix is the identity times ${GAIN}, over 50 time steps, trained for ${STEPS} steps of unclipped gradient descent at rates from ${RATES[0]} down to ${RATES[RATES.length - 1]}.`,
  criterion:
    'The gradient of the first step has the same norm, to the last bit, at every rate; at the lowest it is still above 100 after all steps, a hundred times a common threshold (proposed; 1,400 and more on tuning seeds).',
  verdict: 'does not hold as written',
  explanation:
    'The gradient is computed before the rate is looked at: it depends on the weights and the data alone. Where the network itself amplifies it, it is as large at a billionth of the rate, and stays so, because such small steps do not leave the place where it is large. What a low rate does bound is the step, rate times gradient, and with it the vicious circle of long steps into regions with still longer gradients. That is a reason for low rates, but not one to expect small gradients.',
  run: async (seed) => {
    const runs = await Promise.all(
      RATES.map((lr) => trainTask(adding(seed, { gain: GAIN }), { lr, steps: STEPS })),
    );
    const norms = runs.map(({ records }) => records.map(({ normBefore }) => normBefore));
    const first = norms.map((each) => each[0]);
    const lowest = norms[norms.length - 1];
    return {
      checks: [
        exactly(
          'largest first norm over the smallest, of all rates',
          Math.max(...first) / Math.min(...first),
          1,
        ),
        above(`norm after ${STEPS} steps at rate ${RATES[RATES.length - 1]}`, lowest[STEPS - 1], 100),
      ],
      figure: {
        kind: 'lines',
        title: 'One network, four rates',
        caption: 'Gradient norm at each step, without clipping; all begin at the same point.',
        x: { label: 'step', whole: true },
        y: { label: 'gradient norm', scale: 'log', max: 1e9 },
        series: norms.map((y, i) => {
          const { divergence } = runs[i];
          const series = { label: `rate ${RATES[i]}`, x: y.map((_, step) => step), y };
          return divergence ? { ...series, ends: `diverged at step ${divergence.step}` } : series;
        }),
      },
    };
  },
};
