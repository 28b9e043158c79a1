/**
 * Clipping, the stage between backward and step: the hook contract (hook.ts), Gradients, the clippers (a file each, listed in
 * clippers.ts), PyTorch's functions (functions.ts), the words of `--clip` (spec.ts), names of parameters (names.ts), the
 * monitor. Norms are measured by norm-meter.ts with the kernels of kernels/gpu.
 */

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
export { type MeterDevice, type NormDevice, NormMeter } from './norm-meter.js';
export {
  type BatchReport,
  type ExampleReport,
  PerExampleClipping,
  type PerExampleOptions,
} from './per-example-clipping.js';
export type { RateShift } from './rate-watch.js';
export { runHook } from './run-hooks.js';
export type { Schedule } from './schedule.js';
export { type ClipSpec, clipSpecForms, clipSpecWords, parseClipSpec } from './spec.js';
export type { StepContext } from './step-context.js';
export { checkThreshold, clipFactor, type NormClipOptions, thresholdAt } from './threshold.js';
export { Updates } from './updates.js';
