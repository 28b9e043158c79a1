/**
 * Views: scijs ndarrays over typed arrays. Separate from Tensor because backends see views only, and because
 * views must be built through cached constructors: the `ndarray` factory costs 0.4 µs a call.
 */

import type { NdArray } from 'ndarray';
import ndarray from 'ndarray';
import { kindOf, wrongKind } from './arguments.js';
import { rowMajorStrides, type Shape } from './shape.js';

/** Element type of a tensor. */
export type DType = 'float32' | 'float64';

/** Storage of a tensor's elements. */
export type FloatArray = Float32Array | Float64Array;

/** What kernels read: shape, strides (in elements; 0 where broadcast, negative where reversed), offset, data. */
export interface View {
  readonly data: FloatArray;
  readonly shape: Shape;
  readonly stride: readonly number[];
  readonly offset: number;
}

/** A scijs ndarray over a float array: a View with the methods of that library. */
export type ArrayView = NdArray<FloatArray>;

type ViewConstructor = new (data: FloatArray, ...shapeStridesOffset: number[]) => ArrayView;

/** Constructors of views over float32 and over float64, by rank. */
const singles: ViewConstructor[] = [];
const doubles: ViewConstructor[] = [];

function constructorFor(data: FloatArray, rank: number): ViewConstructor {
  const known = data instanceof Float32Array ? singles : doubles;
  known[rank] ??= newConstructor(data, rank);
  return known[rank];
}

function newConstructor(data: FloatArray, rank: number): ViewConstructor {
  const ones = new Array<number>(rank).fill(1);
  return ndarray(data, ones, ones, 0).constructor as unknown as ViewConstructor;
}

/** The dtype that a float array stores. Throws an Error for anything else. */
export function dtypeOf(data: FloatArray): DType {
  if (data instanceof Float32Array) return 'float32';
  if (data instanceof Float64Array) return 'float64';
  throw wrongKind('Tensor', 'the data of a view', 'a Float32Array or a Float64Array', data);
}

/** Throws an Error unless a dtype is one. */
export function checkDType(caller: string, dtype: DType): void {
  if (dtype === 'float32' || dtype === 'float64') return;
  const got = typeof dtype === 'string' ? `'${dtype}'` : kindOf(dtype);
  throw new Error(`${caller}: dtype must be float32 or float64, got ${got}`);
}

/** A fresh float array of `size` zeros. */
export function allocateArray(dtype: DType, size: number): FloatArray {
  return dtype === 'float32' ? new Float32Array(size) : new Float64Array(size);
}

/** A view of `data` without a copy: element (i, j, …) is `data[offset + i·strides[0] + j·strides[1] + …]`. */
export function makeView(
  data: FloatArray,
  shape: Shape,
  strides: readonly number[],
  offset: number,
): ArrayView {
  const View = constructorFor(data, shape.length);
  switch (shape.length) {
    case 0:
      return new View(data, offset);
    case 1:
      return new View(data, shape[0], strides[0], offset);
    case 2:
      return new View(data, shape[0], shape[1], strides[0], strides[1], offset);
    case 3:
      return new View(data, shape[0], shape[1], shape[2], strides[0], strides[1], strides[2], offset);
    default:
      return new View(data, ...shape, ...strides, offset);
  }
}

/** A view of `data` in row-major order, from `offset` on. */
export function rowMajorView(data: FloatArray, shape: Shape, offset: number): ArrayView {
  // Nearly every tensor is made here: the usual ranks need no list of strides.
  const View = constructorFor(data, shape.length);
  if (shape.length === 0) return new View(data, offset);
  if (shape.length === 1) return new View(data, shape[0], 1, offset);
  if (shape.length === 2) return new View(data, shape[0], shape[1], shape[1], 1, offset);
  return makeView(data, shape, rowMajorStrides(shape), offset);
}
