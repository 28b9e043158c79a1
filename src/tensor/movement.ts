/**
 * Movement: the same elements in another order, by arithmetic on shape, strides and offset alone. Separate from
 * Tensor because no number is read or written, and nothing here knows of scopes or backends.
 */

import { wrongKind } from './arguments.js';
import { type Range, resolveRange } from './range.js';
import { broadcastShapes, checkShape, formatShape, normalizeAxes, type Shape, ShapeError } from './shape.js';
import { type ArrayView, makeView, type View } from './view.js';

/** Axes in another order. */
export function transposeView({ data, shape, stride, offset }: View, axes: Shape): ArrayView {
  const order = normalizeAxes('transpose', axes, shape.length);
  if (order.length !== shape.length) {
    throw new ShapeError(
      `transpose: must name all ${shape.length} axes, got ${formatShape(axes)} for shape ${formatShape(shape)}`,
    );
  }
  return makeView(
    data,
    order.map((axis) => shape[axis]),
    order.map((axis) => stride[axis]),
    offset,
  );
}

/** The last two axes exchanged; a vector or scalar as it is. */
export function swapView({ data, shape, stride, offset }: View): ArrayView {
  const row = shape.length - 2;
  return makeView(data, swapped(shape, row), swapped(stride, row), offset);
}

/** Two neighbours of a list exchanged; a list that is shorter as it is. */
function swapped(list: readonly number[], first: number): readonly number[] {
  if (list.length === 2) return [list[1], list[0]]; // a matrix, the usual case
  if (first < 0) return list;
  return list.with(first, list[first + 1]).with(first + 1, list[first]);
}

/** Stretched to `target`: axes of length 1 and missing leading axes repeat (stride 0). */
export function broadcastView({ data, shape, stride, offset }: View, target: Shape): ArrayView {
  const lead = target.length - shape.length;
  const strides = new Array<number>(target.length);
  let fits = lead >= 0;
  for (let axis = 0; axis < target.length; axis++) {
    const length = axis < lead ? 1 : shape[axis - lead];
    fits &&= length === target[axis] || length === 1;
    strides[axis] = length === 1 ? 0 : stride[axis - lead];
  }
  if (!fits) {
    broadcastShapes('broadcastTo', shape, target);
    throw new ShapeError(`broadcastTo: ${formatShape(shape)} does not stretch to ${formatShape(target)}`);
  }
  checkShape('broadcastTo', target);
  return makeView(data, target, strides, offset);
}

/** Throws ShapeError unless ranges are an array of ranges: `x.slice(0, 1)` and `x.slice([0, 1])` are not. */
function checkRanges(ranges: readonly (Range | null)[]): void {
  const wanted = 'an array with [start, stop, step] or null for each axis';
  if (!Array.isArray(ranges)) {
    const written = typeof ranges === 'number' ? `; write [[${ranges}, …]]` : '';
    throw new ShapeError(wrongKind('slice', 'ranges', wanted, ranges).message + written);
  }
  for (const range of ranges) {
    if (Array.isArray(range) || range === null || range === undefined) continue;
    const written = ranges.every((each) => typeof each === 'number')
      ? `; write [[${ranges.join(', ')}]]`
      : '';
    throw new ShapeError(
      wrongKind('slice', 'a range', '[start, stop, step] or null', range).message + written,
    );
  }
}

/** A range along each leading axis; axes without one stay whole. */
export function sliceView(
  { data, shape, stride, offset }: View,
  ranges: readonly (Range | null)[],
): ArrayView {
  checkRanges(ranges);
  if (ranges.length > shape.length) {
    throw new ShapeError(
      `slice: at most one range per axis, got ${ranges.length} for shape ${formatShape(shape)}`,
    );
  }
  const cuts = shape.map((length, axis) => resolveRange(ranges[axis] ?? [], length));
  return makeView(
    data,
    cuts.map((cut) => cut.length),
    cuts.map((cut, axis) => cut.step * stride[axis]),
    cuts.reduce((sum, cut, axis) => sum + (cut.length > 0 ? cut.start * stride[axis] : 0), offset),
  );
}
