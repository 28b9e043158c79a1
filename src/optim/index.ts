/**
 * Optimizers, a file each, and schedules. The order of a step is in optimizer.ts: measure, hooks, rule, update hooks. What
 * comes before it (micro-batches, replicas, loss scale) is in preparation.ts.
 */

export { Adagrad, type AdagradOptions } from './adagrad.js';
export { Adam, type AdamOptions } from './adam.js';
export { AdamW, type AdamWOptions } from './adamw.js';
export {
  defineOptimizer,
  type OptimizerClass,
  type OptimizerClassWithoutRate,
  type OptimizerParameters,
} from './define-optimizer.js';
export type { GroupOptions, OptimizerGroup, ParameterGroup, RuleOptions } from './group.js';
export {
  dynamicLossScale,
  type LossScale,
  type LossScaleOptions,
  type LossScaleState,
  type LossScaleUse,
} from './loss-scale.js';
export { Optimizer } from './optimizer.js';
export type {
  OptimizerBackwardOptions,
  OptimizerOptions,
  StepOptions,
  ZeroGradOptions,
} from './optimizer-options.js';
export type { Averaging, PreparationOptions, ReplicaShare } from './preparation.js';
export type { StepReport } from './report.js';
export { RMSprop, type RMSpropOptions } from './rmsprop.js';
export * from './schedules/index.js';
export { SGD, type SGDOptions } from './sgd.js';
export type {
  GroupState,
  OptimizerCounts,
  OptimizerState,
  SavedHook,
  SavedParameter,
} from './state-schema.js';
export type { Stateful } from './stateful.js';
export type { UpdateRule } from './update-rule.js';
export type { UpdateRun } from './update-run.js';
export {
  WeightAverage,
  type WeightAverageOptions,
  type WeightAverageState,
} from './weight-average.js';
