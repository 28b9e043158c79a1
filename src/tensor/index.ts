/**
 * Numbers with a shape: Tensor (tensor.ts), shape rules, creation, random numbers, options and arguments as every function
 * checks them. The backends are in backends/: `reference` is the readable specification, `simd` the default.
 */

import './argmax.js';
import './methods.js';
import { registerBackend } from './backend.js';
import { reference } from './backends/reference.js';
import { simd } from './backends/simd.js';

registerBackend(simd);
registerBackend(reference);

export type { ArgmaxOptions, IdArray } from './argmax.js';
export {
  type ActivationName,
  allBackends,
  type Backend,
  type BinaryName,
  backendNamed,
  defaultBackend,
  type FusedKernels,
  type Memory,
  type ReduceName,
  registerBackend,
  setDefaultBackend,
  type UnaryName,
} from './backend.js';
export { configureSimd, simdOptions } from './backends/simd.js';
export type { SimdOptions } from './backends/simd-options.js';
export { eye, full, fullLike, ones, type TensorOptions, tensor, zeros } from './create.js';
export type { NestedArray } from './nested.js';
export { normal, Random, uniform } from './random.js';
export type { Range } from './range.js';
export { longLived, scope } from './scope.js';
export { formatShape, type Shape, ShapeError, sameShape, sizeOf } from './shape.js';
export { type ReduceOptions, Tensor, type TensorLike } from './tensor.js';
export type { ArrayView, DType, FloatArray, View } from './view.js';
