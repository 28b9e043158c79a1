/** Public surface of the optimizers. */

export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions } from './adam.js';
export { AdamW, type AdamWOptions } from './adamw.js';
export type { GroupOptions, OptimizerGroup, ParameterGroup, Settings } from './group.js';
export {
  dynamicLossScale,
  type LossScale,
  type LossScaleOptions,
  type LossScaleState,
} from './loss-scale.js';
export { Optimizer } from './optimizer.js';
export type { OptimizerOptions, StepOptions, ZeroGradOptions } from './optimizer-options.js';
export type { GroupState, OptimizerState, SavedHook } from './optimizer-state.js';
export type { Averaging, PreparationOptions, Share } from './preparation.js';
export type { StepReport } from './report.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export * from './schedules/index.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { Stateful } from './stateful.js';
export type { UpdateRun } from './update-run.js';
