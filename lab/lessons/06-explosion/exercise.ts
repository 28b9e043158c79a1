/** What to watch beside the loss, and a threshold that does more than survive. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';
import { GUESSING, LEARNED } from './steps.js';

const NORMS = [0.5, 1, 2, 4, 0.25, 8];

const program = (rate: string, lost: string): string => `export function watch(norms, c) {
  let total = 0, cut = 0, clipped = 0;
  for (const norm of norms) {
    total += norm;
    if (norm > c) { clipped++; cut += norm - c; }
  }
  return { clipRate: ${rate}, lost: ${lost} };
}`;

const RATE = 'norms.length > 0 ? clipped / norms.length : 0';
const LOST = 'total > 0 ? cut / total : 0';

export default defineExercise<typeof session>({
  starter: `/** What clipping at c does to steps whose gradients have these norms. */
export function watch(norms: number[], c: number): { clipRate: number; lost: number } {
  return { clipRate: 0, lost: 0 };
}

/** For the latch: survives on three seeds, and learns. */
export const threshold = 100;
`,
  reference: `${program(RATE, LOST)}

export const threshold = 1;
`,
  checks: [
    { name: 'six steps at a threshold of 1: half are clipped', call: 'watch', given: [NORMS, 1] },
    { name: 'one long step among many short ones', call: 'watch', given: [[1, 1, 1, 1, 96], 2] },
    { name: 'nothing is clipped above the largest norm', call: 'watch', given: [NORMS, 10] },
    { name: 'no steps at all lose nothing', call: 'watch', given: [[], 1], hidden: true },
    { name: 'gradients of zero lose nothing', call: 'watch', given: [[0, 0], 1], hidden: true },
    {
      name: 'with the threshold, seeds 1, 2 and 3 end at a loss below 0.05 after 100 steps',
      call: 'threshold',
      async judge(value, lab) {
        if (typeof value !== 'number' || !(value > 0)) return 'threshold must be a number above 0';
        const seeds = await lab.call('threeSeeds', { c: value });
        const k = seeds.findIndex(({ diverged, loss }) => diverged !== null || !(loss < LEARNED));
        if (k < 0) return null;
        const { diverged, loss } = seeds[k];
        if (diverged !== null) return `at ${value} seed ${k + 1} is not finite at step ${diverged}`;
        const verdict =
          loss > 1.25 * GUESSING
            ? 'it survived, and is worse than guessing'
            : 'it survived, and has not learned yet';
        return `at ${value} seed ${k + 1} ends at a loss of ${loss.toPrecision(2)}: ${verdict} (guessing gives ${GUESSING})`;
      },
    },
  ],
  mistakes: [
    {
      source: `export function watch(norms, c) {
  const shares = norms.map((norm) => Math.max(0, 1 - c / norm));
  const count = norms.filter((norm) => norm > c).length;
  const n = Math.max(1, norms.length);
  return { clipRate: count / n, lost: shares.reduce((sum, share) => sum + share, 0) / n };
}`,
      hint: 'You average the share that each step lost. A long step weighs more than a short one: divide all that was cut by the sum of all norms.',
    },
    {
      source: program(RATE, 'total > 0 ? (total - cut) / total : 0'),
      hint: 'This is the share of the length that is left. What was asked for is the share that was lost.',
    },
    {
      source: program('norms.length > 0 ? norms.filter((norm) => norm >= c).length / norms.length : 0', LOST),
      hint: 'A gradient exactly as long as the threshold is not clipped: above means above.',
    },
    {
      source: program('clipped', LOST),
      hint: 'clipRate is a share of the steps, from 0 to 1. You count them.',
    },
    {
      source: program('norms.length > 0 ? 100 * clipped / norms.length : 0', LOST),
      hint: 'You give the clip rate in per cent. It is to be a share, from 0 to 1.',
    },
    {
      source: program(RATE, 'cut'),
      hint: 'This is the length that was cut. Divide it by the sum of all norms: a share can be compared between runs.',
    },
    {
      source: program('clipped / norms.length', 'cut / total'),
      hint: 'Where there are no steps, or only gradients of zero, you divide 0 by 0, which is NaN.',
    },
  ],
});
