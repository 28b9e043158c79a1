/**
 * Schedules: numbers that follow the step. Separate from the learning-rate schedules, which stand with the optimizers,
 * because a clip threshold may follow one, too.
 */

import { described } from './checks.js';

/**
 * A number for each step: `step` is the count of updates applied so far, 0 at the first. A pure function, so that there
 * is nothing to advance, to save or to forget, and a skipped step does not move it.
 */
export type Schedule = (step: number) => number;

/** A number now: itself, or what its schedule says of this step. */
export function valueAt(value: number | Schedule, step: number): number {
  return typeof value === 'function' ? value(step) : value;
}

/** Throws unless the first argument of a clipper, called `argument`, is a number ≥ 0 (Infinity: measure only) or a schedule. */
export function checkThreshold(caller: string, argument: string, threshold: number | Schedule): void {
  if (typeof threshold === 'function' || (typeof threshold === 'number' && threshold >= 0)) return;
  throw new Error(
    `${caller}: ${argument} must be a number ≥ 0 (Infinity: measure only) or a schedule, got ${described(threshold)}`,
  );
}

/** A clip threshold now. Throws if its schedule gives a number that is not one. */
export function thresholdAt(caller: string, threshold: number | Schedule, step: number): number {
  if (typeof threshold !== 'function') return threshold;
  const now = threshold(step);
  if (typeof now === 'number' && now >= 0) return now;
  throw new Error(
    `${caller}: a schedule must give a number ≥ 0 (Infinity: measure only), got ${described(now)} at step ${step}`,
  );
}
