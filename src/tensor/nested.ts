/** Numbers in the forms that others hold them in: nested arrays, and ndarrays of any dtype. */

import type { NdArray } from 'ndarray';
import type { Shape } from './shape.js';
import type { FloatArray, View } from './view.js';

/** Nested numbers, as `toArray()` gives them. */
export type NestedArray = number | readonly NestedArray[];

/** Row-major numbers as nested arrays; a number for a scalar. */
export function nested(data: FloatArray, shape: Shape): NestedArray {
  const nest = (axis: number, start: number, span: number): NestedArray => {
    if (axis === shape.length) return data[start];
    const step = span / shape[axis];
    return Array.from({ length: shape[axis] }, (_, i) => nest(axis + 1, start + i * step, step));
  };
  return nest(0, 0, data.length);
}

/** Copies an ndarray of any numeric dtype into a row-major view of its shape. */
export function readNdarray(array: NdArray, { data, offset, shape }: View): void {
  const index = shape.map(() => 0);
  const size = shape.reduce((product, length) => product * length, 1);
  for (let i = 0; i < size; i++) {
    data[offset + i] = Number(array.get(...index));
    for (let axis = index.length - 1; axis >= 0 && ++index[axis] === shape[axis]; axis--) index[axis] = 0;
  }
}
