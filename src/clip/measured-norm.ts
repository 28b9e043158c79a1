/** The global norm under a policy about NaN and infinities: shared by the clippers that compare it with a threshold. */

import type { Gradients } from './gradients.js';
import type { NonFinitePolicy } from './hook.js';
import { applyPolicy } from './non-finite.js';

/** A global norm, and how it came about. */
export interface MeasuredNorm {
  readonly norm: number;
  /** Whether NaN or infinite elements were zeroed first. */
  readonly zeroed: boolean;
  /**
   * Whether it may enter a history: the gradients came finite and not all zero. One NaN in an average stays there for
   * good, and zeros would pull a threshold to where nothing passes.
   */
  readonly counts: boolean;
}

/** Measures the p-norm of all gradients, after the policy has been applied; `throw` raises, `skip` skips. */
export async function measuredNorm(
  caller: string,
  gradients: Gradients,
  policy: NonFinitePolicy,
  p = 2,
): Promise<MeasuredNorm> {
  const norm = await gradients.norm(p);
  // A finite norm is one of finite gradients.
  if (Number.isFinite(norm)) return { norm, zeroed: false, counts: norm > 0 };
  const zeroed = await applyPolicy(caller, gradients, policy);
  return { norm: zeroed ? await gradients.norm(p) : norm, zeroed, counts: false };
}
