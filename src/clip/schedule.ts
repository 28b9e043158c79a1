/**
 * Schedules: numbers that follow the step. The learning-rate schedules are in src/optim/schedules; the type is here because a
 * clip threshold may follow a schedule as well.
 */

/**
 * A number for each step: `step` is the count of updates applied so far, 0 at the first. A pure function, so that there
 * is nothing to advance, to save or to forget, and a skipped step does not move it.
 */
export type Schedule = (step: number) => number;

/** A number now: itself, or what its schedule says of this step. */
export function valueAt(value: number | Schedule, step: number): number {
  return typeof value === 'function' ? value(step) : value;
}
