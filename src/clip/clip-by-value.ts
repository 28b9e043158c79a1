/** Clipping element by element: bounds every number, and so changes the direction. */

import { checkThreshold, type GradientHook } from './hook.js';

/**
 * Bounds every gradient element to [−limit, limit]. NaN passes through and ±∞ is bounded, as in PyTorch; put
 * `skipNonFinite()` before it to notice either.
 */
export function clipByValue(limit: number): GradientHook {
  const name = 'clipByValue';
  checkThreshold(name, limit);
  return {
    name,
    apply(gradients) {
      const clippedElements = gradients.clamp(limit);
      return { hook: name, clipped: clippedElements > 0, values: { threshold: limit, clippedElements } };
    },
  };
}
