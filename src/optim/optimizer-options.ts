/** Options that every optimizer has, and those of its calls: separate because groups and optimizers both build on them. */

import type { NormDevice, Schedule, StepHook } from '../clip/index.js';
import type { PreparationOptions } from './preparation.js';

/** Options every optimizer has besides its own. */
export interface OptimizerOptions extends PreparationOptions {
  /** Learning rate: a number ≥ 0, or a schedule of it. */
  readonly lr: number | Schedule;
  /** What runs before the rule (gradient hooks) and behind it (update hooks), in order within each stage. */
  readonly hooks?: readonly StepHook[];
  /** Where float32 norms are computed; default: the first that works of webasm, in browsers webgl2, cpu; `simd` is the fastest. */
  readonly normDevice?: NormDevice;
}

/** What a caller may tell of a backward pass. */
export interface OptimizerBackwardOptions {
  /** What this micro-batch counts in the mean of an update, such as its number of examples; default 1. */
  readonly weight?: number;
}

/** What a caller may tell of a step. */
export interface StepOptions {
  /** The loss that the gradients are of, for hooks that look at it. If it is not finite, the step is skipped. */
  readonly loss?: number;
  /** Step on the mean of fewer micro-batches than `accumulate`, because the data is used up. */
  readonly partial?: boolean;
}

/** Options of `zeroGrad`. */
export interface ZeroGradOptions {
  /** Also those of micro-batches that no step was made of. */
  readonly discard?: boolean;
}
