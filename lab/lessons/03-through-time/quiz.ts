/** Three questions about the way back through time, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';
import type { Unrolled } from './session.js';

const plain: Unrolled = { rho: 0.9, activation: 'identity', init: 'orthogonal', T: 50, input: 1, seed: 1 };

export default defineQuiz<typeof session>([
  {
    ask: 'No activation, an orthogonal matrix times 0.9, fifty steps. What share of the gradient arrives at step 0?',
    tolerance: 0.02,
    answer: async (lab) => (await lab.call('through', plain)).norms[0],
    because:
      '0.9 to the power of 50. An orthogonal matrix turns and never stretches, so that the law is exact.',
  },
  {
    ask: 'With sigmoid units the gradient must vanish as long as the spectral norm of W is below …',
    tolerance: 0.001,
    answer: async (lab) => 1 / (await lab.call('steepest', 'sigmoid')),
    because: 'The sigmoid is nowhere steeper than ¼, so that a step lengthens by at most ρ/4.',
  },
  {
    ask: 'tanh, ρ = 1.5, and inputs so large that most units are saturated. What becomes of the gradient?',
    options: ['It explodes, since ρ is above 1', 'It vanishes', 'It keeps its length'],
    async answer(lab) {
      const { norms } = await lab.call('through', { ...plain, rho: 1.5, activation: 'tanh', input: 4 });
      return norms[0] > 10 ? 0 : norms[0] < 0.1 ? 1 : 2;
    },
    because:
      'A norm above 1 is necessary for an explosion, not sufficient. Saturated units have a derivative near 0: that is vanishing, by another door.',
  },
]);
