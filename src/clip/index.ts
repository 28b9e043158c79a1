/** Public surface of clipping: the hook contract, Gradients, the clippers, PyTorch's functions. */

export { clipByGlobalNorm, type NormClipOptions } from './clip-by-global-norm.js';
export { clipByNorm } from './clip-by-norm.js';
export { clipByValue } from './clip-by-value.js';
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
export { type MeterDevice, type NormDevice, NormMeter } from './norm-meter.js';
export type { Schedule } from './schedule.js';
export { skipNonFinite } from './skip-non-finite.js';
export { type ClipSpec, clipSpecForms, parseClipSpec } from './spec.js';
export { Updates } from './updates.js';
