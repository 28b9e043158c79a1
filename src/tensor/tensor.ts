/**
 * Tensor: numbers with a shape. A value without gradients; every method returns a new tensor, and movement
 * (reshape of contiguous data, transpose, slice, broadcast) returns a view without a copy. Element-wise methods,
 * reductions and matmul check shapes here and hand the work to the tensor's backend.
 */

import type { NdArray } from 'ndarray';
import { type Backend, type BinaryName, chosenBackend, type ReduceName, type UnaryName } from './backend.js';
import { checkAlike, checkFits, checkIndices, checkProduct, checkScatter, checkSingle } from './checks.js';
import { describeTensor, inspect } from './describe.js';
import { broadcastView, sliceView, swapView, transposeView } from './movement.js';
import { type NestedArray, nested, readNdarray } from './nested.js';
import { isDisturbed, overlaps } from './overlap.js';
import type { Range } from './range.js';
import { allocate, type Changes, currentScope, type Keepable, keep, longLived, type Scope } from './scope.js';
import {
  broadcastShapes,
  checkNotEmpty,
  inferShape,
  isContiguous,
  normalizeAxes,
  reducedShape,
  rowMajorStrides,
  type Shape,
  sameShape,
  sizeOf,
} from './shape.js';
import { type ArrayView, allocateArray, type DType, dtypeOf, type FloatArray, makeView } from './view.js';

/** Which axes to reduce (default all) and whether they stay as length 1 (default false). */
export interface ReduceOptions {
  readonly axis?: number | Shape;
  readonly keepDims?: boolean;
}

/** A tensor operand: a number adopts the dtype and backend of the tensor it meets. */
export type TensorLike = Tensor | number;

/** Numbers with a shape: float32 or float64, strided, on one backend. */
export class Tensor implements Keepable {
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
    this.dtype = dtypeOf(view.data);
    this.backend = backend;
    this.#view = view;
    this.#scope = scope;
    this.#changes = changes;
  }

  /** A tensor of undefined contents, row-major, living as long as the innermost open scope. */
  static empty(shape: Shape, dtype: DType, backend: Backend): Tensor {
    const { data, offset } = allocate(backend, dtype, sizeOf(shape));
    return new Tensor(makeView(data, shape, rowMajorStrides(shape), offset), backend, currentScope());
  }

  /** Copies a scijs ndarray of any numeric dtype: float64 stays float64, all else becomes float32 unless told. */
  static from(
    array: NdArray,
    dtype: DType = array.dtype === 'float64' ? 'float64' : 'float32',
    backend: Backend = chosenBackend(dtype),
  ): Tensor {
    const copy = Tensor.empty(array.shape, dtype, backend);
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
    return makeView(this.data(), this.shape, rowMajorStrides(this.shape), 0);
  }

  /** The elements in row-major order, copied. */
  data(): FloatArray {
    const { data, stride, offset } = this.view();
    if (isContiguous(this.shape, stride)) return data.slice(offset, offset + this.size);
    const copy = allocateArray(this.dtype, this.size);
    this.backend.copy(this.view(), makeView(copy, this.shape, rowMajorStrides(this.shape), 0));
    return copy;
  }

  /** The elements as nested arrays; a number for a scalar. */
  toArray(): NestedArray {
    return nested(this.data(), this.shape);
  }

  /** Shape, dtype, backend and the first numbers. */
  toString(): string {
    return describeTensor(this);
  }
  [inspect](): string {
    return describeTensor(this);
  }

  /** The only element of a one-element tensor. */
  item(): number {
    checkSingle('Tensor.item', this.shape);
    const { data, offset } = this.view();
    return data[offset];
  }

  /** A row-major copy. */
  copy(): Tensor {
    const out = Tensor.empty(this.shape, this.dtype, this.backend);
    this.backend.copy(this.view(), out.view());
    return out;
  }

  /** A copy in another dtype or on another backend, `to('float32', 'simd')`; itself where nothing would change. */
  to(dtype: DType, on?: Backend | string): Tensor {
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
    const out = Tensor.empty(this.shape, this.dtype, this.backend);
    this.backend.unary(name, this.view(), out.view());
    return out;
  }

  /** Applies a backend's element-wise function of two operands, broadcasting. */
  binary(name: BinaryName, other: TensorLike): Tensor {
    const right = this.like(other);
    checkAlike(name, this, right);
    const shape = broadcastShapes(name, this.shape, right.shape);
    const out = Tensor.empty(shape, this.dtype, this.backend);
    this.backend.binary(name, this.broadcastTo(shape).view(), right.broadcastTo(shape).view(), out.view());
    return out;
  }

  /** A number as a scalar tensor of this dtype on this backend; a tensor as it is. */
  like(other: TensorLike): Tensor {
    if (typeof other !== 'number') return other;
    const scalar = Tensor.empty([], this.dtype, this.backend);
    const { data, offset } = scalar.#view;
    data[offset] = other;
    return scalar;
  }

  add(other: TensorLike): Tensor {
    return this.binary('add', other);
  }
  sub(other: TensorLike): Tensor {
    return this.binary('sub', other);
  }
  mul(other: TensorLike): Tensor {
    return this.binary('mul', other);
  }
  div(other: TensorLike): Tensor {
    return this.binary('div', other);
  }

  /** this where condition is non-zero, `other` elsewhere. */
  where(condition: Tensor, other: TensorLike): Tensor {
    const right = this.like(other);
    checkAlike('where', this, right);
    checkAlike('where', this, condition);
    const both = broadcastShapes('where', this.shape, right.shape);
    const shape = broadcastShapes('where', both, condition.shape);
    const out = Tensor.empty(shape, this.dtype, this.backend);
    const chosen = condition.broadcastTo(shape).view();
    const [a, b] = [this.broadcastTo(shape).view(), right.broadcastTo(shape).view()];
    this.backend.where(chosen, a, b, out.view());
    return out;
  }

  /** Adds `other`, which must have this shape, into this tensor's own memory. */
  addInPlace(other: Tensor): void {
    const source = this.#sourceFrom('addInPlace', other);
    this.backend.binary('add', this.view(), source, this.view());
  }

  /** Copies `other`, which must have this shape, into this tensor's own memory. */
  overwrite(other: Tensor): void {
    this.backend.copy(this.#sourceFrom('overwrite', other), this.view());
  }

  /** What a write in place reads: a copy where it would be disturbed. Counts the change. */
  #sourceFrom(caller: string, other: Tensor): ArrayView {
    checkFits(caller, this, other);
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
    checkScatter(this, rows, indices);
    const source = overlaps(rows.view(), this.view()) ? rows.copy() : rows;
    this.backend.scatterAdd(source.view(), indices, this.view());
    this.#countChange();
  }

  sum(options?: ReduceOptions): Tensor {
    return this.#reduce('sum', options);
  }

  /** Largest element; NaN where any is NaN. */
  max(options?: ReduceOptions): Tensor {
    return this.#reduce('max', options);
  }

  #reduce(name: ReduceName, { axis, keepDims = false }: ReduceOptions = {}): Tensor {
    const axes = normalizeAxes(name, axis, this.rank);
    if (name === 'max') checkNotEmpty(name, this.shape, axes);
    const out = Tensor.empty(reducedShape(this.shape, axes, true), this.dtype, this.backend);
    this.backend.reduce(name, this.view(), axes, out.view());
    return keepDims ? out : out.reshape(reducedShape(this.shape, axes, false));
  }

  /** Matrix product over the last two axes, `[…, n, k] × […, k, m] → […, n, m]`; leading axes broadcast. */
  matmul(other: Tensor): Tensor {
    checkAlike('matmul', this, other);
    const [a, b] = [this.shape, other.shape];
    checkProduct(a, b);
    const isBatch = a.length > 2 || b.length > 2;
    const batch = isBatch ? broadcastShapes('matmul', a.slice(0, -2), b.slice(0, -2)) : [];
    const left = isBatch ? this.broadcastTo([...batch, ...a.slice(-2)]) : this;
    const right = isBatch ? other.broadcastTo([...batch, ...b.slice(-2)]) : other;
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
    const target = inferShape('reshape', shape, this.size);
    const { data, stride, offset } = this.view();
    if (!isContiguous(this.shape, stride)) return this.copy().reshape(target);
    return this.#seenAs(makeView(data, target, rowMajorStrides(target), offset));
  }

  /** Axes in another order (default: reversed), a view. */
  transpose(axes?: Shape): Tensor {
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
    return sameShape(this.shape, shape) ? this : this.#seenAs(broadcastView(this.view(), shape));
  }

  /** A view of a range along each leading axis, Python's rules; axes without a range stay whole. */
  slice(ranges: readonly (Range | null)[]): Tensor {
    return this.#seenAs(sliceView(this.view(), ranges));
  }

  /** Rows of the first axis by number, `[n, …] → [indices.length, …]`. */
  gatherRows(indices: Int32Array): Tensor {
    checkIndices('gatherRows', indices, this.shape);
    const out = Tensor.empty([indices.length, ...this.shape.slice(1)], this.dtype, this.backend);
    this.backend.gather(this.view(), indices, out.view());
    return out;
  }
}
