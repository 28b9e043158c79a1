/** Three questions about order and about Adam, answered by the engine. */

import { defineQuiz } from '../../core/quiz.js';
import type session from './session.js';
import { RIGHT, type Stage } from './stages.js';

/** The right order with two stages in each other's places. */
const swapped = (a: Stage, b: Stage): string =>
  RIGHT.map((stage) => (stage === a ? b : stage === b ? a : stage)).join();

/** How far a path went in its weights. */
const wayOf = (weights: readonly (readonly number[])[]): number => Math.hypot(...weights[weights.length - 1]);

export default defineQuiz<typeof session>([
  {
    ask: 'Clip and un-scale have changed places, the loss scale is 64 and c is 1. How long can the gradient be that reaches the step?',
    tolerance: 0.02,
    answer: async (lab) => (await lab.call('bench', swapped('unscale', 'clip'))).longest,
    because:
      'It is cut to 1 and then divided by 64: 0.0156. The threshold in force is c divided by the loss scale.',
  },
  {
    ask: 'Which of these does damage?',
    options: [
      'Check behind clip',
      'Average before accumulate',
      'Decay before clip',
      'Un-scale before average',
    ],
    async answer(lab) {
      const orders = [
        swapped('check', 'clip'),
        swapped('average', 'accumulate'),
        swapped('decay', 'clip'),
        swapped('unscale', 'average'),
      ];
      const benches = await Promise.all(orders.map((order) => lab.call('bench', order)));
      return benches.findIndex(
        ({ gain, longest, turned, decay, clippedDecay, finite }) =>
          !finite ||
          turned > 1e-6 ||
          [gain, longest, decay, clippedDecay].some((x) => Math.abs(x - 1) > 1e-6),
      );
    },
    because:
      'Averaging and un-scaling are factors, and a NaN is still a NaN behind the clip. But decay before the clip is clipped along with the gradient: in a clipped update next to nothing of it arrives.',
  },
  {
    ask: 'Every gradient of a run is longer than 100. You train with Adam, without weight decay, and clip at 1 instead of 100. How far do the weights get?',
    options: ['As far', 'A tenth as far', 'A hundredth as far'],
    async answer(lab) {
      const given = { order: RIGHT.join(), optimizer: 'adam', wd: 0 } as const;
      const [one, hundred] = await Promise.all([1, 100].map((c) => lab.call('train', { ...given, c })));
      return Math.round(Math.log10(wayOf(hundred.weights) / wayOf(one.weights)));
    },
    because:
      'All gradients got shorter by the same factor, and Adam divides by their size. With plain gradient descent it would be about a hundredth.',
  },
]);
