/** Checks that tensors and row numbers fit together; each throws before any number is computed. */

import { formatShape, type Shape, ShapeError, sameShape } from './shape.js';
import type { Tensor } from './tensor.js';

/** Throws an Error unless two tensors share dtype and backend: they are never mixed silently. */
export function checkAlike(caller: string, a: Tensor, b: Tensor): void {
  if (a.dtype === b.dtype && a.backend === b.backend) return;
  const name = (tensor: Tensor) => `${tensor.dtype} on ${tensor.backend.name}`;
  throw new Error(
    `${caller}: operands must share dtype and backend, got ${name(a)} and ${name(b)}; convert one with .to()`,
  );
}

/** Throws ShapeError unless the shapes are equal. */
export function checkSame(caller: string, a: Shape, b: Shape): void {
  if (!sameShape(a, b)) {
    throw new ShapeError(`${caller}: shapes must be equal, got ${formatShape(a)} and ${formatShape(b)}`);
  }
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
