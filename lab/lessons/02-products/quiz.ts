/** Three questions about powers, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';

export default defineQuiz<typeof session>([
  {
    ask: 'What is 1.1 to the power of 100?',
    tolerance: 0.01,
    answer: async (lab) => (await lab.call('gradients', { lambda: 1.1, steps: 100 }))[0],
    because: 'A hundred factors that look harmless.',
  },
  {
    ask: 'The matrix [[0.9, 10], [0, 0.9]] has no eigenvalue above 0.9. What becomes of the norm of its powers?',
    options: [
      'It falls from the first step on',
      'It grows for a while, then vanishes',
      'It grows without bound',
    ],
    async answer(lab) {
      const norms = await lab.call('norms', { lambda: 0.9, steps: 200 });
      const peak = Math.max(...norms);
      if (norms[200] > 1) return 2;
      return peak > norms[0] ? 1 : 0;
    },
    because: 'Eigenvalues say what happens in the long run. The first steps belong to the norm.',
  },
  {
    ask: 'How large does that norm get at most?',
    tolerance: 0.01,
    answer: async (lab) => Math.max(...(await lab.call('norms', { lambda: 0.9, steps: 200 }))),
    because: 'At the ninth power; the norm of one step, 10.08, to the ninth would be a thousand million.',
  },
]);
