/** Creation: tensors from numbers, and the constant ones. */

import { type Backend, chosenBackend } from './backend.js';
import type { NestedArray } from './nested.js';
import { checkShape, formatShape, type Shape, ShapeError, sizeOf } from './shape.js';
import { Tensor } from './tensor.js';
import type { DType } from './view.js';

/** Where and in which precision a tensor is created; the defaults are float32 on the default backend. */
export interface TensorOptions {
  readonly dtype?: DType;
  readonly backend?: string;
}

function place({ dtype = 'float32', backend }: TensorOptions): [DType, Backend] {
  if (dtype !== 'float32' && dtype !== 'float64') {
    throw new Error(`tensor: dtype must be float32 or float64, got '${dtype}'`);
  }
  return [dtype, chosenBackend(dtype, backend)];
}

/**
 * A tensor from nested arrays (`tensor([[1, 2], [3, 4]])`), or from flat numbers and a shape
 * (`tensor(data, { shape: [2, 2] })`). Throws ShapeError where rows differ in length or the count does not fit.
 */
export function tensor(
  values: NestedArray | ArrayLike<number>,
  options: TensorOptions & { readonly shape?: Shape } = {},
): Tensor {
  const shape = options.shape ?? shapeOf(values as NestedArray);
  const flat = (
    Array.isArray(values) ? values.flat(Infinity) : typeof values === 'number' ? [values] : values
  ) as ArrayLike<number>;
  checkShape('tensor', shape);
  if (flat.length !== sizeOf(shape)) {
    throw new ShapeError(
      `tensor: shape ${formatShape(shape)} holds ${sizeOf(shape)} numbers, got ${flat.length}`,
    );
  }
  const out = Tensor.empty(shape, ...place(options));
  const { data, offset } = out.view();
  data.set(flat, offset);
  return out;
}

/** The shape of nested arrays: lengths down the first branch, which every other branch must match. */
function shapeOf(values: NestedArray | ArrayLike<number>): Shape {
  if (typeof values === 'number') return [];
  if (typeof values !== 'object' || values === null || values.length === undefined)
    throw new ShapeError(`tensor: elements must be numbers or arrays of numbers, got ${values}`);
  if (values.length === 0 || typeof values[0] === 'number') {
    for (let i = 1; i < values.length; i++) {
      if (typeof values[i] !== 'number')
        throw new ShapeError('tensor: rows must be all numbers or all arrays, got both or a hole');
    }
    return [values.length];
  }
  const rows = Array.from(values as readonly NestedArray[], shapeOf);
  const first = rows[0];
  for (const row of rows) {
    if (formatShape(row) !== formatShape(first)) {
      throw new ShapeError(
        `tensor: rows must have equal lengths, got ${formatShape(first)} beside ${formatShape(row)}`,
      );
    }
  }
  return [rows.length, ...first];
}

/** A tensor with every element `value`. */
export function full(shape: Shape, value: number, options: TensorOptions = {}): Tensor {
  return filled('full', shape, value, ...place(options));
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
  return filled('zeros', shape, 0, ...place(options));
}

/** A tensor of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return filled('ones', shape, 1, ...place(options));
}

/** Zeros (or another value) with the shape, dtype and backend of a tensor. */
export function fullLike(like: Tensor, value: number, shape: Shape = like.shape): Tensor {
  return filled('fullLike', shape, value, like.dtype, like.backend);
}

/** The n × n identity matrix. */
export function eye(n: number, options: TensorOptions = {}): Tensor {
  const out = filled('eye', [n, n], 0, ...place(options));
  const { data, offset } = out.view();
  for (let i = 0; i < n; i++) data[offset + i * (n + 1)] = 1;
  return out;
}
