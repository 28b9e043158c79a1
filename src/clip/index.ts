/** Public surface of clipping: the hook contract, Gradients, the clippers, PyTorch's functions. */

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
  NonFinitePolicy,
  StepContext,
  UpdateHook,
} from './hook.js';
export type { ValueRange } from './in-place.js';
export { measureTurn } from './measure-turn.js';
export { ClipMonitor, type ClipMonitorOptions, type ClipSummary, type ObservedStep } from './monitor.js';
export { type MeterDevice, type NormDevice, NormMeter } from './norm-meter.js';
export {
  type BatchReport,
  type ExampleReport,
  PerExampleClipping,
  type PerExampleOptions,
} from './per-example-clipping.js';
export type { RateShift } from './rate-watch.js';
export type { Schedule } from './schedule.js';
export { type ClipSpec, clipSpecForms, parseClipSpec } from './spec.js';
export { Updates } from './updates.js';
