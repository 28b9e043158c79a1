/** Skips the steps whose gradients or loss are NaN or infinite. */

import { checkCount } from '../tensor/arguments.js';
import { check, type OptionRange } from './checks.js';
import type { GradientHook } from './hook.js';
import { gradientsAreNot, lossIsNot } from './non-finite.js';
import { countIn } from './state.js';

const countOrInfinity: OptionRange = {
  rule: 'an integer ≥ 0 or Infinity',
  has: (x) => x === Infinity || (Number.isInteger(x) && (x as number) >= 0),
};

/**
 * Skips the update if any gradient, or the loss of the step, is NaN or infinite: parameters, moments and step count stay as
 * they are. After `maxInARow` such steps in a row it throws and names the parameters, since a run that only skips does not
 * train any more. (Optax' `apply_if_finite` applies the bad update then.)
 */
export function skipNonFinite(maxInARow = Number.POSITIVE_INFINITY): GradientHook {
  const name = 'skipNonFinite';
  checkCount(name, arguments.length, 1);
  check(name, 'maxInARow', maxInARow, countOrInfinity);
  let inARow = 0;
  return {
    name,
    settings: { maxInARow },
    async apply(gradients, { loss }) {
      const names = await gradients.nonFinite();
      const trouble = names.length > 0 ? gradientsAreNot(names) : lossIsNot(loss);
      if (trouble !== null && inARow >= maxInARow) {
        throw new Error(
          `${name}: ${trouble}, after ${inARow} steps skipped in a row (maxInARow ${maxInARow}); look for what broke the run`,
        );
      }
      inARow = trouble === null ? 0 : inARow + 1;
      if (trouble !== null) gradients.skip(trouble);
      return { nonFiniteParameters: names.length, inARow };
    },
    state: () => ({ inARow }),
    restore: (state) => {
      inARow = countIn(name, state, 'inARow');
    },
  };
}
