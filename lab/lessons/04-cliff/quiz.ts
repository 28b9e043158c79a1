/** Three questions about the cliff, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';

/** The leap comes within the first steps; after it nothing moves any more, for 200 steps as for 2,000. */
const start = { w: 5, b: -2.3, lr: 0.1, steps: 200 };

export default defineQuiz<typeof session>([
  {
    ask: 'Without clipping the descent from (5, −2.3) ends at an error of 0.09 and stays there. Why?',
    options: [
      'It found a local minimum of the error',
      'The unit is saturated: its gradient is zero to many digits',
      'The learning rate has become too small',
    ],
    async answer(lab) {
      const { w, b } = await lab.call('descend', { ...start, c: 0 });
      const { dw, db } = await lab.call('slope', { w, b });
      return Math.hypot(dw, db) < 1e-6 ? 1 : 0;
    },
    because:
      'The leap took w and b so far out that σ(x) is 1 to many digits whatever they do. A plateau is not a minimum: nothing there pulls back.',
  },
  {
    ask: 'How long is the longest step of that descent?',
    tolerance: 0.02,
    async answer(lab) {
      return (await lab.call('descend', { ...start, c: 0 })).longest;
    },
    because: 'The map is 3 wide. The step is lr times a gradient from the wall.',
  },
  {
    ask: 'With learning rate 0.1 and threshold c = 0.1: how long can a step be at most?',
    tolerance: 0.001,
    async answer(lab) {
      return (await lab.call('descend', { ...start, c: 0.1 })).longest;
    },
    because:
      'lr · c = 0.01, and some step reaches it. Clipping bounds the step of plain gradient descent, by that product.',
  },
]);
