/** Changes the numbers of gradients in place, for the methods of Gradients. */

import type { Parameter } from '../autograd/index.js';
import { BLOCK_PADDING } from '../tensor/backend.js';
import type { Tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { described } from './checks.js';

/** Multiplies gradient i by ks[i], neighbours in a block that share a factor at once; returns whether any changed. */
export function scaleRuns(parameters: readonly Parameter[], ks: ArrayLike<number>): boolean {
  let changed = false;
  for (let first = 0, next = 1; first < parameters.length; first = next++) {
    const k = ks[first];
    // Padding must stay zero: by a factor that may be NaN or ∞ to a float32 kernel, each alone.
    const mayMerge = Number.isFinite(Math.fround(k));
    while (mayMerge && ks[next] === k && areNeighbours(parameters, next)) next++;
    if (k === 1) continue;
    changed = true;
    scaleRun(parameters[first], parameters[next - 1], k);
  }
  return changed;
}

/** Whether parameter i follows the one before it in a block, with at most padding between them. */
function areNeighbours(parameters: readonly Parameter[], i: number): boolean {
  const [{ place: before, value }, { place }] = [parameters[i - 1], parameters[i]];
  if (!place || place.block !== before?.block) return false;
  const gap = place.offset - (before.offset + value.size);
  return gap >= 0 && gap < BLOCK_PADDING;
}

/** Scales the memory from the first to the last of some neighbours; a gradient is one contiguous run. */
function scaleRun(first: Parameter, last: Parameter, k: number): void {
  const { place, value } = first;
  const { scaleBlock } = value.backend.fused;
  if (place && scaleBlock) {
    scaleBlock(place.block.grads, place.offset, last.place!.offset + last.value.size, k);
    return;
  }
  const { data, offset } = first.grad!.view();
  const end = last.grad!.view().offset + last.value.size;
  for (let i = offset; i < end; i++) data[i] *= k;
}

/** Bounds of an element; a bound left out does not apply. */
export interface ValueRange {
  /** At most 0: a gradient of zero stays zero. */
  readonly min?: number;
  /** At least 0. */
  readonly max?: number;
}

/** Both bounds. Throws unless the bound is ≥ 0, or min ≤ 0 ≤ max. */
export function rangeOf(caller: string, argument: string, bound: number | ValueRange): Required<ValueRange> {
  if (typeof bound === 'number' && bound >= 0) return { min: -bound, max: bound };
  if (typeof bound !== 'object' || bound === null) {
    throw new Error(`${caller}: ${argument} must be a number ≥ 0 or { min, max }, got ${described(bound)}`);
  }
  checkNames(caller, bound, ['min', 'max']);
  const { min = Number.NEGATIVE_INFINITY, max = Number.POSITIVE_INFINITY } = bound;
  if (typeof min === 'number' && typeof max === 'number' && min <= 0 && max >= 0) return { min, max };
  throw new Error(`${caller}: needs min ≤ 0 ≤ max, got { min: ${described(min)}, max: ${described(max)} }`);
}

/** Bounds every element and returns how many were outside. */
export function clampInPlace(grad: Tensor, { min, max }: Required<ValueRange>): number {
  const { data, offset } = grad.view();
  // Rounded first: the float32 nearest to 0.1 lies above 0.1, and would be found outside again and again.
  const [low, high] = grad.dtype === 'float32' ? [Math.fround(min), Math.fround(max)] : [min, max];
  let outside = 0;
  for (let i = offset; i < offset + grad.size; i++) {
    const x = data[i];
    if (x >= low && x <= high) continue;
    if (x !== x) continue;
    data[i] = x < low ? low : high;
    outside++;
  }
  return outside;
}
