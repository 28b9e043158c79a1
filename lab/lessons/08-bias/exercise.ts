/** The point at which clipped pulls balance. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

export default defineExercise<typeof session>({
  starter: `/** Where x settles: nine targets are 0, one is t > 0, every example's gradient is clipped to c > 0. */
export function settles(t: number, c: number): number {
  return t / 10;
}
`,
  reference: `export function settles(t: number, c: number): number {
  // Nine pulls of x balance one of c; or, where nothing is clipped, one of t - x.
  return Math.min(c / 9, t / 10);
}
`,
  checks: [
    { name: 'for a target of 10 and c = 3', call: 'settles', given: [10, 3] },
    { name: 'a threshold that clips nothing leaves the mean', call: 'settles', given: [10, 20] },
    {
      name: 'the longest pull is that from the resting place, not from 0',
      call: 'settles',
      given: [10, 9.5],
    },
    { name: 'for a target of 4 and c = 0.5', call: 'settles', given: [4, 0.5], hidden: true },
    {
      name: 'it agrees with the engine for a target of 7 and c = 2',
      call: 'settles',
      given: [7, 2],
      hidden: true,
      async judge(value, lab) {
        const { rest } = await lab.call('settle', { kind: 'skewed', target: 7, clips: 'each', c: 2 });
        return Math.abs(Number(value) - rest) < 1e-9
          ? null
          : `settles(7, 2) gave ${value}; in the engine x settles at ${Number(rest.toPrecision(7))}`;
      },
    },
  ],
  mistakes: [
    {
      source: 'export const settles = (t, c) => Math.min(t, c) / 10;',
      hint: 'You clipped the target and took the mean. What is clipped is the pull, target minus x: at rest the nine others pull with x each, and that must balance c.',
    },
    {
      source: 'export const settles = (t, c) => c / 9;',
      hint: 'c/9 is right while the far target is clipped. Where c is larger than its pull nothing is clipped, and x settles at the mean.',
    },
    {
      source: 'export const settles = (t, c) => Math.min(t, c) / 9;',
      hint: 'The far target pulls with t − x, not with t. Ask when t − x is above c, for the x at which it settles.',
    },
    {
      source: 'export const settles = (t, c) => (t > c ? c / 9 : t / 10);',
      hint: 'Whether the far target is clipped is decided where x settles: there it pulls with t − x, which is shorter than t.',
    },
  ],
});
