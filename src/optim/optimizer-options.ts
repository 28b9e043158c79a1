/** Options that every optimizer has, and those of its calls: separate because groups and optimizers both build on them. */

import type { GradientHook, NormDevice, Schedule, UpdateHook } from '../clip/index.js';
import type { PreparationOptions } from './preparation.js';

/** Options every optimizer has besides its own. */
export interface OptimizerOptions extends PreparationOptions {
  /** Learning rate: a number ≥ 0, or a schedule of it. */
  readonly lr: number | Schedule;
  /** What runs between backward and the update, in order. */
  readonly hooks?: readonly GradientHook[];
  /** What runs on the updates that the rule made, in order. */
  readonly updateHooks?: readonly UpdateHook[];
  /** Where float32 norms are computed; default: webasm, else cpu; `simd` is the fastest. */
  readonly normDevice?: NormDevice;
}

/** What a caller may tell of a step. */
export interface StepOptions {
  /** The loss that the gradients are of, for hooks that look at it. */
  readonly loss?: number;
  /** Step on the mean of fewer micro-batches than `accumulate`, where the data is used up. */
  readonly partial?: boolean;
}

/** What may be told of setting gradients to null. */
export interface ZeroGradOptions {
  /** Also those of micro-batches that no step was made of. */
  readonly discard?: boolean;
}
