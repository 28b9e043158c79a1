/** Public surface of clipping: the hook contract, Gradients, the clippers, PyTorch's functions. */

export { type AddWeightDecayOptions, addWeightDecay } from './add-weight-decay.js';
export * from './clippers.js';
export {
  type ClipGradNormOptions,
  clipGradNorm,
  clipGradValue,
  type TotalNormOptions,
  totalNorm,
} from './functions.js';
export { Gradients, type Measurement } from './gradients.js';
export type {
  GradientHook,
  HookReport,
  HookState,
  HookValues,
  NonFinitePolicy,
  StepHook,
  UpdateHook,
} from './hook.js';
export type { ValueRange } from './in-place.js';
export { measureTurn } from './measure-turn.js';
export { ClipMonitor, type ClipMonitorOptions, type ClipSummary, type ObservedStep } from './monitor.js';
export { mayRemember } from './non-finite.js';
export { clipFactor, type NormClipOptions } from './norm-clip.js';
export { type MeterDevice, type NormDevice, NormMeter } from './norm-meter.js';
export {
  type BatchReport,
  type ExampleReport,
  PerExampleClipping,
  type PerExampleOptions,
} from './per-example-clipping.js';
export type { RateShift } from './rate-watch.js';
export { runHook } from './run-hooks.js';
export { checkThreshold, type Schedule, thresholdAt } from './schedule.js';
export { type ClipSpec, clipSpecForms, clipSpecWords, parseClipSpec } from './spec.js';
export type { StepContext } from './step-context.js';
export { Updates } from './updates.js';
