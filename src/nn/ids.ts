/** Ids: classes and vocabulary entries, whole numbers with a shape. Separate from Tensor, which holds floats only. */

import { formatShape, type Shape, ShapeError, sizeOf, tensor } from '../tensor/index.js';

/** Ids in row-major order with their shape: the form that costs no conversion. */
export interface IdArray {
  readonly data: Int32Array;
  readonly shape: Shape;
}

/** Ids as nested arrays. */
export type NestedIds = number | readonly NestedIds[];

/** Ids as a layer or loss takes them: nested arrays, a flat Int32Array, or data with a shape. */
export type Ids = NestedIds | Int32Array | IdArray;

/** A copy of ids, with their shape. Throws an Error unless each is an integer in 0 … count − 1 and the shape fits. */
export function resolveIds(caller: string, ids: Ids, count: number): IdArray {
  const { data, shape } = asFlat(ids);
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `${caller}: ids of shape ${formatShape(shape)} need ${sizeOf(shape)} numbers, got ${data.length}`,
    );
  }
  const own = new Int32Array(data);
  for (let i = 0; i < own.length; i++) {
    if (own[i] === data[i] && own[i] >= 0 && own[i] < count) continue;
    throw new Error(
      `${caller}: ids must be integers in 0 … ${count - 1}, got ${data[i]} at position ${i}; check how ids are made`,
    );
  }
  return { data: own, shape };
}

function asFlat(ids: Ids): { readonly data: ArrayLike<number>; readonly shape: Shape } {
  if (ids instanceof Int32Array) return { data: ids, shape: [ids.length] };
  if (typeof ids === 'object' && 'data' in ids) return ids;
  // tensor() checks that rows have equal lengths; float64 holds every id exactly.
  const nested = tensor(ids, { dtype: 'float64', backend: 'reference' });
  return { data: nested.data(), shape: nested.shape };
}
