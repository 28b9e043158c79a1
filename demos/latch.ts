/** The latch: remember the sign of the first input through 50 steps of noise (Bengio, Simard & Frasconi 1994). */

import type { Demo, Setup } from './demo.js';
import { firstHiddenGradients, growthOf, HIDDEN, STEPS, startLatch } from './latch-model.js';
import { latchSections, latchVerdict } from './latch-story.js';

/** Remember a sign through noise: the default demo. */
export const latch: Demo = {
  name: 'latch',
  title: 'The latch: an explosion in two acts',
  summary: 'an RNN must remember a sign through 50 steps of noise (Bengio et al. 1994)',
  lead: `A vanilla RNN of ${HIDDEN} units sees ±1 once, then ${STEPS - 1} steps of noise, and must say the sign at the end (Bengio, Simard & Frasconi 1994). Its recurrent matrix is orthogonal times ρ: it stretches every gradient by ρ at every step back in time. Same weights, same data, same seed; only what stands between \`backward()\` and the step differs.`,
  defaults: { steps: 300, lr: 0.1 },
  options: [
    {
      name: 'rho',
      value: 'number',
      description: 'spectral norm of the recurrent matrix',
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
    sections: (outcomes) => latchSections(config, outcomes),
    measurements: () => ({
      hiddenGradientGrowth: growthOf(firstHiddenGradients(config, Number(config.own.rho))),
    }),
  }),
};
