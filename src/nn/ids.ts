/** Ids: classes and vocabulary entries, whole numbers with a shape. Separate from Tensor, which holds floats only. */

import { kindOf, wrongKind } from '../tensor/arguments.js';
import { formatShape, type IdArray, type Shape, ShapeError, sizeOf, tensor } from '../tensor/index.js';

/** Ids as nested arrays. */
export type NestedIds = number | readonly NestedIds[];

/** Ids as a layer or loss takes them: nested arrays, a flat Int32Array, or data with a shape. */
export type Ids = NestedIds | Int32Array | IdArray;

/**
 * A copy of ids, with their shape. Throws an Error unless each is an integer in 0 … count − 1, or `besides`, and the
 * shape fits.
 */
export function resolveIds(caller: string, ids: Ids, count: number, besides?: number): IdArray {
  if (besides !== undefined && !Number.isInteger(besides)) {
    throw new Error(`${caller}: ignoreIndex must be an integer, got ${said(besides)}`);
  }
  const { data, shape } = asFlat(caller, ids);
  if (data.length !== sizeOf(shape)) {
    throw new ShapeError(
      `${caller}: ids of shape ${formatShape(shape)} need ${sizeOf(shape)} numbers, got ${data.length}`,
    );
  }
  const own = new Int32Array(data);
  for (let i = 0; i < own.length; i++) {
    if (own[i] === data[i] && ((own[i] >= 0 && own[i] < count) || own[i] === besides)) continue;
    throw new Error(
      `${caller}: ids must be integers in 0 … ${count - 1}, got ${said(data[i])} at position ${i}; check how ids are made`,
    );
  }
  return { data: own, shape };
}

function said(value: unknown): string {
  return typeof value === 'number' ? String(value) : kindOf(value);
}

const WANTED = 'class numbers: an Int32Array, an array of integers, or { data, shape }';

function asFlat(caller: string, ids: Ids): { readonly data: ArrayLike<number>; readonly shape: Shape } {
  if (ids instanceof Int32Array) return { data: ids, shape: [ids.length] };
  if (typeof ids === 'number' || Array.isArray(ids)) return fromNested(caller, ids);
  const { data, shape } = (ids ?? {}) as IdArray;
  const isFlat = Array.isArray(data) || (ArrayBuffer.isView(data) && 'length' in data);
  if (!isFlat || !Array.isArray(shape)) throw wrongKind(caller, 'ids', WANTED, ids);
  return { data, shape };
}

/** Nested numbers, in float64, which holds every id exactly; `tensor` checks that rows have equal lengths. */
function fromNested(
  caller: string,
  ids: NestedIds,
): { readonly data: ArrayLike<number>; readonly shape: Shape } {
  try {
    const nested = tensor(ids, { dtype: 'float64', backend: 'reference' });
    return { data: nested.data(), shape: nested.shape };
  } catch (error) {
    throw new ShapeError((error as Error).message.replace(/^tensor: elements/, `${caller}: ids`));
  }
}
