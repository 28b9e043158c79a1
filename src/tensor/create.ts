/** Creation: tensors from numbers, and the constant ones. */

import { type Backend, backendNamed, defaultBackend } from './backend.js';
import { checkShape, formatShape, type Shape, ShapeError, sizeOf } from './shape.js';
import { type NestedArray, Tensor } from './tensor.js';
import type { DType } from './view.js';

/** Where and in which precision a tensor is created; the defaults are float32 on the default backend. */
export interface TensorOptions {
  readonly dtype?: DType;
  readonly backend?: string;
}

function place({ dtype = 'float32', backend }: TensorOptions): [DType, Backend] {
  return [dtype, backend === undefined ? defaultBackend() : backendNamed(backend)];
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
  if (values.length === 0 || typeof values[0] === 'number') {
    for (let i = 1; i < values.length; i++) {
      if (typeof values[i] !== 'number')
        throw new ShapeError('tensor: rows must have equal lengths, got numbers beside arrays');
    }
    return [values.length];
  }
  const rows = Array.from(values as readonly NestedArray[], shapeOf);
  const first = rows[0]!;
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
  checkShape('full', shape);
  const out = Tensor.empty(shape, ...place(options));
  const { data, offset } = out.view();
  data.fill(value, offset, offset + out.size);
  return out;
}

/** A tensor of zeros. */
export function zeros(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 0, options);
}

/** A tensor of ones. */
export function ones(shape: Shape, options: TensorOptions = {}): Tensor {
  return full(shape, 1, options);
}

/** Zeros (or another value) with the shape, dtype and backend of a tensor. */
export function fullLike(like: Tensor, value: number, shape: Shape = like.shape): Tensor {
  const out = Tensor.empty(shape, like.dtype, like.backend);
  const { data, offset } = out.view();
  data.fill(value, offset, offset + out.size);
  return out;
}

/** The n × n identity matrix. */
export function eye(n: number, options: TensorOptions = {}): Tensor {
  const out = zeros([n, n], options);
  const { data, offset } = out.view();
  for (let i = 0; i < n; i++) data[offset + i * (n + 1)] = 1;
  return out;
}
