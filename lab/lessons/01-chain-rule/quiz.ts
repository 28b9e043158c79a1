/** Three questions about the way back, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';

const TWICE = { f: 's = x*y + z; s * tanh(s)', at: { x: 2, y: -1, z: 1.5 } };

export default defineQuiz<typeof session>([
  {
    ask: '`L = x*x` at x = 3. Both inputs of the product are the same x. What is the gradient of x?',
    tolerance: 1e-6,
    answer: async (lab) => (await lab.call('trace', { f: 'x*x', at: { x: 3 } })).gradients[0],
    because: 'Each input gets the other one, 3, and both are x: 3 + 3. That is the 2x of the school rule.',
  },
  {
    ask: 'An engine writes `=` where `+=` should stand. What does x get in `s = x*y + z; s * tanh(s)`?',
    options: ['What it should', 'The part of one of the two ways only', 'Zero'],
    async answer(lab) {
      const right = (await lab.call('trace', TWICE)).gradients[0];
      const got = await lab.call('faulty', { ...TWICE, by: 'x', fault: 'overwrite' });
      if (Math.abs(got - right) < 1e-12) return 0;
      return got === 0 ? 2 : 1;
    },
    because:
      'The second part that arrives at s replaces the first, and s hands on what it has. In an expression where every node is used once the fault does not show: that is what makes it hard to find.',
  },
  {
    ask: 'In the same expression s hands on as soon as its first part has arrived, and never again. What does x get?',
    options: ['What it should: sums may be taken in any order', 'Too little: what arrives later is lost'],
    async answer(lab) {
      const right = (await lab.call('trace', TWICE)).gradients[0];
      const got = await lab.call('faulty', { ...TWICE, by: 'x', fault: 'early' });
      return Math.abs(got - right) < 1e-12 ? 0 : 1;
    },
    because:
      'The sum at s is right in any order; what s has handed on before it was complete is not. Hence the reverse order of computation.',
  },
]);
