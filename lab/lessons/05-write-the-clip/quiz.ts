/** Three questions about directions, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';

export default defineQuiz<typeof session>([
  {
    ask: 'By how many degrees does clipping by value at 3 turn the gradient (4, 3)?',
    unit: '°',
    tolerance: 0.005,
    answer: async (lab) => (await lab.call('byValue', { gradient: [4, 3], c: 3 })).degrees,
    because: '(3, 3) points at 45°, (4, 3) at 36.87°.',
  },
  {
    ask: 'The gradient (100, 0.1) is clipped by value at 1. Which entry rules the step now?',
    options: ['The first, by far', 'The second', 'Both the same'],
    async answer(lab) {
      const [first, second] = (await lab.call('byValue', { gradient: [100, 0.1], c: 1 })).gradient;
      return first > 2 * second ? 0 : second > 2 * first ? 1 : 2;
    },
    because: 'It is (1, 0.1): turned by 5.65°, and still ten to one.',
  },
  {
    ask: 'A gradient has 100 entries of 1. How long is it after clipping by value at 1?',
    tolerance: 0.001,
    answer: async (lab) =>
      (await lab.call('byValue', { gradient: Array.from({ length: 100 }, () => 1), c: 1 })).norm,
    because: 'No entry is above 1, so nothing happens: a bound on entries is no bound on the length.',
  },
]);
