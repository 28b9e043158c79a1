/**
 * PyTorch's functions under their familiar names, awaited because a norm on a GPU cannot answer at once. For loops
 * that call their optimizer without hooks; inside `optimizer.step()` the hooks do the same.
 */

import type { Parameter } from '../autograd/index.js';
import { checkPower, clipFactor } from './clip-by-global-norm.js';
import { Gradients } from './gradients.js';
import { checkThreshold } from './hook.js';
import { applyPolicy } from './non-finite.js';
import { NormMeter } from './norm-meter.js';

/** Options of `clipGradNorm`, with PyTorch's meaning and defaults. */
export interface ClipGradNormOptions {
  /** Which p-norm (PyTorch: norm_type); default 2. */
  readonly normType?: number;
  /** Throw, before any change, if the norm is not finite; default false: NaN spreads, ∞ zeroes. */
  readonly errorIfNonfinite?: boolean;
  /** Added to the norm before dividing; default 1e-6, so that results equal PyTorch's. */
  readonly eps?: number;
}

const meters = new WeakMap<Parameter, NormMeter>();

/** The gradients of parameters given by hand; the meter of the same list is found again, so kernels are kept. */
function gradientsOf(parameters: Iterable<Parameter>): Gradients {
  const list = [...new Set(parameters)];
  const first = list[0];
  let meter = first && meters.get(first);
  if (!meter || meter.parameters.length !== list.length || list.some((p, i) => p !== meter!.parameters[i])) {
    meter = new NormMeter(list);
    if (first) meters.set(first, meter);
  }
  return new Gradients(meter);
}

/** The p-norm of all gradients together; 0 where there are none. A parameter listed twice counts once. */
export async function totalNorm(parameters: Iterable<Parameter>, normType = 2): Promise<number> {
  checkPower('totalNorm', normType);
  return gradientsOf(parameters).norm(normType);
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)) and returns the norm before. Unlike PyTorch, a finite
 * gradient whose float32 square would overflow has its true norm, and a negative or NaN threshold is an error.
 */
export async function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  { normType = 2, errorIfNonfinite = false, eps = 1e-6 }: ClipGradNormOptions = {},
): Promise<number> {
  checkThreshold('clipGradNorm', maxNorm);
  checkPower('clipGradNorm', normType);
  const gradients = gradientsOf(parameters);
  const norm = await gradients.norm(normType);
  if (errorIfNonfinite) await applyPolicy('clipGradNorm', gradients, 'throw');
  gradients.scale(clipFactor(norm, maxNorm, eps));
  return norm;
}

/** Bounds every gradient element to [−limit, limit] and returns how many were outside; NaN passes through. */
export async function clipGradValue(parameters: Iterable<Parameter>, limit: number): Promise<number> {
  checkThreshold('clipGradValue', limit);
  return gradientsOf(parameters).clamp(limit);
}
