/** Checks that tensors and row numbers fit together; each throws before any number is computed. */

import { kindOf, wrongKind } from './arguments.js';
import type { Backend } from './backend.js';
import { formatShape, type Shape, ShapeError, sameShape, sizeOf } from './shape.js';
import type { DType } from './view.js';

/** What is checked of a Tensor. This file knows no class, so that the class can import it. */
interface Checked {
  readonly shape: Shape;
  readonly dtype: DType;
  readonly backend: Backend;
}

/** Throws an Error unless a value is a Tensor. Recognised by its fields, so that this file need not load the class. */
export function checkTensor(caller: string, name: string, value: Checked): void {
  if (typeof value === 'object' && value !== null && 'view' in value && value.dtype !== undefined) return;
  throw wrongKind(caller, name, 'a Tensor', value);
}

/** Row numbers in the form that kernels read. Throws an Error unless each is a 32-bit integer. */
export function rowNumbers(caller: string, rows: Int32Array | readonly number[]): Int32Array {
  if (rows instanceof Int32Array) return rows;
  if (!Array.isArray(rows)) throw wrongKind(caller, 'rows', 'an Int32Array or an array of numbers', rows);
  const wrong = rows.find((row) => row !== (row | 0));
  if (wrong === undefined) return Int32Array.from(rows);
  const got = typeof wrong === 'number' ? String(wrong) : kindOf(wrong);
  throw new ShapeError(`${caller}: rows must be 32-bit integers, got ${got}`);
}

/** Throws ShapeError unless there is exactly one element. */
export function checkSingle(caller: string, shape: Shape): void {
  if (sizeOf(shape) === 1) return;
  throw new ShapeError(`${caller}: needs exactly one element, got shape ${formatShape(shape)}`);
}

/** Throws an Error unless two tensors share dtype and backend: they are never mixed silently. */
export function checkAlike(caller: string, a: Checked, b: Checked): void {
  if (a.dtype === b.dtype && a.backend === b.backend) return;
  const name = (tensor: Checked) => `${tensor.dtype} on ${tensor.backend.name}`;
  throw new Error(
    `${caller}: operands must share dtype and backend, got ${name(a)} and ${name(b)}; convert one with .to('${a.dtype}', '${a.backend.name}')`,
  );
}

/** Throws ShapeError unless the shapes are equal. */
function checkSame(caller: string, a: Shape, b: Shape): void {
  if (!sameShape(a, b)) {
    throw new ShapeError(`${caller}: shapes must be equal, got ${formatShape(a)} and ${formatShape(b)}`);
  }
}

/** Throws unless `other` has dtype, backend and shape of `like`. */
export function checkFits(caller: string, like: Checked, other: Checked): void {
  checkAlike(caller, like, other);
  checkSame(caller, like.shape, other.shape);
}

/** Throws ShapeError unless matrices of these shapes can be multiplied. */
export function checkProduct(a: Shape, b: Shape): void {
  if (a.length >= 2 && b.length >= 2 && a[a.length - 1] === b[b.length - 2]) return;
  const rule =
    a.length < 2 || b.length < 2 ? 'operands need at least two axes' : 'inner dimensions must agree';
  throw new ShapeError(`matmul: ${rule}, got ${formatShape(a)} × ${formatShape(b)}`);
}

/** Throws ShapeError unless every index is a row of `shape`. */
export function checkIndices(caller: string, indices: Int32Array, shape: Shape): void {
  if (shape.length === 0) throw new ShapeError(`${caller}: a scalar has no rows`);
  for (const index of indices) {
    if (index < 0 || index >= shape[0]) {
      throw new ShapeError(`${caller}: rows must be in 0 … ${shape[0] - 1}, got ${index}`);
    }
  }
}

/** Throws unless rows can be added to `target` at `indices`. */
export function checkScatter(target: Checked, rows: Checked, indices: Int32Array): void {
  checkTensor('scatterAddRows', 'rows', rows);
  if (!(indices instanceof Int32Array))
    throw wrongKind('scatterAddRows', 'indices', 'an Int32Array', indices);
  checkAlike('scatterAddRows', target, rows);
  checkIndices('scatterAddRows', indices, target.shape);
  checkSame('scatterAddRows', rows.shape, [indices.length, ...target.shape.slice(1)]);
}
