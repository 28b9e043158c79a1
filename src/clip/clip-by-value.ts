/** Clipping element by element: bounds every number, and so changes the direction. */

import { checkCount } from '../tensor/arguments.js';
import type { GradientHook } from './hook.js';
import { rangeOf, type ValueRange } from './in-place.js';
import type { Schedule } from './schedule.js';
import { thresholdAt } from './threshold.js';

/**
 * Bounds every gradient element to [−maxValue, maxValue], or to [min, max] with min ≤ 0 ≤ max. The bound may follow a
 * schedule. NaN passes through and ±∞ is bounded, as in PyTorch; put `skipNonFinite()` before it to notice either.
 */
export function clipByValue(maxValue: number | Schedule | ValueRange): GradientHook {
  const name = 'clipByValue';
  checkCount(name, arguments.length, 1);
  if (typeof maxValue !== 'function') rangeOf(name, 'maxValue', maxValue);
  return {
    name,
    settings: { maxValue },
    apply(gradients, { step }) {
      const bound = typeof maxValue === 'function' ? thresholdAt(name, maxValue, step) : maxValue;
      const { min, max } = rangeOf(name, 'maxValue', bound);
      return { threshold: Math.max(-min, max), clippedElements: gradients.clamp({ min, max }) };
    },
  };
}
