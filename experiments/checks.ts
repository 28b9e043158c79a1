/** The criteria that experiments are decided by: each says what it wants, in the words that tables print. */

import { formatNumber } from '../src/report/index.js';
import type { Check } from './experiment.js';

/** Must be less than a limit. */
export function below(what: string, value: number, limit: number): Check {
  return { what, value, rule: `< ${formatNumber(limit, 6)}`, holds: value < limit };
}

/** Must be more than a limit. */
export function above(what: string, value: number, limit: number): Check {
  return { what, value, rule: `> ${formatNumber(limit, 6)}`, holds: value > limit };
}

/** Must be at least a limit. */
export function atLeast(what: string, value: number, limit: number): Check {
  return { what, value, rule: `≥ ${formatNumber(limit, 6)}`, holds: value >= limit };
}

/** Must be at most a limit. */
export function atMost(what: string, value: number, limit: number): Check {
  return { what, value, rule: `≤ ${formatNumber(limit, 6)}`, holds: value <= limit };
}

/** Must lie within `tolerance` of a target. */
export function near(what: string, value: number, target: number, tolerance: number): Check {
  const rule = `= ${formatNumber(target, 6)} ± ${formatNumber(tolerance, 2)}`;
  return { what, value, rule, holds: Math.abs(value - target) <= tolerance };
}

/** Must be a number, to the last bit. */
export function exactly(what: string, value: number, target: number): Check {
  return { what, value, rule: `= ${formatNumber(target, 6)}`, holds: Object.is(value, target) };
}
