/** Creation: tensors from numbers, and the constant ones. */

import { checkCount, checkNumber, wrongKind } from './arguments.js';
import { type Backend, chosenBackend } from './backend.js';
import type { NestedArray } from './nested.js';
import { checkNames } from './options.js';
import { checkShape, formatShape, type Shape, ShapeError, sameShape, sizeOf } from './shape.js';
import { Tensor } from './tensor.js';
import { checkDType, type DType, type FloatArray } from './view.js';

/** Where and in which precision a tensor is created; the defaults are float32 on the default backend. */
export interface TensorOptions {
  readonly dtype?: DType;
  readonly backend?: string;
}

const OPTIONS = ['dtype', 'backend'];

function place(caller: string, options: TensorOptions, natural: DType = 'float32'): [DType, Backend] {
  checkNames(caller, options, OPTIONS);
  const { dtype = natural, backend } = options;
  checkDType(caller, dtype);
  return [dtype, chosenBackend(dtype, backend)];
}

/** Options of `tensor`: precision, backend, and a shape. */
export interface FromNumbersOptions extends TensorOptions {
  /** Of flat numbers, in row-major order. */
  readonly shape?: Shape;
}

/**
 * A tensor from nested arrays (`tensor([[1, 2], [3, 4]])`), or from flat numbers and a shape
 * (`tensor(data, { shape: [2, 2] })`). A Float64Array becomes float64, all else float32 unless told. Throws ShapeError
 * if anything is not a number, if rows differ in length, or if the count does not fit the shape.
 */
export function tensor(values: NestedArray | ArrayLike<number>, options: FromNumbersOptions = {}): Tensor {
  checkCount('tensor', arguments.length, 2);
  checkNames('tensor', options, ['shape', ...OPTIONS]);
  const { shape: asked, ...where } = options;
  const own = shapeOf(values);
  const shape = asked ?? own;
  checkShape('tensor', shape);
  checkFilled(own, shape);
  const out = Tensor.empty(shape, ...place('tensor', where, naturalDType(values)));
  const { data, offset } = out.view();
  fill(values, own, 0, data, offset);
  return out;
}

/** The precision that numbers come in. */
function naturalDType(values: unknown): DType {
  return values instanceof Float64Array ? 'float64' : 'float32';
}

function checkFilled(own: Shape, shape: Shape): void {
  if (own.length > 1 && !sameShape(own, shape)) {
    throw new ShapeError(
      `tensor: nested arrays must have the shape that is asked for, got ${formatShape(own)} for ${formatShape(shape)}; flatten them, or use reshape`,
    );
  }
  if (sizeOf(own) === sizeOf(shape)) return;
  throw new ShapeError(
    `tensor: shape ${formatShape(shape)} holds ${sizeOf(shape)} numbers, got ${sizeOf(own)}`,
  );
}

/** The shape of nested arrays: lengths down the first branch, which every other branch must match. */
function shapeOf(values: unknown): Shape {
  if (typeof values === 'number') return [];
  if (!isList(values)) throw new ShapeError(wrongKind('tensor', 'elements', WANTED, values).message);
  const [first] = values;
  return values.length === 0 || typeof first === 'number'
    ? [values.length]
    : [values.length, ...shapeOf(first)];
}

const WANTED = 'numbers or arrays of numbers';

/** Whether a value holds others by number: an array or a typed array; text and tensors do not. */
function isList(values: unknown): values is ArrayLike<unknown> & Iterable<unknown> {
  return Array.isArray(values) || (ArrayBuffer.isView(values) && !(values instanceof DataView));
}

/** Whether all that a typed array can hold are numbers. */
function isNumbers(values: unknown): values is ArrayLike<number> {
  return ArrayBuffer.isView(values) && !(values instanceof BigInt64Array || values instanceof BigUint64Array);
}

/** Copies nested numbers into `data` from `at` on; returns where they end. Throws ShapeError if one does not fit. */
function fill(values: unknown, shape: Shape, axis: number, data: FloatArray, at: number): number {
  if (axis === shape.length) {
    if (typeof values !== 'number') throw misfit(values, shape.slice(axis));
    data[at] = values;
    return at + 1;
  }
  if (!isList(values) || values.length !== shape[axis]) throw misfit(values, shape.slice(axis));
  if (axis === shape.length - 1) {
    if (isNumbers(values)) {
      data.set(values, at);
      return at + values.length;
    }
    for (let i = 0; i < values.length; i++) {
      const value = values[i];
      if (typeof value !== 'number') throw misfit(value, []);
      data[at + i] = value;
    }
    return at + values.length;
  }
  let end = at;
  for (let i = 0; i < values.length; i++) end = fill(values[i], shape, axis + 1, data, end);
  return end;
}

/** The error for one of several rows: it must be like the first. */
function misfit(value: unknown, expected: Shape): ShapeError {
  if (typeof value !== 'number' && !isList(value)) {
    return new ShapeError(wrongKind('tensor', 'elements', WANTED, value).message);
  }
  if (expected.length === 0) {
    return new ShapeError('tensor: rows must be all numbers or all arrays, got both');
  }
  return new ShapeError(
    `tensor: rows must have equal lengths, got ${formatShape(expected)} beside ${formatShape(shapeOf(value))}`,
  );
}

/** A tensor with every element `value`. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  checkCount('full', arguments.length, 3);
  checkNumber('full', 'value', value);
  return filled('full', shape, value, ...place('full', options));
}

function filled(caller: string, shape: Shape, value: number, dtype: DType, backend: Backend): Tensor {
  checkShape(caller, shape);
  const out = Tensor.empty(shape, dtype, backend);
  const { data, offset } = out.view();
  data.fill(value, offset, offset + out.size);
  return out;
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  checkCount('zeros', arguments.length, 2);
  return filled('zeros', shape, 0, ...place('zeros', options));
}

/** A tensor of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  checkCount('ones', arguments.length, 2);
  return filled('ones', shape, 1, ...place('ones', options));
}

/** Zeros (or another value) with the shape, dtype and backend of a tensor. */
export function fullLike(like: Tensor, value: number, shape?: Shape): Tensor {
  checkCount('fullLike', arguments.length, 3);
  if (!(like instanceof Tensor)) throw wrongKind('fullLike', 'the first argument', 'a Tensor', like);
  checkNumber('fullLike', 'value', value);
  return filled('fullLike', shape ?? like.shape, value, like.dtype, like.backend);
}

/** The n × n identity matrix. */
export function eye(n: number, options: TensorOptions = {}): Tensor {
  checkCount('eye', arguments.length, 2);
  checkNumber('eye', 'n', n);
  const out = filled('eye', [n, n], 0, ...place('eye', options));
  const { data, offset } = out.view();
  for (let i = 0; i < n; i++) data[offset + i * (n + 1)] = 1;
  return out;
}
