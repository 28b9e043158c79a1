/**
 * PyTorch's functions under their familiar names, awaited because a norm on a GPU cannot answer at once. For loops
 * that call their optimizer without hooks; inside `optimizer.step()` the hooks do the same.
 */

import type { Parameter } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import { checkNames } from '../tensor/options.js';
import { check, checkedParameters, ranges, settingsOf } from './checks.js';
import { Gradients } from './gradients.js';
import { hold, letGo } from './hold.js';
import { gradientsAreNot } from './non-finite.js';
import { deviceRange, type NormDevice, NormMeter } from './norm-meter.js';
import { clipFactor } from './threshold.js';

/** Where a norm is measured. */
export interface TotalNormOptions {
  /** Where float32 gradients are measured; default: the first that works of webasm, in browsers webgl2, cpu. */
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

/** The latest few meters by the first parameter of their list: a loop may measure the whole and a part in turn. */
const meters = new WeakMap<Parameter, readonly NormMeter[]>();
const METERS_KEPT = 4;

/** The meter of a list of parameters; that of the same list is found again, so that kernels are kept. */
function meterOf(caller: string, parameters: Iterable<Parameter>, device?: NormDevice): NormMeter {
  const list = checkedParameters(caller, parameters);
  const known = meters.get(list[0]) ?? [];
  const measuresAll = ({ parameters: own }: NormMeter): boolean =>
    own.length === list.length && list.every((p, i) => p === own[i]);
  const same = known.find((meter) => meter.requested === device && measuresAll(meter));
  const meter = same ?? new NormMeter(list, device);
  if (known[0] !== meter) {
    meters.set(list[0], [meter, ...known.filter((other) => other !== meter)].slice(0, METERS_KEPT));
  }
  return meter;
}

/** The p-norm of all gradients together; 0 if no parameter has one. A parameter listed twice counts once. */
export async function totalNorm(
  parameters: Iterable<Parameter>,
  normType = 2,
  options: TotalNormOptions = {},
): Promise<number> {
  const caller = 'totalNorm';
  checkCount(caller, arguments.length, 3);
  checkNames(caller, options, ['normDevice']);
  check(caller, 'normType', normType, ranges.power);
  const meter = meterOf(caller, parameters, options.normDevice);
  for (const parameter of meter.parameters) parameter.checkFree(caller);
  const gradients = new Gradients(meter);
  const norm = await gradients.norm(normType);
  gradients.checkIntact(caller);
  return norm;
}

const CLIP_DEFAULTS = { normType: 2, errorIfNonfinite: false, eps: 1e-6, normDevice: undefined };
const CLIP_RANGES = {
  normType: ranges.power,
  errorIfNonfinite: ranges.flag,
  eps: ranges.finite,
  normDevice: deviceRange,
};

/**
 * Scales all gradients by min(1, maxNorm / (norm + 1e-6)) and returns the norm before. Unlike PyTorch, a finite
 * gradient whose float32 square would overflow has its true norm, and a negative or NaN threshold is an error. Await it: until
 * it has finished, nothing else may use the gradients.
 */
export async function clipGradNorm(
  parameters: Iterable<Parameter>,
  maxNorm: number,
  options: ClipGradNormOptions = {},
): Promise<number> {
  const caller = 'clipGradNorm';
  checkCount(caller, arguments.length, 3);
  if (typeof options === 'number') {
    throw new Error(
      `${caller}: third argument is an object of options, got ${options}; write { normType: ${options} }`,
    );
  }
  const { normType, errorIfNonfinite, eps, normDevice } = settingsOf(
    caller,
    options,
    CLIP_DEFAULTS,
    CLIP_RANGES,
  );
  check(caller, 'maxNorm', maxNorm, ranges.bound);
  return held(caller, meterOf(caller, parameters, normDevice), async (gradients) => {
    const norm = await gradients.norm(normType);
    const nonFinite = errorIfNonfinite ? await gradients.nonFinite() : [];
    if (nonFinite.length > 0) {
      throw new Error(
        `${caller}: ${gradientsAreNot(nonFinite)}; fix its cause, or leave out errorIfNonfinite`,
      );
    }
    gradients.scale(clipFactor(norm, maxNorm, eps));
    return norm;
  });
}

/** Bounds every gradient element to [−maxValue, maxValue] and returns how many were outside; NaN passes through. */
export async function clipGradValue(parameters: Iterable<Parameter>, maxValue: number): Promise<number> {
  const caller = 'clipGradValue';
  checkCount(caller, arguments.length, 2);
  check(caller, 'maxValue', maxValue, ranges.bound);
  return held(caller, meterOf(caller, parameters), async (gradients) => gradients.clamp(maxValue));
}

/** Runs `work` on the gradients; until it has finished, nothing else may change them. */
async function held<T>(
  caller: string,
  meter: NormMeter,
  work: (gradients: Gradients) => Promise<T>,
): Promise<T> {
  const holder = { owner: `${caller}(), which has not finished`, remedy: 'await it first' };
  hold(caller, meter.parameters, holder);
  try {
    return await work(new Gradients(meter));
  } finally {
    letGo(meter.parameters, holder);
  }
}
