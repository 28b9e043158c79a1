/**
 * The contract of a backend. It knows names of kernels, not ops: derivatives, layers and clippers never see it.
 * Every kernel gets views whose shapes were already checked and broadcast (stride 0 along broadcast axes), and
 * writes an output view that overlaps no input, unless its comment allows it.
 */

import type { DType, FloatArray, View } from './view.js';

/** Element-wise functions of one operand. */
export type UnaryName =
  | 'neg'
  | 'abs'
  | 'sign'
  | 'exp'
  | 'log'
  | 'log1p'
  | 'sqrt'
  | 'reciprocal'
  | 'tanh'
  | 'erf'
  | 'sin'
  | 'cos';

/** Element-wise functions of two operands; the comparisons give 1 or 0; max and min return NaN for a NaN operand. */
export type BinaryName =
  | 'add'
  | 'sub'
  | 'mul'
  | 'div'
  | 'max'
  | 'min'
  | 'pow'
  | 'greater'
  | 'greaterEqual'
  | 'equal';

/** Reductions over axes; max returns NaN where any element is NaN. */
export type ReduceName = 'sum' | 'max';

/** How long memory must live: until the innermost open scope ends, or until nobody refers to it. */
export type Lifetime = 'scope' | 'long';

/** Where an allocation lies: `size` elements of `data` from `offset` on, contents undefined. */
export interface Allocation {
  readonly data: FloatArray;
  readonly offset: number;
}

/** A backend's memory: `mark` and `release` bracket a scope, and what was allocated in between is free again. */
export interface Memory {
  allocate(dtype: DType, size: number, lifetime: Lifetime): Allocation;
  mark(): number;
  release(mark: number): void;
}

/** Kernels that do the work of several: optional, each with a composed fallback that is tested to agree. */
export interface FusedKernels {
  /** data[i] *= factor for i in offset … offset + size − 1: the clip's scaling of a gradient block. */
  scaleBlock(data: FloatArray, offset: number, size: number, factor: number): void;
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

/** Makes a backend known by its name; the first one registered is the default. */
export function registerBackend(backend: Backend): void {
  registered.set(backend.name, backend);
  current ??= backend;
}

/** The backend of that name; throws an Error that lists the known ones. */
export function backendNamed(name: string): Backend {
  const found = registered.get(name);
  if (!found) {
    throw new Error(`backend: must be one of ${[...registered.keys()].join(', ')}, got '${name}'`);
  }
  return found;
}

/** The backend on which tensors are created when none is named. */
export function defaultBackend(): Backend {
  if (!current) throw new Error('backend: none is registered; import the package through its entry point');
  return current;
}

/** Names the backend on which tensors are created from now on; returns the one before. */
export function setDefaultBackend(name: string): Backend {
  const before = defaultBackend();
  current = backendNamed(name);
  return before;
}

/** Every registered backend, in the order of registration. */
export function allBackends(): readonly Backend[] {
  return [...registered.values()];
}
