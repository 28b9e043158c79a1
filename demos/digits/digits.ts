/**
 * The digits: a deep ReLU network on real handwriting, its weights a little too large. Every layer stretches by
 * gain/√2, so a gain of 2 (√2 would be right) makes the first gradient an enormous one. No recurrence here: depth alone
 * does it.
 */

import { loadDigits } from '../data.js';
import type { Demo, Setup } from '../demo.js';
import { firstPass, HIDDEN_LAYERS, startDigits, WIDTH } from './model.js';
import { digitsSections, digitsVerdict, hasLearned } from './story.js';

/** Read handwriting through eight layers. */
export const digits: Demo = {
  name: 'digits',
  title: 'The digits: handwriting, eight layers deep',
  summary: 'a deep ReLU network with gain 2 reads real handwritten digits',
  lead: ({ own: { gain } }) =>
    `${HIDDEN_LAYERS} hidden ReLU layers of ${WIDTH} units learn to read 8×8 handwritten digits (UCI, Alpaydin & Kaynak 1998): 1,500 to learn from, 297 to be tested on. Their weights start orthogonal with gain ${gain}; √2 = 1.414 is what ReLU asks for. Same weights, same data, same seed; only what stands between \`backward()\` and the step differs.`,
  lossUnit: 'nats',
  defaults: { steps: 1000, lr: 0.2 },
  options: [
    {
      name: 'gain',
      value: 'number',
      description: 'singular values of the hidden layers at the start; √2 keeps norms',
      default: 2,
      range: [0, 10],
    },
  ],
  setUp: (config): Setup => {
    const data = loadDigits();
    return {
      start: () => startDigits(config, data),
      verdict: (outcomes) => digitsVerdict(config, data, outcomes),
      succeeded: hasLearned,
      sections: (outcomes) => digitsSections(config, data, outcomes),
      measurements: () => ({ firstGradientNorm: firstPass(config, data, Number(config.own.gain)).total }),
    };
  },
};
