/** How many factors it takes. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

export default defineExercise<typeof session>({
  starter: `/** The smallest T >= 0 with lambda multiplied by itself T times above bound. */
export function firstAbove(lambda: number, bound: number): number {
  return 1;
}
`,
  reference: `export function firstAbove(lambda: number, bound: number): number {
  if (bound < 1) return 0;
  if (lambda <= 1) return Infinity;
  let T = 0;
  for (let product = 1; product <= bound; product *= lambda) T++;
  return T;
}
`,
  checks: [
    { name: '1.1 needs 97 factors to get above 10,000', call: 'firstAbove', given: [1.1, 10_000] },
    { name: 'above means above: 2 · 2 · 2 is not above 8', call: 'firstAbove', given: [2, 8] },
    { name: 'below 1 it never gets above 10', call: 'firstAbove', given: [0.9, 10] },
    { name: 'exactly 1 never does, either', call: 'firstAbove', given: [1, 2], hidden: true },
    {
      name: 'no factor at all gives 1, which is above 0.5',
      call: 'firstAbove',
      given: [3, 0.5],
      hidden: true,
    },
    {
      name: 'it agrees with the engine for 1.05 and 1,000',
      call: 'firstAbove',
      given: [1.05, 1000],
      hidden: true,
      async judge(value, lab) {
        const sizes = await lab.call('gradients', { lambda: 1.05, steps: 200 });
        const needed = sizes.length - 1 - sizes.findLastIndex((size) => size > 1000);
        return value === needed
          ? null
          : `firstAbove(1.05, 1000) gave ${value}; the engine needs ${needed} layers`;
      },
    },
  ],
  mistakes: [
    {
      source: `export function firstAbove(lambda, bound) {
  if (bound < 1) return 0;
  if (lambda <= 1) return Infinity;
  let T = 0;
  for (let product = 1; product < bound; product *= lambda) T++;
  return T;
}`,
      hint: 'This stops where the product reaches the bound. It must be above it.',
    },
    {
      source: `export function firstAbove(lambda, bound) {
  if (bound < 1) return 0;
  if (lambda <= 1) return Infinity;
  let T = 0;
  for (let product = lambda; product <= bound; product *= lambda) T++;
  return T;
}`,
      hint: 'One factor too few is counted: the product starts at lambda, but T at 0.',
    },
    {
      source: `export function firstAbove(lambda, bound) {
  return Math.ceil(Math.log(bound) / Math.log(lambda));
}`,
      hint: 'The logarithm finds where the product reaches the bound; it knows nothing of factors of 1 and below, nor of a product that meets the bound exactly.',
    },
  ],
});
