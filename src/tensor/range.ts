/** Ranges along one axis, by Python's slice rules. Separate from Tensor because indexing rules have no data. */

import { ShapeError } from './shape.js';

/** Start, stop (exclusive) and step along one axis; negative numbers count from the end, as in Python. */
export type Range = readonly [start?: number | null, stop?: number | null, step?: number];

/** First position, step and number of positions that a range takes from an axis of `length`. */
export function resolveRange(range: Range, length: number): { start: number; step: number; length: number } {
  const [from, to, step = 1] = range;
  if (!Number.isInteger(step) || step === 0)
    throw new ShapeError(`slice: step must be a non-zero integer, got ${step}`);
  for (const position of [from, to]) {
    if (position !== undefined && position !== null && !Number.isInteger(position))
      throw new ShapeError(`slice: start and stop must be integers, or null for the end, got ${position}`);
  }
  const [low, high] = step > 0 ? [0, length] : [-1, length - 1];
  const clamp = (position: number) =>
    Math.min(high, Math.max(low, position < 0 ? position + length : position));
  const start = from === undefined || from === null ? (step > 0 ? low : high) : clamp(from);
  const stop = to === undefined || to === null ? (step > 0 ? high : low) : clamp(to);
  return { start, step, length: Math.max(0, Math.ceil((stop - start) / step)) };
}
