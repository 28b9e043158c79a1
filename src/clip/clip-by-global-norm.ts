/** Clipping by the global norm: Pascanu, Mikolov & Bengio 2013, §3.2. */

import { withDefaults } from '../tensor/options.js';
import { checkFinite } from './checks.js';
import type { Gradients } from './gradients.js';
import {
  checkThreshold,
  type GradientHook,
  type HookReport,
  type NonFinitePolicy,
  type StepContext,
} from './hook.js';
import { measuredNorm } from './measured-norm.js';
import { checkPolicy, checkReach } from './non-finite.js';
import { type Schedule, thresholdAt } from './schedule.js';

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

/** Throws unless p is a positive number or Infinity. */
export function checkPower(caller: string, p: number): void {
  if (!(p > 0)) throw new Error(`${caller}: p must be a number > 0 or Infinity, got ${p}`);
}

/** Throws unless eps is a finite number ≥ 0. */
export function checkEps(caller: string, eps: number): void {
  checkFinite(caller, 'eps', eps);
}

/** Checks what the norm clippers are made with; throws an Error that names the option. */
export function checkNormClip(
  caller: string,
  maxNorm: number | Schedule,
  { p, eps, nonFinite }: Required<NormClipOptions>,
): void {
  if (typeof maxNorm !== 'function') checkThreshold(caller, maxNorm);
  checkPower(caller, p);
  checkEps(caller, eps);
  checkPolicy(caller, nonFinite);
}

/** The factor that brings a norm down to the threshold (eps 0: to it exactly): min(1, threshold / (norm + eps)); NaN for NaN. */
export function clipFactor(norm: number, threshold: number, eps: number): number {
  if (norm + eps <= threshold || threshold === Number.POSITIVE_INFINITY) return 1;
  return threshold / (norm + eps);
}

/**
 * Scales all gradients by one factor so that their p-norm is at most `maxNorm`: g ← g · min(1, maxNorm / ‖g‖). Below
 * the threshold not one bit changes; above it the norm becomes the threshold and the direction is kept, both to float32
 * rounding (of float64 gradients: to float64's). `Infinity` measures only; a schedule moves the threshold.
 */
export function clipByGlobalNorm(maxNorm: number | Schedule, options: NormClipOptions = {}): GradientHook {
  const name = 'clipByGlobalNorm';
  const { p, eps, nonFinite } = withDefaults(name, options, normDefaults);
  checkNormClip(name, maxNorm, { p, eps, nonFinite });
  return {
    name,
    async apply(gradients: Gradients, { step }: StepContext): Promise<HookReport> {
      const threshold = thresholdAt(name, maxNorm, step);
      const { norm, zeroed } = await measuredNorm(name, gradients, nonFinite, p);
      const isBound = threshold !== Number.POSITIVE_INFINITY && !gradients.skipped;
      if (isBound) await checkReach(name, gradients, norm);
      const scale = gradients.skipped ? 1 : clipFactor(norm, threshold, eps);
      gradients.scale(scale);
      return { hook: name, clipped: zeroed || scale !== 1, values: { norm, threshold, scale } };
    },
  };
}
