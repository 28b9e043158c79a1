/** The latch: remember the sign of the first input through 50 steps of noise (Bengio, Simard & Frasconi 1994). */

import type { Demo, Setup } from '../demo.js';
import { firstGradients, growthOf, HIDDEN, STEPS, startLatch } from './model.js';
import { hasLearned, latchSections, latchVerdict } from './story.js';

/** Where the other half of the story is. */
const POINTER =
  'Here the learning rate adds to the explosion. In tamegrad demo spectrum the\nspectral norm alone decides what explodes.';

/** Remember a sign through noise: the demo that trains one network two ways. */
export const latch: Demo = {
  name: 'latch',
  title: 'The latch: one sign, fifty steps of noise',
  summary: 'an RNN holds a sign through 50 steps of noise (Bengio et al. 1994)',
  lead: ({ own }) =>
    `A vanilla RNN of ${HIDDEN} ${own.activation} units sees ±1 once, then ${STEPS - 1} steps of noise, and must say the sign at the end (Bengio, Simard & Frasconi 1994). Its recurrent matrix starts orthogonal times ρ = ${own.rho}: a gradient that passes it on its way back in time comes out ${own.rho} times as long. Same weights, same data, same seed; only what stands between \`backward()\` and the step differs.`,
  defaults: { steps: 300, lr: 0.1 },
  options: [
    {
      name: 'rho',
      value: 'number',
      description: 'spectral norm of the recurrent matrix at the start',
      default: 1.2,
      range: [0, 10],
    },
    {
      name: 'activation',
      value: 'name',
      description: 'what a unit applies to its sum',
      default: 'tanh',
      choices: ['tanh', 'relu', 'identity'],
    },
  ],
  setUp: (config): Setup => ({
    start: () => startLatch(config),
    verdict: (outcomes) => latchVerdict(config, outcomes),
    epilogue: () => POINTER,
    succeeded: hasLearned,
    sections: (outcomes) => latchSections(config, outcomes),
    measurements: () => ({
      hiddenGradientGrowth: growthOf(firstGradients(startLatch(config)).hidden),
    }),
  }),
};
