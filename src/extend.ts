/**
 * The entry point `tamegrad/extend`: what authors of clippers, optimizers and backends need besides `tamegrad`. Ops and layers
 * need nothing from here.
 */

export type {
  BlockPlace,
  GraphOp,
  OpRule,
  ParameterBlock,
  ParameterHolder,
} from './autograd/index.js';
export {
  check,
  checkAll,
  checkedParameters,
  from,
  integer,
  type OptionRange,
  type OptionRanges,
  oneOf,
  optional,
  ranges,
  settingsOf,
} from './clip/checks.js';
export {
  checkThreshold,
  clipFactor,
  mayRemember,
  type NormClipOptions,
  NormMeter,
  runHook,
  thresholdAt,
} from './clip/index.js';

export type { ScaledWeight } from './nn/index.js';
export {
  defineOptimizer,
  type GroupState,
  type LossScaleUse,
  type OptimizerClass,
  type OptimizerClassWithoutRate,
  type OptimizerParameters,
  type PreparationOptions,
  type RuleOptions,
  type SavedHook,
  type UpdateRule,
  type UpdateRun,
} from './optim/index.js';
export {
  type ActivationName,
  type ArrayView,
  type Backend,
  type BinaryName,
  backendNamed,
  type FloatArray,
  type FusedKernels,
  formatShape,
  longLived,
  type Memory as BackendMemory,
  type ReduceName,
  registerBackend,
  ShapeError,
  sameShape,
  sizeOf,
  type UnaryName,
  type View,
} from './tensor/index.js';
