/** Three questions; every answer is computed. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';

export default defineQuiz<typeof session>([
  {
    ask: 'What is 1.1 to the power of 100, to three digits?',
    tolerance: 0.005,
    answer: async (lab) => (await lab.call('powers', { lambda: 1.1, steps: 100 }))[100],
    because: 'A factor that looks harmless, a hundred times.',
  },
  {
    ask: 'At which T does 1.1 to the power of T first exceed 10,000?',
    tolerance: 0.001,
    answer: async (lab) =>
      (await lab.call('powers', { lambda: 1.1, steps: 200 })).findIndex((power) => power > 1e4),
    because: 'ln 10,000 / ln 1.1 is 96.6.',
  },
  {
    ask: 'What becomes of 0.9 to the power of T?',
    options: ['It stays near 0.9', 'It vanishes', 'It explodes'],
    answer: async (lab) => {
      const [last] = (await lab.call('powers', { lambda: 0.9, steps: 100 })).slice(-1);
      return last < 1e-3 ? 1 : last > 1e3 ? 2 : 0;
    },
    because: 'It halves every seven steps.',
  },
]);
