/**
 * Whether views share memory. Separate from View because only what writes in place asks: a kernel that reads a view of
 * what it writes would read its own results.
 */

import { formatShape, sizeOf } from './shape.js';
import type { View } from './view.js';

/** Whether two views reach into one stretch of memory; they may still have no element in common. */
export function overlaps(a: View, b: View): boolean {
  if (a.data !== b.data && a.data.buffer !== b.data.buffer) return false;
  return edge(a, -1) <= edge(b, 1) && edge(b, -1) <= edge(a, 1);
}

/** Throws an Error if a view stretches one element over several places: a write into it has no meaning. */
export function checkWritable(caller: string, { shape, stride }: View): void {
  for (let axis = 0; axis < shape.length; axis++) {
    if (stride[axis] !== 0 || shape[axis] <= 1 || sizeOf(shape) === 0) continue;
    throw new Error(
      `${caller}: cannot write into a broadcast view, shape ${formatShape(shape)}, whose elements share memory along axis ${axis}; write into a .copy()`,
    );
  }
}

/** Whether writing `target` element by element may change elements of `source` that are still to be read. */
export function isDisturbed(source: View, target: View): boolean {
  return overlaps(source, target) && !isSameView(source, target);
}

/** Byte address in its buffer of a view's first (direction −1) or last (1) element in memory. */
function edge({ data, shape, stride, offset }: View, direction: number): number {
  let element = offset;
  for (let axis = 0; axis < shape.length; axis++) {
    if (stride[axis] * direction > 0) element += stride[axis] * (shape[axis] - 1);
  }
  return data.byteOffset + element * data.BYTES_PER_ELEMENT;
}

function isSameView(a: View, b: View): boolean {
  if (a.offset !== b.offset || a.data.byteOffset !== b.data.byteOffset) return false;
  for (let axis = 0; axis < a.shape.length; axis++) {
    if (a.shape[axis] !== b.shape[axis] || a.stride[axis] !== b.stride[axis]) return false;
  }
  return a.shape.length === b.shape.length;
}
