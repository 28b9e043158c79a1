/** Three questions about surviving and learning, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';
import { GUESSING, LEARNED } from './steps.js';

const latch = { seed: 1, rho: 1.2, lr: 0.1 } as const;

export default defineQuiz<typeof session>([
  {
    ask: 'With c = 100 the run of seed 1 stays finite for all 300 steps. What has become of it?',
    options: ['It remembers the sign', 'It does as well as guessing', 'It does far worse than guessing'],
    async answer(lab) {
      const { loss } = await lab.call('outcome', { ...latch, c: 100 });
      return loss < LEARNED ? 0 : loss < 2 * GUESSING ? 1 : 2;
    },
    because:
      'It survived and learned nothing: nearly every step is clipped, and each is as long as before, lr · c. Draw the line of guessing into every chart of a loss.',
  },
  {
    ask: 'And with c = 1, seed 1: which share of the steps is clipped?',
    unit: '%',
    tolerance: 0.06,
    answer: async (lab) => 100 * (await lab.call('outcome', { ...latch, c: 1 })).clipRate,
    because: 'A few steps near the start. The run that learns best is not the one that is clipped most.',
  },
  {
    ask: 'The run of seed 1 without clipping: which parameter has the largest gradient at its first step, and which at its last?',
    options: [
      'The recurrent matrix, rnn.weightHh, both times',
      'First rnn.weightHh, at last the output weights, head.weight',
      'The output weights, head.weight, both times',
      'First head.weight, at last rnn.weightHh',
    ],
    async answer(lab) {
      const found = await lab.call('autopsy', { ...latch, c: 0 });
      const [first, last] = [found?.atStart === 'rnn.weightHh', found?.largest === 'rnn.weightHh'];
      return first ? (last ? 0 : 1) : last ? 3 : 2;
    },
    because:
      'A few steps along exploded gradients saturate every unit; the recurrent matrix then gets no gradient at all, and the output weights run away on their own. Where a run dies is not where it was hurt.',
  },
]);
