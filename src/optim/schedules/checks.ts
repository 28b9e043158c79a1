/** What schedules are made with, checked: shared by all of them. */

import { check, ranges } from '../../clip/checks.js';
import { checkNames } from '../../tensor/options.js';

/** Throws unless every option is known and every value a finite number ≥ 0. */
export function checkOptions(
  caller: string,
  options: object,
  known: readonly string[],
  values: object,
): void {
  checkNames(caller, options, known);
  for (const [name, value] of Object.entries(values)) check(caller, name, value, ranges.finite);
}

/** Throws unless a number of updates is an integer ≥ 1. */
export function checkCount(caller: string, name: string, count: number): void {
  if (Number.isInteger(count) && count >= 1) return;
  throw new Error(`${caller}: ${name} must be a number of updates, an integer ≥ 1, got ${count}`);
}

/** Throws unless these are the numbers of updates after which something happens: integers ≥ 1, each above the last. */
export function checkMilestones(caller: string, at: readonly number[]): void {
  const rises = at.every((step, i) => Number.isInteger(step) && step >= 1 && !(step <= at[i - 1]));
  if (rises && at.length > 0) return;
  throw new Error(`${caller}: at must be integers ≥ 1, each above the one before, got [${at.join(', ')}]`);
}
