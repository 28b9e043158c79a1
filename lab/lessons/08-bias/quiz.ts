/** Three questions about bias, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';

const skewed = { kind: 'skewed', target: 10, clips: 'each' } as const;

export default defineQuiz<typeof session>([
  {
    ask: 'One example in ten is clipped: a rate that many call healthy. Nine targets are 0, one is 10, the best x is 1, and c = 1. Where does x settle?',
    options: [
      'Within 10 % of the best x',
      'At about half of it',
      'At about a ninth of it',
      'Nowhere: it runs away',
    ],
    async answer(lab) {
      const { rest, clipped } = await lab.call('settle', { ...skewed, c: 1 });
      if (clipped !== 0.1 || !Number.isFinite(rest)) return 3;
      return rest > 0.9 ? 0 : rest > 0.3 ? 1 : 2;
    },
    because:
      'Nine pulls of x balance one pull of c = 1, so x = 1/9. The rate counts who is clipped; the bias depends on which side they stand.',
  },
  {
    ask: 'Ten targets from −10 to 10, each with its mirror image, and c = 1. Eight in ten are clipped. Where does x settle?',
    options: ['Below the best x', 'At the best x', 'Above the best x'],
    async answer(lab) {
      const { rest } = await lab.call('settle', { kind: 'symmetric', target: 10, clips: 'each', c: 1 });
      return rest < -1e-9 ? 0 : rest > 1e-9 ? 2 : 1;
    },
    because:
      'What is cut on one side is cut on the other. Eight in ten are clipped, and the answer is right.',
  },
  {
    ask: 'Nine targets at 0, one at 10. Now the mean gradient of all ten is clipped as one, at 0.5. Where does x settle?',
    tolerance: 0.01,
    answer: async (lab) => (await lab.call('settle', { ...skewed, clips: 'mean', c: 0.5 })).rest,
    because:
      'The mean gradient is zero where it should be, and clipping keeps its direction. It only takes more steps from far away. The bias comes from clipping single examples, or small batches.',
  },
]);
