/** The hook that turns a NaN or infinite gradient into a step that is not taken. */

import type { GradientHook } from './hook.js';
import { said } from './non-finite.js';

/** Skips the update when any gradient is NaN or infinite: parameters, moments and step count stay as they are. */
export function skipNonFinite(): GradientHook {
  const name = 'skipNonFinite';
  return {
    name,
    async apply(gradients) {
      const names = await gradients.nonFinite();
      if (names.length > 0) gradients.skip(said(names));
      return { hook: name, clipped: false, values: { nonFiniteParameters: names.length } };
    },
  };
}
