/** What the clippers that compare a norm with a threshold share: their options, and the factor. */

import { type OptionRanges, ranges } from './checks.js';
import type { NonFinitePolicy } from './hook.js';
import { policyRange } from './non-finite.js';

/** Options of the norm clippers. */
export interface NormClipOptions {
  /** Which p-norm: 2 by default, any p > 0, Infinity. */
  readonly p?: number;
  /** Added to the norm before dividing; 0 (default) lands on the threshold, PyTorch uses 1e-6. */
  readonly eps?: number;
  /** What to do about NaN and infinite gradients (default: throw, naming the parameters). */
  readonly nonFinite?: NonFinitePolicy;
}

/** Their defaults. */
export const normDefaults: Required<NormClipOptions> = { p: 2, eps: 0, nonFinite: 'throw' };

/** What each may be. */
export const normRanges: OptionRanges<NormClipOptions> = {
  p: ranges.power,
  eps: ranges.finite,
  nonFinite: policyRange,
};

/** The factor that brings a norm down to the threshold (eps 0: to it exactly): min(1, threshold / (norm + eps)); NaN for NaN. */
export function clipFactor(norm: number, threshold: number, eps = 0): number {
  if (norm + eps <= threshold || threshold === Number.POSITIVE_INFINITY) return 1;
  return threshold / (norm + eps);
}

/** How many factors are not 1: what reports call clipped. */
export function countClipped(scales: readonly number[]): number {
  return scales.reduce((count, scale) => count + (scale === 1 ? 0 : 1), 0);
}
