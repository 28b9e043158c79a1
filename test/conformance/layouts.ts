/** Random memory layouts: one logical tensor, laid out on any backend with any strides. */

import type fc from 'fast-check';
import { type Backend, sizeOf } from '../../src/extend.js';
import { type DType, type SliceRange as Range, type Shape, type Tensor, tensor } from '../../src/index.js';

/** Draws an integer in low … high. */
export type Draw = (low: number, high: number) => number;

/** Adapts fast-check's generator. */
export function drawFrom(value: fc.GeneratorValue, integer: typeof fc.integer): Draw {
  return (min, max) => value(integer, { min, max });
}

/** Builds the same numbers in the same layout wherever it is asked to. */
export interface Layout {
  /** The memory that is looked at, and the view of it that has the wanted shape. */
  on(backend: Backend, dtype: DType): { readonly base: Tensor; readonly view: Tensor };
}

/**
 * A random layout for `shape`: permuted in memory, cut from something larger with steps forwards or backwards, and,
 * where `mayRepeat`, broadcast along some axes. Elements come from `next`, rounded to float32.
 */
export function randomLayout(shape: Shape, draw: Draw, next: () => number, mayRepeat = true): Layout {
  const steps = shape.map(() => [1, 1, 1, 2, 3, -1, -2][draw(0, 6)]);
  const lead = shape.map(() => draw(0, 2) === 0);
  const repeated = shape.map(() => mayRepeat && draw(0, 3) === 0);
  const kept = shape.map((length, axis) => (repeated[axis] && length > 0 ? 1 : length));
  const cut = kept.map((length, axis) => length * Math.abs(steps[axis]) + (lead[axis] ? 1 : 0));
  const order = shape.map((_, axis) => axis);
  for (let i = order.length - 1; i > 0; i--) {
    const j = draw(0, i);
    [order[i], order[j]] = [order[j], order[i]];
  }
  const baseShape = order.map((axis) => cut[axis]);
  const values = Float32Array.from({ length: sizeOf(baseShape) }, next);
  const ranges = kept.map((length, axis): Range => {
    const step = steps[axis];
    const first = lead[axis] ? 1 : 0;
    if (length === 0) return [0, 0];
    const last = first + (length - 1) * Math.abs(step);
    return step > 0 ? [first, last + 1, step] : [last, first === 0 ? null : first - 1, step];
  });
  return {
    on(backend, dtype) {
      const base = tensor(values, { shape: baseShape, dtype, backend: backend.name });
      const inverse = order.map((_, axis) => order.indexOf(axis));
      return { base, view: base.transpose(inverse).slice(ranges).broadcastTo(shape) };
    },
  };
}
