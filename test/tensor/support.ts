/** What the tests of this folder share: seeded properties, bit fingerprints, and tensors as functions of an index. */

import { createHash } from 'node:crypto';
import fc from 'fast-check';
import { sizeOf } from '../../src/extend.js';
import { type Shape, type Tensor, tensor } from '../../src/index.js';

/** Runs a fast-check property with a fixed seed, so that a failure repeats; generators shrink endlessly, so do not. */
export function check<T>(property: fc.IProperty<T>, runs = 200): void {
  fc.assert(property, { seed: 20_260_101, numRuns: runs, endOnFailure: true });
}

/** The first 16 hex digits of SHA-256 over the numbers' bytes: one changed bit changes it. */
export function fingerprint(values: Float64Array | Float32Array): string {
  return createHash('sha256').update(new Uint8Array(values.buffer)).digest('hex').slice(0, 16);
}

/** A tensor as the plainest thing that can stand for it. */
export interface Model {
  readonly shape: Shape;
  at(index: readonly number[]): number;
}

/** Every index of a shape, in row-major order. */
export function indicesOf(shape: Shape): number[][] {
  return shape.reduce<number[][]>(
    (heads, length) => heads.flatMap((head) => Array.from({ length }, (_, i) => [...head, i])),
    [[]],
  );
}

/** The elements of a model in row-major order. */
export function flatten(model: Model): number[] {
  return indicesOf(model.shape).map((index) => model.at(index));
}

/** A model of row-major numbers. */
export function modelOf(values: ArrayLike<number>, shape: Shape): Model {
  return {
    shape,
    at: (index) => values[index.reduce((position, i, axis) => position * shape[axis] + i, 0)],
  };
}

/** Numbers 1, 2, 3, … in a shape, as a float64 tensor and as a model. */
export function counting(shape: Shape): [Tensor, Model] {
  const values = Array.from({ length: sizeOf(shape) }, (_, i) => i + 1);
  return [tensor(values, { shape, dtype: 'float64', backend: 'reference' }), modelOf(values, shape)];
}

/** Python's `range(length)[start:stop:step]`, spelled out. */
export function positions(length: number, start: number | null, stop: number | null, step: number): number[] {
  const all = Array.from({ length }, (_, i) => i);
  const place = (value: number) => (value < 0 ? value + length : value);
  const taken: number[] = [];
  if (step > 0) {
    const from = start === null ? 0 : Math.max(0, place(start));
    const to = stop === null ? length : place(stop);
    for (let i = from; i < to && i < length; i += step) taken.push(all[i]);
  } else {
    const from = start === null ? length - 1 : Math.min(length - 1, place(start));
    const to = stop === null ? -1 : Math.max(-1, place(stop));
    for (let i = from; i > to && i >= 0; i += step) taken.push(all[i]);
  }
  return taken;
}

/** Adds 0 so that −0 and 0 compare equal in toEqual. */
export function plain(values: ArrayLike<number>): number[] {
  return Array.from(values, (value) => value + 0);
}
