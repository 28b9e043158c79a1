/** Public surface of clipping: the hook contract, Gradients, the clippers, PyTorch's functions. */

export { clipFactor } from './clip-by-global-norm.js';
export * from './clippers.js';
export {
  type ClipGradNormOptions,
  clipGradNorm,
  clipGradValue,
  type TotalNormOptions,
  totalNorm,
} from './functions.js';
export { Gradients, type Measurement } from './gradients.js';
export {
  checkThreshold,
  type GradientHook,
  type HookReport,
  type HookState,
  type NonFinitePolicy,
  type StepContext,
  type UpdateHook,
} from './hook.js';
export type { ValueRange } from './in-place.js';
export { measureTurn } from './measure-turn.js';
export { type MeasuredNorm, measuredNorm } from './measured-norm.js';
export { ClipMonitor, type ClipMonitorOptions, type ClipSummary, type ObservedStep } from './monitor.js';
export { applyPolicy, checkPolicy } from './non-finite.js';
export { type MeterDevice, type NormDevice, NormMeter } from './norm-meter.js';
export {
  type BatchReport,
  type ExampleReport,
  PerExampleClipping,
  type PerExampleOptions,
} from './per-example-clipping.js';
export type { RateShift } from './rate-watch.js';
export { type Schedule, thresholdAt } from './schedule.js';
export { type ClipSpec, clipSpecForms, parseClipSpec } from './spec.js';
export { Updates } from './updates.js';
