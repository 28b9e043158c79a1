/** What schedules are made with, checked: shared by all of them. */

import type { OptionRange } from '../../clip/checks.js';

/** A number of updates. */
export const updates: OptionRange = {
  rule: 'a number of updates, an integer ≥ 1',
  has: (x) => Number.isInteger(x) && (x as number) >= 1,
};

/** Throws unless these are the numbers of updates after which something happens: integers ≥ 1, each above the last. */
export function checkMilestones(caller: string, at: readonly number[]): void {
  const rises = at.every((step, i) => Number.isInteger(step) && step >= 1 && !(step <= at[i - 1]));
  if (rises && at.length > 0) return;
  throw new Error(`${caller}: at must be integers ≥ 1, each above the one before, got [${at.join(', ')}]`);
}
