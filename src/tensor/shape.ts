/**
 * Shape arithmetic: sizes, strides, broadcasting and axis rules. Every shape error of the library is
 * raised here or with `ShapeError` from here, before any number is computed.
 */

import { kindOf, wrongKind } from './arguments.js';

/** Lengths along each axis, outermost first; `[]` is a scalar. */
export type Shape = readonly number[];

/** A rule about shapes was broken: the message says which function, which rule, and what it got. */
export class ShapeError extends Error {
  override readonly name = 'ShapeError';
}

/** `[2, 3]` as text, for messages. */
export function formatShape(shape: Shape): string {
  checkList('formatShape', shape);
  return `[${shape.join(', ')}]`;
}

/** Number of elements of a shape; 1 for a scalar. */
export function sizeOf(shape: Shape): number {
  if (!Array.isArray(shape)) checkList('sizeOf', shape);
  let size = 1;
  for (let axis = 0; axis < shape.length; axis++) size *= shape[axis];
  return size;
}

function isLength(length: number): boolean {
  return Number.isInteger(length) && length >= 0;
}

/** Throws ShapeError unless a shape is an array, whatever it holds. */
function checkList(caller: string, shape: Shape): void {
  if (Array.isArray(shape)) return;
  const written = typeof shape === 'number' ? `; write ${caller}([${shape}, …])` : '';
  throw new ShapeError(wrongKind(caller, 'the shape', 'an array of lengths', shape).message + written);
}

/** Throws ShapeError unless a shape is an array of non-negative integers. */
export function checkShape(caller: string, shape: Shape): void {
  checkList(caller, shape);
  for (const length of shape) {
    if (!isLength(length)) {
      throw new ShapeError(`${caller}: lengths must be integers ≥ 0, got ${formatShape(shape)}`);
    }
  }
}

/** Strides, in elements, of a contiguous row-major array. */
export function rowMajorStrides(shape: Shape): number[] {
  const strides = new Array<number>(shape.length);
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    strides[axis] = step;
    step *= shape[axis];
  }
  return strides;
}

/** Whether two shapes are the same. */
export function sameShape(a: Shape, b: Shape): boolean {
  if (a?.length === undefined || a.length !== b?.length) {
    checkList('sameShape', a);
    checkList('sameShape', b);
    return false;
  }
  for (let axis = 0; axis < a.length; axis++) if (a[axis] !== b[axis]) return false;
  return true;
}

/** Whether elements lie in row-major order without gaps (axes of length 1 may have any stride). */
export function isContiguous(shape: Shape, strides: readonly number[]): boolean {
  for (let axis = shape.length - 1, step = 1; axis >= 0; axis--) {
    if (shape[axis] !== 1 && strides[axis] !== step) return false;
    step *= shape[axis];
  }
  return true;
}

/** The shape both operands broadcast to (NumPy's rule: align right, lengths equal or 1). */
export function broadcastShapes(caller: string, a: Shape, b: Shape): Shape {
  if (sameShape(a, b)) return a;
  const rank = Math.max(a.length, b.length);
  const shape = new Array<number>(rank);
  for (let back = 1; back <= rank; back++) {
    const left = a[a.length - back] ?? 1;
    const right = b[b.length - back] ?? 1;
    if (left !== right && left !== 1 && right !== 1) {
      throw new ShapeError(
        `${caller}: shapes must broadcast (equal or 1, aligned right), got ${formatShape(a)} and ${formatShape(b)}`,
      );
    }
    shape[rank - back] = left === 1 ? right : left;
  }
  return shape;
}

function said(axis: unknown): string {
  return typeof axis === 'number' ? String(axis) : kindOf(axis);
}

/** `axis` counted from the front; -1 is the last. Throws ShapeError outside -rank … rank - 1. */
export function normalizeAxis(caller: string, axis: number, rank: number): number {
  if (rank === 0) throw new ShapeError(`${caller}: a scalar has no axes, got axis ${axis}`);
  if (!Number.isInteger(axis) || axis < -rank || axis >= rank) {
    throw new ShapeError(`${caller}: axis must be an integer in ${-rank} … ${rank - 1}, got ${said(axis)}`);
  }
  return axis < 0 ? axis + rank : axis;
}

/** Axes given as one number, a list, or nothing (all), counted from the front and checked for repeats. */
export function normalizeAxes(caller: string, axes: number | Shape | undefined, rank: number): number[] {
  if (typeof axes === 'number') return [normalizeAxis(caller, axes, rank)];
  if (axes !== undefined && !Array.isArray(axes)) {
    throw new ShapeError(wrongKind(caller, 'axis', 'a number or an array of numbers', axes).message);
  }
  const list: number[] = [];
  for (let i = 0; i < (axes?.length ?? rank); i++) {
    const axis = axes ? normalizeAxis(caller, axes[i], rank) : i;
    if (list.includes(axis)) {
      throw new ShapeError(`${caller}: each axis may be named once, got ${formatShape([...list, axis])}`);
    }
    list.push(axis);
  }
  return list;
}

/** `shape` with the lengths of `axes` reduced to 1, or left out. */
export function reducedShape(shape: Shape, axes: readonly number[], keepDims: boolean): number[] {
  const reduced: number[] = [];
  for (let axis = 0; axis < shape.length; axis++) {
    if (!axes.includes(axis)) reduced.push(shape[axis]);
    else if (keepDims) reduced.push(1);
  }
  return reduced;
}

/** Throws ShapeError if an axis to be reduced to its extreme value is empty. */
export function checkNotEmpty(caller: string, shape: Shape, axes: readonly number[]): void {
  if (!axes.some((axis) => shape[axis] === 0)) return;
  throw new ShapeError(`${caller}: an empty axis has no ${extreme(caller)}, got shape ${formatShape(shape)}`);
}

function extreme(caller: string): string {
  return caller === 'min' ? 'minimum' : 'maximum';
}

/** `shape` with one `-1` replaced by the length that makes it hold `size` elements. */
export function inferShape(caller: string, shape: Shape, size: number): Shape {
  checkList(caller, shape);
  const unknown = shape.indexOf(-1);
  if (unknown < 0 && sizeOf(shape) === size && shape.every(isLength)) return shape;
  const known = sizeOf(shape.filter((length) => length !== -1));
  const inferred =
    unknown < 0 ? shape : shape.map((length, axis) => (axis === unknown ? size / known : length));
  if (sizeOf(inferred) !== size || !inferred.every(isLength)) {
    throw new ShapeError(`${caller}: ${size} elements do not fit shape ${formatShape(shape)}`);
  }
  return inferred;
}
