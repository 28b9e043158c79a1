/** The hook that turns a NaN or infinite gradient into a step that is not taken. */

import { withDefaults } from '../tensor/options.js';
import type { GradientHook } from './hook.js';
import { said } from './non-finite.js';
import { countIn } from './state.js';

/** Options of `skipNonFinite`. */
export interface SkipNonFiniteOptions {
  /** How many steps in a row may be skipped: an integer ≥ 0; the next is an error. Default Infinity. */
  readonly limit?: number;
}

/**
 * Skips the update when any gradient is NaN or infinite: parameters, moments and step count stay as they are. After
 * `limit` such steps in a row it throws, naming the parameters, since a run that only skips no longer trains; Optax'
 * `apply_if_finite` lets the bad update through then.
 */
export function skipNonFinite(options: SkipNonFiniteOptions = {}): GradientHook {
  const name = 'skipNonFinite';
  const { limit } = withDefaults(name, options, { limit: Number.POSITIVE_INFINITY });
  if (!(limit === Number.POSITIVE_INFINITY || (Number.isInteger(limit) && limit >= 0))) {
    throw new Error(`${name}: limit must be an integer ≥ 0 or Infinity, got ${limit}`);
  }
  let inARow = 0;
  return {
    name,
    async apply(gradients) {
      const names = await gradients.nonFinite();
      if (names.length > 0 && inARow >= limit) {
        throw new Error(
          `${name}: ${said(names)}, after ${inARow} steps skipped in a row (limit ${limit}); look for what broke the run`,
        );
      }
      inARow = names.length > 0 ? inARow + 1 : 0;
      if (inARow > 0) gradients.skip(said(names));
      return { hook: name, clipped: false, values: { nonFiniteParameters: names.length, inARow } };
    },
    state: () => ({ inARow }),
    restore: (state) => {
      inARow = countIn(name, state, 'inARow');
    },
  };
}
