/** Clipping element by element: bounds every number, and so changes the direction. */

import { checkNames } from '../tensor/options.js';
import type { GradientHook } from './hook.js';
import { rangeOf, type ValueRange } from './in-place.js';
import { type Schedule, thresholdAt } from './schedule.js';

/**
 * Bounds every gradient element to [−limit, limit], or to [min, max] where min ≤ 0 ≤ max. A limit may follow a schedule.
 * NaN passes through and ±∞ is bounded, as in PyTorch; put `skipNonFinite()` before it to notice either.
 */
export function clipByValue(limit: number | Schedule | ValueRange): GradientHook {
  const name = 'clipByValue';
  if (typeof limit !== 'function') rangeOf(name, limit);
  if (typeof limit === 'object') checkNames(name, limit, ['min', 'max']);
  return {
    name,
    apply(gradients, { step }) {
      const range = rangeOf(name, typeof limit === 'object' ? limit : thresholdAt(name, limit, step));
      const clippedElements = gradients.clamp(range);
      const threshold = Math.max(-range.min, range.max);
      return { hook: name, clipped: clippedElements > 0, values: { threshold, clippedElements } };
    },
  };
}
