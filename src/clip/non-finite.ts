/** The policies for NaN and infinite gradients. The optimizer applies a hook's policy before it calls the hook. */

import { wrongKind } from '../tensor/arguments.js';
import { oneOf } from './checks.js';
import { Gradients } from './gradients.js';
import { type NonFinitePolicy, nonFinitePolicies } from './hook.js';

/** The range of an option `nonFinite`. */
export const policyRange = oneOf(nonFinitePolicies);

/**
 * Applies a hook's policy to the gradients and the loss of a step: `throw` raises before anything changes, `skip` skips
 * the step, `zero` replaces the elements by 0, `propagate` does nothing.
 */
export async function applyPolicy(
  { name, nonFinite = 'propagate' }: { readonly name: string; readonly nonFinite?: NonFinitePolicy },
  gradients: Gradients,
  loss: number | null,
): Promise<void> {
  if (nonFinite === 'propagate') return;
  const names = await gradients.nonFinite();
  if (names.length > 0 && nonFinite === 'zero') gradients.zero(names);
  if (nonFinite === 'zero') return;
  const trouble = names.length > 0 ? gradientsAreNot(names) : lossIsNot(loss);
  if (trouble === null) return;
  if (nonFinite === 'skip') gradients.skip(trouble);
  else {
    throw new Error(`${name}: ${trouble}; fix its cause, or choose nonFinite: 'skip', 'zero' or 'propagate'`);
  }
}

/** Says which gradients are not finite: `gradient of a, b is not finite`. */
export function gradientsAreNot(names: readonly string[]): string {
  return `gradient of ${names.join(', ')} is not finite`;
}

/** Says that a loss is not finite; null if it is finite or unknown. */
export function lossIsNot(loss: number | null): string | null {
  return loss === null || Number.isFinite(loss) ? null : `the loss is ${loss}`;
}

/**
 * Whether a norm may enter a hook's memory: it is finite and above 0, no element was zeroed to make it so, and the loss is
 * not known to be broken. One NaN in an average never leaves it, and zeros would lower a threshold until nothing
 * passes.
 */
export function mayRemember(gradients: Gradients, norm: number): boolean {
  if (!(gradients instanceof Gradients)) {
    throw wrongKind('mayRemember', 'the first argument', 'Gradients', gradients);
  }
  return norm > 0 && norm < Infinity && gradients.zeroed.length === 0 && !gradients.ofBrokenLoss;
}
