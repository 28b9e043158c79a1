/** Three questions about logs, answered by `diagnose`. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';
import type { Described } from './session.js';

/** An epoch has 16 batches: steps 21, 37, 53 and 69 took the same one. */
const leaping: Described = { steps: 160, leaps: { 21: 40, 37: 40, 53: 40, 69: 40 }, batches: 16 };

export default defineQuiz<typeof session>([
  {
    ask: 'The norm of a run leaps to 40 times the usual at steps 21, 37, 53 and 69 and is back at once. An epoch has 16 batches, always in the same order. What is wrong?',
    options: ['The learning rate is too large', 'A batch is spoilt', 'The arithmetic overflows', 'Nothing'],
    async answer(lab) {
      const { cause } = await lab.call('describe', leaping);
      return ['learning-rate', 'data', 'numerics', 'healthy'].indexOf(cause);
    },
    because:
      'The leaps are 16 steps apart: it was the same batch each time. Too long a step would not wait for one batch.',
  },
  {
    ask: 'The log of that run does not say which batch each step took. How sure can `diagnose` still be, in per cent?',
    unit: '%',
    tolerance: 0.01,
    answer: async (lab) => 100 * (await lab.call('describe', { ...leaping, batches: 0 })).confidence,
    because:
      'It sees leaps that come out of the blue and pass, one sign instead of two: 75 % instead of 95 %. One more column in the log is worth that much.',
  },
  {
    ask: 'A loss falls nicely, and all of 160 steps were clipped. What does `diagnose` say?',
    options: ['Healthy', 'The threshold replaces the learning rate', 'The learning rate is too large'],
    async answer(lab) {
      const { cause } = await lab.call('describe', { steps: 160, leaps: {}, batches: 16, clipped: true });
      return ['healthy', 'threshold', 'learning-rate'].indexOf(cause);
    },
    because:
      'Every step is lr · c long whatever the gradient was. That may be what you want; but then c is a second learning rate, and should be called so.',
  },
]);
