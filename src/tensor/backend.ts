/**
 * The contract of a backend. It knows names of kernels, not ops: derivatives, layers and clippers never see it.
 * Every kernel gets views whose shapes were already checked and broadcast (stride 0 along broadcast axes), and
 * writes an output view that overlaps no input, unless its comment allows it.
 */

import { checkCount, kindOf, wrongKind } from './arguments.js';
import { checkDType, type DType, type FloatArray, type View } from './view.js';

const UNARY = [
  'neg',
  'abs',
  'sign',
  'exp',
  'log',
  'log1p',
  'sqrt',
  'reciprocal',
  'tanh',
  'sigmoid',
  'relu',
  'erf',
  'sin',
  'cos',
] as const;

const BINARY = ['add', 'sub', 'mul', 'div', 'max', 'min', 'pow', 'greater', 'greaterEqual', 'equal'] as const;

/** Element-wise functions of one operand. */
export type UnaryName = (typeof UNARY)[number];

/** Element-wise functions of two operands; the comparisons give 1 or 0; max and min return NaN for a NaN operand. */
export type BinaryName = (typeof BINARY)[number];

/** Their names, for whoever looks one up. */
export const unaryNames: ReadonlySet<string> = new Set(UNARY);
export const binaryNames: ReadonlySet<string> = new Set(BINARY);

/** Reductions over axes; max returns NaN where any element is NaN. */
export type ReduceName = 'sum' | 'max';

/** How long memory must live: until the innermost open scope ends, or until nobody refers to it. */
export type Lifetime = 'scope' | 'long';

/** Elements to whose multiples every tensor in a block is padded with zeros, so that kernels may run over the end. */
export const BLOCK_PADDING = 8;

/** `size` rounded up to a multiple of BLOCK_PADDING: the room a parameter takes in a block. */
export function paddedSize(size: number): number {
  return Math.ceil(size / BLOCK_PADDING) * BLOCK_PADDING;
}

/** Where an allocation lies: `size` elements of `data` from `offset` on, contents undefined. */
export interface Allocation {
  readonly data: FloatArray;
  readonly offset: number;
}

/** A backend's memory: `mark` and `release` bracket a scope, and what was allocated in between is free again. */
export interface Memory {
  allocate(dtype: DType, size: number, lifetime: Lifetime): Allocation;
  /** Zeros that live until they are freed, where fused kernels reach them: parameters, gradients, moments. */
  allocateBlock(dtype: DType, size: number): FloatArray;
  /**
   * Whether a block of `size` elements would leave enough for the tensors of a step. Left out where the engine's own
   * collector owns the memory: it always would.
   */
  hasRoom?(size: number): boolean;
  /** Gives a block back: nobody may read or write it from then on. Throws an Error for anything else. */
  freeBlock(block: FloatArray): void;
  /** Where a block, or a part of one, lies: by this, not by an array of its own, a tensor is reached fastest. */
  locate(block: FloatArray): Allocation;
  mark(): number;
  release(mark: number): void;
}

/** Activations that fused kernels apply; their derivatives are taken from the output. */
export type ActivationName = 'identity' | 'relu' | 'tanh' | 'sigmoid';

/** What a fused optimizer update works on: elements start … end − 1 of arrays that lie alike. */
export interface BlockRange {
  readonly values: FloatArray;
  readonly grads: FloatArray;
  readonly start: number;
  readonly end: number;
}

/**
 * Kernels that do the work of several: each is optional and has a composed twin, which tests compare with it. Views are
 * checked by the caller; `out` and everything written is fresh and contiguous.
 */
export interface FusedKernels {
  /** block[i] *= factor for start ≤ i < end. */
  scaleBlock(block: FloatArray, start: number, end: number, factor: number): void;
  /** Σ block[i]² for start ≤ i < end, to three roundings of float32: it neither overflows nor vanishes. */
  sumSquares(block: FloatArray, start: number, end: number): number;
  /** The largest |block[i]| for start ≤ i < end; 0 for none, NaN where any is NaN. */
  maxAbs(block: FloatArray, start: number, end: number): number;
  /** PyTorch's SGD; `velocity` null without momentum, `first` where it starts. */
  sgd(range: BlockRange, velocity: FloatArray | null, first: boolean, options: SgdConstants): void;
  /** PyTorch's Adam and AdamW; `largest` null without AMSGrad. */
  adam(range: BlockRange, moments: AdamMoments, options: AdamConstants): void;
  /** out = x · weightᵀ + bias: [n, in] × [out, in] + [out] → [n, out]. */
  affine(x: View, weight: View, bias: View, out: View): void;
  /** Each row of x [n, size] brought to mean 0 and variance 1 (eps added to it), times weight, plus bias, both [size]. */
  layerNorm(x: View, weight: View, bias: View, eps: number, out: View): void;
  /** ∂L/∂x of the same, and in `shares` what each row adds to ∂L/∂weight; all [n, size] but weight. */
  layerNormBackward(grad: View, x: View, weight: View, eps: number, dx: View, shares: View): void;
  /** out = grad · f′, f′ from output = f(…). */
  activationBackward(name: ActivationName, grad: View, output: View, out: View): void;
  /** h_t = f(pre_t + h_{t−1} · weightᵀ): `states` [T, B, H] holds pre and becomes h; `h0` [B, H] or null for zeros. */
  recurrentForward(name: ActivationName, states: View, weight: View, h0: View | null): void;
  /**
   * ∂L/∂h_t and ∂L/∂pre_t for every t, from `upstream`: what reaches each h_t from outside the recurrence [T, B, H], or
   * the last alone [B, H].
   */
  recurrentBackward(
    name: ActivationName,
    upstream: View,
    states: View,
    weight: View,
    dh: View,
    dpre: View,
  ): void;
  /**
   * An LSTM's steps: `gates` [T, B, 4H] holds x_t · W_ihᵀ + b and becomes i, f, g, o; writes cells and states [T, B, H].
   * `weight` [4H, H], `h0` and `c0` [B, H].
   */
  lstmForward(gates: View, weight: View, h0: View, c0: View, cells: View, states: View): void;
  /**
   * ∂L/∂h_t (`dh`) and that of the sums under the gates (`dpre` [T, B, 4H]) for every t; `upstream` as above. `dc` [B, H]
   * holds what reaches the last cells and becomes ∂L/∂c₀.
   */
  lstmBackward(
    upstream: View,
    gates: View,
    cells: View,
    c0: View,
    weight: View,
    dh: View,
    dpre: View,
    dc: View,
  ): void;
  /**
   * A GRU's steps: `gates` [T, B, 3H] holds x_t · W_ihᵀ + b, for r and z with both biases, and becomes r, z, n; writes
   * `inner` = h_{t−1} · W_hnᵀ + innerBias and states, [T, B, H] each. `weight` [3H, H], `h0` [B, H].
   */
  gruForward(gates: View, weight: View, innerBias: View, h0: View, inner: View, states: View): void;
  /** ∂L/∂h_t (`dh`) and those of both sums under the gates, x's and h's, [T, B, 3H] each; `upstream` as above. */
  gruBackward(
    upstream: View,
    gates: View,
    inner: View,
    states: View,
    h0: View,
    weight: View,
    dh: View,
    dinput: View,
    dhidden: View,
  ): void;
  /** Softmax, or its logarithm, of each row [n, classes]. */
  softmaxRows(x: View, out: View): void;
  logSoftmaxRows(x: View, out: View): void;
  /** Softmax of the first i mod n + 1 elements of each row i of [rows, n], zeros after them. */
  causalSoftmaxRows(x: View, out: View): void;
  /** Writes the softmax of each row of `x` [n, classes] and returns Σ −ln of its target's share. */
  crossEntropy(x: View, targets: Int32Array, probabilities: View): number;
  /** out = (probabilities − one-hot of targets) · scale. */
  crossEntropyBackward(probabilities: View, targets: Int32Array, scale: number, out: View): void;
}

/** Constants of one SGD update. */
export interface SgdConstants {
  readonly lr: number;
  readonly momentum: number;
  readonly dampening: number;
  readonly nesterov: boolean;
  readonly weightDecay: number;
  readonly maximize: boolean;
}

/** Running moments, addressed like the values. */
export interface AdamMoments {
  readonly first: FloatArray;
  readonly second: FloatArray;
  readonly largest: FloatArray | null;
}

/** Constants of one Adam update: stepSize = lr / (1 − β₁ᵗ), correction = √(1 − β₂ᵗ). */
export interface AdamConstants {
  readonly lr: number;
  readonly stepSize: number;
  readonly correction: number;
  readonly betas: readonly [number, number];
  readonly eps: number;
  readonly weightDecay: number;
  /** Whether weight decay shrinks the values by 1 − lr · weightDecay, as AdamW's does, and enters no moment. */
  readonly decoupled: boolean;
  readonly maximize: boolean;
}

/** What computes. Two hold the whole contract: `reference` (the readable specification) and whatever is fast. */
export interface Backend {
  readonly name: string;
  readonly dtypes: readonly DType[];
  readonly memory: Memory;
  readonly fused: Partial<FusedKernels>;

  unary(name: UnaryName, x: View, out: View): void;
  /** `out` may be `a` itself (in-place accumulation). */
  binary(name: BinaryName, a: View, b: View, out: View): void;
  /** `out` has the shape of `x` with length 1 along each of `axes`. */
  reduce(name: ReduceName, x: View, axes: readonly number[], out: View): void;
  /** out[…, i, j] = Σₖ a[…, i, k] · b[…, k, j]; batch axes are equal, any strides. */
  matmul(a: View, b: View, out: View): void;
  /** out[i, …] = table[indices[i], …]; indices are checked by the caller. */
  gather(table: View, indices: Int32Array, out: View): void;
  /** out[indices[i], …] += rows[i, …], in the order of i. */
  scatterAdd(rows: View, indices: Int32Array, out: View): void;
  /** out = condition ≠ 0 ? a : b. */
  where(condition: View, a: View, b: View, out: View): void;
  copy(x: View, out: View): void;
}

const registered = new Map<string, Backend>();
let current: Backend | null = null;

/** Makes a backend known by its name; the first one registered is the default. Throws if the name is taken. */
export function registerBackend(backend: Backend): void {
  checkCount('registerBackend', arguments.length, 1);
  if (typeof backend !== 'object' || backend === null || typeof backend.name !== 'string') {
    throw wrongKind('registerBackend', 'backend', 'an object with a name and kernels', backend);
  }
  if (registered.has(backend.name)) {
    throw new Error(`registerBackend: '${backend.name}' is taken; give the backend another name`);
  }
  registered.set(backend.name, backend);
  current ??= backend;
}

/** The backend of that name; throws an Error that lists the known ones. */
export function backendNamed(name: string): Backend {
  checkCount('backendNamed', arguments.length, 1);
  const found = registered.get(name);
  if (!found) {
    const got = typeof name === 'string' ? `'${name}'` : kindOf(name);
    throw new Error(`backend: must be one of ${[...registered.keys()].join(', ')}, got ${got}`);
  }
  return found;
}

/** The backend on which tensors of a dtype are created when none is named: the default one, if it has the dtype. */
export function defaultBackend(dtype: DType = 'float32'): Backend {
  checkCount('defaultBackend', arguments.length, 1);
  checkDType('defaultBackend', dtype);
  const able = [current, ...registered.values()].find((backend) => backend?.dtypes.includes(dtype));
  if (!able) throw new Error('backend: none is registered; import the package through its entry point');
  return able;
}

/** Names the backend on which tensors are created from now on; returns the one before. */
export function setDefaultBackend(name: string): Backend {
  checkCount('setDefaultBackend', arguments.length, 1);
  const before = defaultBackend();
  current = backendNamed(name);
  return before;
}

/** Every registered backend, in the order of registration. */
export function allBackends(): readonly Backend[] {
  checkCount('allBackends', arguments.length, 0);
  return [...registered.values()];
}

/** The backend of a dtype: as asked for, itself or by name; else `own`, if it has the dtype, or the default one. */
export function chosenBackend(dtype: DType, asked?: Backend | string, own?: Backend): Backend {
  if (asked === undefined) return own?.dtypes.includes(dtype) ? own : defaultBackend(dtype);
  return typeof asked === 'object' && asked !== null && 'dtypes' in asked ? asked : backendNamed(asked);
}
