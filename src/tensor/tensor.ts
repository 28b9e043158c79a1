/**
 * Tensor: numbers with a shape. A value without gradients; every method returns a new tensor, and movement
 * (reshape of contiguous data, transpose, slice, broadcast) returns a view without a copy. Element-wise methods,
 * reductions and matmul check shapes here and hand the work to the tensor's backend.
 */

import type { NdArray } from 'ndarray';
import { checkArray, checkCount, checkFlag, kindOf, notANumber, wrongKind } from './arguments.js';
import {
  type Backend,
  type BinaryName,
  binaryNames,
  chosenBackend,
  type ReduceName,
  type UnaryName,
  unaryNames,
} from './backend.js';
import {
  checkAlike,
  checkFits,
  checkIndices,
  checkProduct,
  checkScatter,
  checkSingle,
  checkTensor,
  rowNumbers,
} from './checks.js';
import { describeTensor, inspect } from './describe.js';
import { broadcastView, sliceView, swapView, transposeView } from './movement.js';
import { type NestedArray, nested, readNdarray } from './nested.js';
import { checkNames } from './options.js';
import { checkWritable, isDisturbed, overlaps } from './overlap.js';
import type { Range } from './range.js';
import { allocate, type Changes, currentScope, type Keepable, keep, longLived, type Scope } from './scope.js';
import {
  broadcastShapes,
  checkNotEmpty,
  checkShape,
  inferShape,
  isContiguous,
  normalizeAxes,
  reducedShape,
  type Shape,
  sameShape,
  sizeOf,
} from './shape.js';
import {
  type ArrayView,
  allocateArray,
  checkDType,
  type DType,
  dtypeOf,
  type FloatArray,
  rowMajorView,
} from './view.js';

/** Throws an Error unless a kernel of that name is among those known. */
function checkKernel(caller: string, name: string, known: ReadonlySet<string>): void {
  if (known.has(name)) return;
  const got = typeof name === 'string' ? `'${name}'` : kindOf(name);
  throw new Error(`${caller}: there is no function ${got}; it must be one of ${[...known].join(', ')}`);
}

/** Which axes to reduce (default all) and whether they stay as length 1 (default false). */
export interface ReduceOptions {
  readonly axis?: number | Shape;
  readonly keepDims?: boolean;
}

const REDUCE_OPTIONS = ['axis', 'keepDims'];

/** The options of a reduction. Throws an Error if one has no name known, or keepDims is no flag. */
export function readReduceOptions(caller: string, options: ReduceOptions): ReduceOptions {
  checkNames(caller, options, REDUCE_OPTIONS);
  if (options.keepDims !== undefined) checkFlag(`${caller}`, 'keepDims', options.keepDims);
  return options;
}

/** A tensor operand: a number adopts the dtype and backend of the tensor it meets. */
export type TensorLike = Tensor | number;

function dtypeOfNdarray(array: NdArray): DType {
  if (typeof array?.get !== 'function' || !Array.isArray(array.shape)) {
    throw wrongKind('Tensor.from', 'the first argument', 'a scijs ndarray', array);
  }
  return array.dtype === 'float64' ? 'float64' : 'float32';
}

/** Recognised by one of its functions: to read its memory would reserve that, and takes longer. */
function isBackend(value: Backend): boolean {
  return typeof value?.scatterAdd === 'function';
}

/** What an attempt to clone a Tensor names: a symbol cannot be cloned, and its text is the message. */
const HOW_TO_CLONE = Symbol(
  'a Tensor: send { data: t.data(), shape: t.shape } instead, and make tensor(data, { shape }) of it there; this',
);

/** Numbers with a shape: float32 or float64, strided, on one backend. */
export class Tensor implements Keepable {
  /** @internal For structuredClone and postMessage, which have no other way of being told. */
  readonly cloning = HOW_TO_CLONE;
  readonly dtype: DType;
  readonly backend: Backend;
  readonly #view: ArrayView;
  readonly #scope: Scope | null;
  /** Shared by every view of one memory; null until there is a view or a change to count. */
  #changes: Changes | null;

  /**
   * Wraps a view without a copy; most callers want `tensor()`, `zeros()` and their kin. `changes`: of memory that is
   * written again while graphs may refer to it, as a parameter's is.
   */
  constructor(view: ArrayView, backend: Backend, scope: Scope | null, changes: Changes | null = null) {
    if (!view?.data) throw wrongKind('Tensor', 'view', 'a scijs ndarray of floats', view);
    if (!isBackend(backend))
      throw wrongKind('Tensor', 'backend', 'a backend, as backendNamed gives it', backend);
    this.dtype = dtypeOf(view.data);
    this.backend = backend;
    this.#view = view;
    this.#scope = scope;
    this.#changes = changes;
  }

  /** A tensor of undefined contents, row-major, living as long as the innermost open scope. */
  static empty(shape: Shape, dtype: DType, backend: Backend): Tensor {
    if (!isBackend(backend)) {
      throw wrongKind('Tensor.empty', 'backend', 'a backend, as backendNamed gives it', backend);
    }
    const { data, offset } = allocate(backend, dtype, sizeOf(shape));
    return new Tensor(rowMajorView(data, shape, offset), backend, currentScope());
  }

  /** Copies a scijs ndarray of any numeric dtype: float64 stays float64, all else becomes float32 unless told. */
  static from(
    array: NdArray,
    dtype: DType = dtypeOfNdarray(array),
    backend: Backend = chosenBackend(dtype),
  ): Tensor {
    checkCount('Tensor.from', arguments.length, 3);
    checkDType('Tensor.from', dtype);
    const copy = Tensor.empty(array.shape, dtype, chosenBackend(dtype, backend));
    readNdarray(array, copy.#view);
    return copy;
  }

  get shape(): Shape {
    return this.#view.shape;
  }

  /** Number of axes. */
  get rank(): number {
    return this.#view.shape.length;
  }

  /** Number of elements. */
  get size(): number {
    return sizeOf(this.#view.shape);
  }

  /** Raised whenever its memory, which views share, is changed in place. */
  get version(): number {
    return this.#changes === null ? 0 : this.#changes.count;
  }

  /** Whether it lives longer than what is allocated now. */
  get isOuter(): boolean {
    return this.#scope !== currentScope();
  }

  /** The elements as a scijs ndarray, without a copy: valid inside the scope only, not to be kept or written. */
  view(): ArrayView {
    this.#scope?.check(this.#view.shape);
    return this.#view;
  }

  /** The elements as a scijs ndarray of their own. */
  ndarray(): ArrayView {
    checkCount('Tensor.ndarray', arguments.length, 0);
    return rowMajorView(this.data(), this.shape, 0);
  }

  /** The elements in row-major order, copied. */
  data(): FloatArray {
    checkCount('Tensor.data', arguments.length, 0);
    const { data, stride, offset } = this.view();
    if (isContiguous(this.shape, stride)) return data.slice(offset, offset + this.size);
    const copy = allocateArray(this.dtype, this.size);
    this.backend.copy(this.view(), rowMajorView(copy, this.shape, 0));
    return copy;
  }

  /** The elements as nested arrays; a number for a scalar. */
  toArray(): NestedArray {
    checkCount('Tensor.toArray', arguments.length, 0);
    return nested(this.data(), this.shape);
  }

  /** What JSON.stringify writes: nested numbers, as `tensor()` reads them. Throws if a number is not finite, which JSON cannot hold. */
  toJSON(): NestedArray {
    const wrong = this.data().find((value) => !Number.isFinite(value));
    if (wrong === undefined) return this.toArray();
    throw new Error(
      `Tensor.toJSON: JSON holds finite numbers only, got ${wrong}; save tensors with encodeSafetensors(model.stateDict())`,
    );
  }

  /** Shape, dtype, backend and the first numbers. */
  toString(): string {
    return describeTensor(this);
  }

  /** Throws an Error: a Tensor in an expression of JavaScript (`total += x`, `x * 2`, `x < 1`) is a mistake. */
  valueOf(): never {
    throw notANumber('Tensor');
  }

  [inspect](): string {
    return describeTensor(this);
  }

  /** The only element of a one-element tensor. */
  item(): number {
    checkCount('Tensor.item', arguments.length, 0);
    checkSingle('Tensor.item', this.shape);
    const { data, offset } = this.view();
    return data[offset];
  }

  /** A row-major copy. */
  copy(): Tensor {
    checkCount('Tensor.copy', arguments.length, 0);
    const out = Tensor.empty(this.shape, this.dtype, this.backend);
    this.backend.copy(this.view(), out.view());
    return out;
  }

  /** A copy in another dtype or on another backend, `to('float32', 'simd')`; itself where nothing would change. */
  to(dtype: DType, on?: Backend | string): Tensor {
    checkCount('Tensor.to', arguments.length, 2);
    checkDType('Tensor.to', dtype);
    const backend = chosenBackend(dtype, on, this.backend);
    if (dtype === this.dtype && backend === this.backend) return this;
    const out = Tensor.empty(this.shape, dtype, backend);
    const { data, offset } = out.#view;
    data.set(this.data(), offset);
    return out;
  }

  [keep](ending: Scope): Tensor {
    return this.#scope === ending ? longLived(() => this.copy()) : this;
  }

  /** Applies a backend's element-wise function of one operand. */
  unary(name: UnaryName): Tensor {
    checkCount('Tensor.unary', arguments.length, 1);
    checkKernel('Tensor.unary', name, unaryNames);
    const out = Tensor.empty(this.shape, this.dtype, this.backend);
    this.backend.unary(name, this.view(), out.view());
    return out;
  }

  /** Applies a backend's element-wise function of two operands, broadcasting. */
  binary(name: BinaryName, other: TensorLike): Tensor {
    checkCount('Tensor.binary', arguments.length, 2);
    checkKernel('Tensor.binary', name, binaryNames);
    const right = this.#operand(name, other);
    checkAlike(name, this, right);
    const shape = broadcastShapes(name, this.shape, right.shape);
    const out = Tensor.empty(shape, this.dtype, this.backend);
    this.backend.binary(name, this.#stretched(shape).view(), right.#stretched(shape).view(), out.view());
    return out;
  }

  /** A number as a scalar tensor of this dtype on this backend; a tensor as it is. */
  like(other: TensorLike): Tensor {
    checkCount('Tensor.like', arguments.length, 1);
    return this.#operand('Tensor.like', other);
  }

  #operand(caller: string, other: TensorLike): Tensor {
    if (other instanceof Tensor) return other;
    if (typeof other !== 'number') throw wrongKind(caller, 'an operand', 'a Tensor or a number', other);
    const scalar = Tensor.empty([], this.dtype, this.backend);
    const { data, offset } = scalar.#view;
    data[offset] = other;
    return scalar;
  }

  add(other: TensorLike): Tensor {
    checkCount('add', arguments.length, 1);
    return this.binary('add', other);
  }
  sub(other: TensorLike): Tensor {
    checkCount('sub', arguments.length, 1);
    return this.binary('sub', other);
  }
  mul(other: TensorLike): Tensor {
    checkCount('mul', arguments.length, 1);
    return this.binary('mul', other);
  }
  div(other: TensorLike): Tensor {
    checkCount('div', arguments.length, 1);
    return this.binary('div', other);
  }

  /** this where condition is non-zero, `other` elsewhere. */
  where(condition: Tensor, other: TensorLike): Tensor {
    checkCount('where', arguments.length, 2);
    checkTensor('where', 'the condition', condition);
    const right = this.#operand('where', other);
    checkAlike('where', this, right);
    checkAlike('where', this, condition);
    const both = broadcastShapes('where', this.shape, right.shape);
    const shape = broadcastShapes('where', both, condition.shape);
    const out = Tensor.empty(shape, this.dtype, this.backend);
    const chosen = condition.#stretched(shape).view();
    const [a, b] = [this.#stretched(shape).view(), right.#stretched(shape).view()];
    this.backend.where(chosen, a, b, out.view());
    return out;
  }

  /** Adds `other`, which must have this shape, into this tensor's own memory. */
  addInPlace(other: Tensor): void {
    checkCount('addInPlace', arguments.length, 1);
    const source = this.#sourceFrom('addInPlace', other);
    this.backend.binary('add', this.view(), source, this.view());
  }

  /** Copies `other`, which must have this shape, into this tensor's own memory. */
  overwrite(other: Tensor): void {
    checkCount('overwrite', arguments.length, 1);
    this.backend.copy(this.#sourceFrom('overwrite', other), this.view());
  }

  /** What a write in place reads: a copy where it would be disturbed. Counts the change. */
  #sourceFrom(caller: string, other: Tensor): ArrayView {
    checkTensor(caller, 'the argument', other);
    checkFits(caller, this, other);
    checkWritable(caller, this.view());
    const source = isDisturbed(other.view(), this.view()) ? other.copy() : other;
    this.#countChange();
    return source.view();
  }

  #countChange(): void {
    this.#changes ??= { count: 0 };
    this.#changes.count++;
  }

  /** Adds row i of `rows` to row indices[i] of this tensor's own memory. */
  scatterAddRows(rows: Tensor, indices: Int32Array): void {
    checkCount('scatterAddRows', arguments.length, 2);
    checkScatter(this, rows, indices);
    checkWritable('scatterAddRows', this.view());
    const source = overlaps(rows.view(), this.view()) ? rows.copy() : rows;
    this.backend.scatterAdd(source.view(), indices, this.view());
    this.#countChange();
  }

  sum(options?: ReduceOptions): Tensor {
    checkCount('sum', arguments.length, 1);
    return this.#reduce('sum', options);
  }

  /** Largest element; NaN where any is NaN. */
  max(options?: ReduceOptions): Tensor {
    checkCount('max', arguments.length, 1);
    return this.#reduce('max', options);
  }

  #reduce(name: ReduceName, options: ReduceOptions = {}): Tensor {
    const { axis, keepDims } = readReduceOptions(name, options);
    const axes = normalizeAxes(name, axis, this.rank);
    if (name === 'max') checkNotEmpty(name, this.shape, axes);
    const whole = reducedShape(this.shape, axes, true);
    const out = Tensor.empty(
      keepDims ? whole : reducedShape(this.shape, axes, false),
      this.dtype,
      this.backend,
    );
    const { data, offset } = out.#view;
    this.backend.reduce(name, this.view(), axes, keepDims ? out.#view : rowMajorView(data, whole, offset));
    return out;
  }

  /** Matrix product over the last two axes, `[…, n, k] × […, k, m] → […, n, m]`; leading axes broadcast. */
  matmul(other: Tensor): Tensor {
    checkCount('matmul', arguments.length, 1);
    checkTensor('matmul', 'the operand', other);
    checkAlike('matmul', this, other);
    const [a, b] = [this.shape, other.shape];
    checkProduct(a, b);
    const isBatch = a.length > 2 || b.length > 2;
    const batch = isBatch ? broadcastShapes('matmul', a.slice(0, -2), b.slice(0, -2)) : [];
    const left = isBatch ? this.#stretched([...batch, ...a.slice(-2)]) : this;
    const right = isBatch ? other.#stretched([...batch, ...b.slice(-2)]) : other;
    const shape = [...batch, a[a.length - 2], b[b.length - 1]];
    const out = Tensor.empty(shape, this.dtype, this.backend);
    this.backend.matmul(left.view(), right.view(), out.view());
    return out;
  }

  #seenAs(view: ArrayView): Tensor {
    this.#changes ??= { count: 0 };
    return new Tensor(view, this.backend, this.#scope, this.#changes);
  }

  /** The same elements in another shape, one length may be -1; a view where the data is contiguous. */
  reshape(shape: Shape): Tensor {
    checkCount('reshape', arguments.length, 1);
    const target = inferShape('reshape', shape, this.size);
    const { data, stride, offset } = this.view();
    if (!isContiguous(this.shape, stride)) return this.copy().reshape(target);
    return this.#seenAs(rowMajorView(data, target, offset));
  }

  /** Axes in another order (default: reversed), a view. */
  transpose(axes?: Shape): Tensor {
    checkCount('transpose', arguments.length, 1);
    if (axes !== undefined) checkArray('transpose', 'axes', axes, 'axis numbers');
    if (!axes && this.rank <= 2) return this.T;
    const order = axes ?? this.shape.map((_, axis) => this.rank - 1 - axis);
    return this.#seenAs(transposeView(this.view(), order));
  }

  /** The transpose of the last two axes, a view. */
  get T(): Tensor {
    return this.#seenAs(swapView(this.view()));
  }

  /** A view of this tensor stretched to `shape`: axes of length 1 and missing leading axes repeat. */
  broadcastTo(shape: Shape): Tensor {
    checkCount('broadcastTo', arguments.length, 1);
    checkShape('broadcastTo', shape);
    return this.#stretched(shape);
  }

  #stretched(shape: Shape): Tensor {
    return sameShape(this.shape, shape) ? this : this.#seenAs(broadcastView(this.view(), shape));
  }

  /** A view of a range along each leading axis, Python's rules; axes without a range stay whole. */
  slice(ranges: readonly (Range | null)[]): Tensor {
    checkCount('slice', arguments.length, 1);
    return this.#seenAs(sliceView(this.view(), ranges));
  }

  /** Rows of the first axis by number, `[n, …] → [indices.length, …]`. */
  gatherRows(rows: Int32Array | readonly number[]): Tensor {
    checkCount('gatherRows', arguments.length, 1);
    const indices = rowNumbers('gatherRows', rows);
    checkIndices('gatherRows', indices, this.shape);
    const out = Tensor.empty([indices.length, ...this.shape.slice(1)], this.dtype, this.backend);
    this.backend.gather(this.view(), indices, out.view());
    return out;
  }
}
