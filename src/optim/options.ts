/** Checks of the numbers that optimizers and schedules are given as options. */

import { told } from '../clip/checks.js';

/** Throws unless an option is a finite number ≥ 0. */
export function checkNonNegative(caller: string, option: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new Error(`${caller}: ${option} must be a finite number ≥ 0, got ${told(value)}`);
}

/** Throws unless an option lies in [0, 1). */
export function checkFraction(caller: string, option: string, value: number): void {
  if (typeof value === 'number' && value >= 0 && value < 1) return;
  throw new Error(`${caller}: ${option} must lie in [0, 1), got ${told(value)}`);
}
