/** The check of an option that optimizers alone have: a share. What others check, too, is in clip/checks. */

import { told } from '../clip/checks.js';

/** Throws unless an option lies in [0, 1). */
export function checkFraction(caller: string, option: string, value: number): void {
  if (typeof value === 'number' && value >= 0 && value < 1) return;
  throw new Error(`${caller}: ${option} must lie in [0, 1), got ${told(value)}`);
}
