/** The threshold for a share of steps that may be clipped. */

import { defineExercise } from '../../core/exercise.js';
import type session from './session.js';

const program = (sorted: string, c: string): string => `export function thresholdFor(norms, share) {
  const sorted = ${sorted};
  return ${c};
}`;

const FINITE = 'norms.filter((norm) => Number.isFinite(norm))';
const SORTED = `${FINITE}.sort((a, b) => a - b)`;
const RIGHT = 'sorted[sorted.length - 1 - Math.floor(share * sorted.length)]';

export default defineExercise<typeof session>({
  starter: `/** The smallest of the norms at which clipping cuts at most this share of the steps. */
export function thresholdFor(norms: number[], share: number): number {
  return 1;
}
`,
  reference: `export function thresholdFor(norms: number[], share: number): number {
  const sorted = ${SORTED};
  const mayBeClipped = Math.floor(share * sorted.length);
  return sorted[sorted.length - 1 - mayBeClipped];
}
`,
  checks: [
    {
      name: 'one in ten of ten norms may be clipped',
      call: 'thresholdFor',
      given: [[3, 1, 4, 1.5, 9, 2.6, 5, 3.5, 8, 7], 0.1],
    },
    {
      name: 'norms are compared as numbers',
      call: 'thresholdFor',
      given: [[10, 9, 2, 33, 100, 5, 80, 7], 0.25],
    },
    { name: 'a share of 0 clips nothing', call: 'thresholdFor', given: [[0.5, 2, 1], 0] },
    {
      name: 'norms that are not finite are left out',
      call: 'thresholdFor',
      given: [[1, Number.NaN, 4, Number.POSITIVE_INFINITY, 3, 2], 0.25],
    },
    {
      name: 'what may be clipped is rounded down',
      call: 'thresholdFor',
      given: [[5, 1, 2, 4, 3, 6, 7], 0.5],
      hidden: true,
    },
    {
      name: 'of a real run, one step in five',
      call: 'thresholdFor',
      given: [[0.94, 1.43, 2.15, 1.83, 2.55, 1.1, 2.88, 1.2, 1.31, 0.99], 0.2],
      hidden: true,
    },
  ],
  mistakes: [
    {
      source: program(`${FINITE}.sort()`, RIGHT),
      hint: 'sort() without a comparison sorts numbers as text: 10 comes before 9. Give it (a, b) => a - b.',
    },
    {
      source: program(SORTED, 'sorted[Math.floor(share * sorted.length)]'),
      hint: 'You count from the short end. The steps that are clipped are the long ones.',
    },
    {
      source: program(SORTED, 'sorted[sorted.length - Math.floor(share * sorted.length)]'),
      hint: 'One place too far: a norm that equals the threshold is not clipped, so that one step fewer is cut than may be.',
    },
    {
      source: program(SORTED, 'sorted[Math.floor((1 - share) * sorted.length)]'),
      hint: 'One place too far wherever the share is a whole number of steps: a norm that equals the threshold is not clipped.',
    },
    {
      source: program(SORTED, 'sorted[sorted.length - 1 - Math.ceil(share * sorted.length)]'),
      hint: 'At most this share: where it is not a whole number of steps, round down.',
    },
    {
      source: program('[...norms].sort((a, b) => a - b)', RIGHT),
      hint: 'A log may hold NaN or an infinity. No order of numbers has a place for NaN; leave out what is not finite.',
    },
    {
      source: program('norms.sort((a, b) => a - b).filter((norm) => Number.isFinite(norm))', RIGHT),
      hint: 'sort() sorts the list that you were given, and its owner finds it in another order. Copy it first.',
    },
    {
      source: `export function thresholdFor(norms, share) {
  const sorted = ${SORTED};
  const at = (1 - share) * (sorted.length - 1);
  const low = Math.floor(at);
  const high = Math.min(low + 1, sorted.length - 1);
  return sorted[low] + (at - low) * (sorted[high] - sorted[low]);
}`,
      hint: 'You interpolate between two norms, as many libraries do for a percentile. That clips the right number of steps, but it is not the smallest threshold that does: take one of the norms.',
    },
  ],
});
