/**
 * PyTorch's functions under their familiar names, awaited because a norm on a GPU cannot answer at once. For loops
 * that call their optimizer without hooks; inside `optimizer.step()` the hooks do the same.
 */

import type { Parameter } from '../autograd/index.js';
import { checkNames } from '../tensor/options.js';
import { checkListed } from './checks.js';
import { checkEps, checkPower, clipFactor } from './clip-by-global-norm.js';
import { Gradients } from './gradients.js';
import { checkThreshold } from './hook.js';
import { checkReach, said } from './non-finite.js';
import { type NormDevice, NormMeter } from './norm-meter.js';

/** Where a norm is measured. */
export interface TotalNormOptions {
  /** Where float32 gradients are measured; default: webasm, else cpu. */
  readonly normDevice?: NormDevice;
}

/** Options of `clipGradNorm`, with PyTorch's meaning and defaults. */
export interface ClipGradNormOptions extends TotalNormOptions {
  /** Which p-norm (PyTorch: norm_type); default 2. */
  readonly normType?: number;
  /** Throw, before any change, if the norm is not finite; default false: NaN spreads, ∞ zeroes. */
  readonly errorIfNonfinite?: boolean;
  /** Added to the norm before dividing; default 1e-6, so that results equal PyTorch's. */
  readonly eps?: number;
}

/** The latest few meters by the first parameter of their list: a loop may measure the whole and a part by turns. */
const meters = new WeakMap<Parameter, readonly NormMeter[]>();
const METERS_KEPT = 4;

/** The gradients of parameters given by hand; the meter of the same list is found again, so kernels are kept. */
function gradientsOf(caller: string, parameters: Iterable<Parameter>, device?: NormDevice): Gradients {
  checkListed(caller, parameters);
  const list = [...new Set(parameters)];
  const first = list[0];
  if (!first) return new Gradients(new NormMeter(list));
  const known = meters.get(first) ?? [];
  const measuresAll = ({ parameters: own }: NormMeter): boolean =>
    own.length === list.length && list.every((p, i) => p === own[i]);
  const same = known.find((meter) => meter.requested === device && measuresAll(meter));
  const meter = same ?? new NormMeter(list, device);
  if (known[0] !== meter) {
    meters.set(first, [meter, ...known.filter((other) => other !== meter)].slice(0, METERS_KEPT));
  }
  return new Gradients(meter);
}

/** The p-norm of all gradients together; 0 where there are none. A parameter listed twice counts once. */
export async function totalNorm(
  parameters: Iterable<Parameter>,
  normType = 2,
  options: TotalNormOptions = {},
): Promise<number> {
  checkNames('totalNorm', options, ['normDevice']);
  checkPower('totalNorm', normType);
  return gradientsOf('totalNorm', parameters, options.normDevice).norm(normType);
}

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)) and returns the norm before. Unlike PyTorch, a finite
 * gradient whose float32 square would overflow has its true norm, and a negative or NaN threshold is an error.
 */
export async function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Promise<number> {
  if (typeof options === 'number') {
    throw new Error(
      `clipGradNorm: third argument is an object of options, got ${options}; write { normType: ${options} }`,
    );
  }
  checkNames('clipGradNorm', options, ['normType', 'errorIfNonfinite', 'eps', 'normDevice']);
  const { normType = 2, errorIfNonfinite = false, eps = 1e-6, normDevice } = options;
  checkThreshold('clipGradNorm', maxNorm);
  checkPower('clipGradNorm', normType);
  checkEps('clipGradNorm', eps);
  const gradients = gradientsOf('clipGradNorm', parameters, normDevice);
  const norm = await gradients.norm(normType);
  const nonFinite = errorIfNonfinite ? await gradients.nonFinite() : [];
  if (nonFinite.length > 0) {
    throw new Error(`clipGradNorm: ${said(nonFinite)}; fix its cause, or leave out errorIfNonfinite`);
  }
  if (maxNorm !== Number.POSITIVE_INFINITY) await checkReach('clipGradNorm', gradients, norm);
  gradients.scale(clipFactor(norm, maxNorm, eps));
  return norm;
}

/** Bounds every gradient element to [−limit, limit] and returns how many were outside; NaN passes through. */
export async function clipGradValue(parameters: Iterable<Parameter>, limit: number): Promise<number> {
  checkThreshold('clipGradValue', limit);
  return gradientsOf('clipGradValue', parameters).clamp(limit);
}
