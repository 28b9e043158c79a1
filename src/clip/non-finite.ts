/** The four policies about NaN and infinite gradients, shared by every hook that has a `nonFinite` option. */

import type { Tensor } from '../tensor/index.js';
import { checkWord } from './checks.js';
import type { Gradients } from './gradients.js';
import { type NonFinitePolicy, nonFinitePolicies } from './hook.js';

/** Throws unless a policy is one of those there are. */
export function checkPolicy(caller: string, policy: NonFinitePolicy): void {
  checkWord(caller, 'nonFinite', policy, nonFinitePolicies);
}

/**
 * Applies a policy; the caller goes on only if nothing was skipped. Returns whether it changed a gradient. `throw`
 * raises before anything is changed.
 */
export async function applyPolicy(
  caller: string,
  gradients: Gradients,
  policy: NonFinitePolicy,
): Promise<boolean> {
  if (policy === 'propagate') return false;
  const names = await gradients.nonFinite();
  if (names.length === 0) return false;
  if (policy === 'throw') {
    throw new Error(
      `${caller}: ${said(names)}; fix its cause, or choose nonFinite: 'skip', 'zero' or 'propagate'`,
    );
  }
  if (policy === 'skip') gradients.skip(said(names));
  else for (const name of names) gradients.edit(name, (grad) => grad.where(isFiniteMask(grad), 0));
  return policy === 'zero';
}

/** Throws where gradients are finite and their norm is infinite, beyond float64: a factor of 0 would wipe them out. */
export async function checkReach(caller: string, gradients: Gradients, norm: number): Promise<void> {
  if (norm !== Infinity || (await gradients.nonFinite()).length > 0) return;
  throw new Error(
    `${caller}: the gradients are finite, but their norm is beyond float64; scale the loss down`,
  );
}

/** `gradient of a, b is not finite`. */
export function said(names: readonly string[]): string {
  return `gradient of ${names.join(', ')} is not finite`;
}

/** 1 where an element is finite: only there is x − x equal to 0. */
function isFiniteMask(grad: Tensor): Tensor {
  return grad.sub(grad).binary('equal', 0);
}
