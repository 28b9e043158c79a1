/** What the learner writes, and how it is judged. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

export default defineExercise<typeof session>({
  // Compiles and runs, and fails at least one check.
  starter: `/** lambda multiplied by itself, T times. */
export function power(lambda: number, T: number): number {
  return lambda;
}
`,
  reference: `export function power(lambda: number, T: number): number {
  let product = 1;
  for (let t = 0; t < T; t++) product *= lambda;
  return product;
}
`,
  // By default the value, and the arguments as the code left them, must equal those of the reference.
  checks: [
    { name: '2 to the power of 10 is 1024', call: 'power', given: [2, 10] },
    { name: 'T = 0 gives 1', call: 'power', given: [3, 0] },
    { name: 'a factor below 1 vanishes', call: 'power', given: [0.9, 100], hidden: true },
    {
      name: 'it agrees with the engine for 1.1 and 97',
      call: 'power',
      given: [1.1, 97],
      hidden: true,
      async judge(value, lab) {
        const powers = await lab.call('powers', { lambda: 1.1, steps: 97 });
        const close = Math.abs(Number(value) / powers[97] - 1) < 1e-9;
        return close ? null : `power(1.1, 97) gave ${value}, the engine ${powers[97]}`;
      },
    },
  ],
  // Each is run as it stands; its hint is given to code that does the same.
  mistakes: [
    {
      source: `export function power(lambda, T) {
  let product = lambda;
  for (let t = 0; t < T; t++) product *= lambda;
  return product;
}`,
      hint: 'One factor too many: with T = 0 nothing is multiplied, so start from 1.',
    },
    {
      source: 'export const power = (lambda, T) => lambda * T;',
      hint: 'This adds lambda T times. Multiply.',
    },
  ],
});
