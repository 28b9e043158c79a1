/** What the clippers that compare a norm with a threshold share: their options, the threshold now, and the factor. */

import { described, type OptionRanges, ranges } from './checks.js';
import type { NonFinitePolicy } from './hook.js';
import { policyRange } from './non-finite.js';
import type { Schedule } from './schedule.js';

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

/** Throws unless the first argument of a clipper, called `argument`, is a number ≥ 0 (Infinity: measure only) or a schedule. */
export function checkThreshold(caller: string, argument: string, threshold: number | Schedule): void {
  if (typeof threshold === 'function' || (typeof threshold === 'number' && threshold >= 0)) return;
  throw new Error(
    `${caller}: ${argument} must be a number ≥ 0 (Infinity: measure only) or a schedule, got ${described(threshold)}`,
  );
}

/** A clip threshold now. Throws if its schedule gives a number that is not one. */
export function thresholdAt(caller: string, threshold: number | Schedule, step: number): number {
  if (typeof threshold !== 'function') return threshold;
  const now = threshold(step);
  if (typeof now === 'number' && now >= 0) return now;
  throw new Error(
    `${caller}: a schedule must give a number ≥ 0 (Infinity: measure only), got ${described(now)} at step ${step}`,
  );
}

/** The factor that brings a norm down to the threshold (eps 0: to it exactly): min(1, threshold / (norm + eps)); NaN for NaN. */
export function clipFactor(norm: number, threshold: number, eps = 0): number {
  if (norm + eps <= threshold || threshold === Number.POSITIVE_INFINITY) return 1;
  return threshold / (norm + eps);
}

/** How many factors are not 1: what reports call clipped. */
export function countClipped(scales: readonly number[]): number {
  return scales.reduce((count, scale) => count + (scale === 1 ? 0 : 1), 0);
}
