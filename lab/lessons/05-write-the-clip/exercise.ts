/** Clipping by the global norm, with the cases that are forgotten. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

const program = (body: string): string => `export function clipByGlobalNorm(grads, c) {
  let sum = 0;
  for (const grad of grads) for (const g of grad) sum += g * g;
  const norm = Math.sqrt(sum);
${body}
}`;

export default defineExercise<typeof session>({
  starter: `/** Clips all gradients together, in place; returns their norm from before. */
export function clipByGlobalNorm(grads: number[][], c: number): number {
  return 0;
}
`,
  reference: `export function clipByGlobalNorm(grads: number[][], c: number): number {
  let sum = 0;
  for (const grad of grads) for (const g of grad) sum += g * g;
  const norm = Math.sqrt(sum);
  if (!Number.isFinite(norm)) throw new Error('the norm is not finite');
  if (norm > c) for (const grad of grads) for (let i = 0; i < grad.length; i++) grad[i] *= c / norm;
  return norm;
}
`,
  checks: [
    {
      name: '(3, 4) and (6, 8) come to a length of 5 together',
      call: 'clipByGlobalNorm',
      given: [
        [
          [3, 4],
          [6, 8],
        ],
        5,
      ],
    },
    { name: 'below the threshold nothing changes', call: 'clipByGlobalNorm', given: [[[0.3, 0.4]], 5] },
    { name: 'a NaN throws an error', call: 'clipByGlobalNorm', given: [[[1, Number.NaN]], 5] },
    {
      name: 'no gradient at all is fine, at a threshold of 0, too',
      call: 'clipByGlobalNorm',
      given: [[[0, 0], [0]], 0],
      hidden: true,
    },
    { name: 'signs are kept', call: 'clipByGlobalNorm', given: [[[-30], [40]], 1], hidden: true },
    {
      name: 'an infinity throws an error',
      call: 'clipByGlobalNorm',
      given: [[[Number.POSITIVE_INFINITY]], 5],
      hidden: true,
    },
  ],
  mistakes: [
    {
      source: `export function clipByGlobalNorm(grads, c) {
  let sum = 0;
  for (const grad of grads) {
    let own = 0;
    for (const g of grad) own += g * g;
    sum += own;
    const norm = Math.sqrt(own);
    if (!Number.isFinite(norm)) throw new Error('not finite');
    if (norm > c) for (let i = 0; i < grad.length; i++) grad[i] *= c / norm;
  }
  return Math.sqrt(sum);
}`,
      hint: 'You clip each gradient by its own norm. Global means one norm, of all of them together, and one factor for all.',
    },
    {
      source: program(`  if (!Number.isFinite(sum)) throw new Error('not finite');
  if (sum > c) for (const grad of grads) for (let i = 0; i < grad.length; i++) grad[i] *= c / sum;
  return sum;`),
      hint: 'The root is missing: this is the square of the norm.',
    },
    {
      source: program(`  if (!Number.isFinite(norm)) throw new Error('not finite');
  if (norm >= c) for (const grad of grads) for (let i = 0; i < grad.length; i++) grad[i] *= c / norm;
  return norm;`),
      hint: 'With >= a norm that equals the threshold is scaled, too. Where both are 0 that divides 0 by 0.',
    },
    {
      source: program(`  if (!Number.isFinite(norm)) throw new Error('not finite');
  if (norm > 0) for (const grad of grads) for (let i = 0; i < grad.length; i++) grad[i] *= c / norm;
  return norm;`),
      hint: 'This makes every gradient c long, short ones too. Below the threshold nothing may change.',
    },
    {
      source:
        program(`  if (norm > c) for (const grad of grads) for (let i = 0; i < grad.length; i++) grad[i] *= c / norm;
  return norm;`),
      hint: 'NaN compares false with everything, so that it passes your if in silence. Ask whether the norm is finite, and throw.',
    },
  ],
});
