/*
 * The p-norm of a range of numbers in float64, in plain JavaScript. It is separate because it is the definition: the
 * kernels approximate it, it makes one norm of many, and it measures what no kernel can.
 */

import { power } from '../../src/tensor/math.js';

/**
 * The p-norm (Σ|v|^p)^(1/p) of `length` numbers from `offset`, or their largest magnitude for p = Infinity.
 *
 * Every value is divided by the largest magnitude first, so nothing overflows or vanishes on the way, for float64
 * input from 5e-324 to 1.8e308. A NaN makes the norm NaN, wherever it is; an infinity (and no NaN) makes it
 * Infinity; no numbers have norm 0. The relative error is about length · 1.1e-16 at worst.
 *
 * @throws RangeError when p is not positive, or the range is not inside the data
 */
export function hostNorm(data: ArrayLike<number>, offset: number, length: number, p: number): number {
  if (!(p > 0)) {
    throw new RangeError(
      `hostNorm: p must be positive, got ${p}; use 1, 2, another positive number or Infinity`,
    );
  }
  const end = offset + length;
  if (
    !(
      Number.isInteger(offset) &&
      Number.isInteger(length) &&
      offset >= 0 &&
      length >= 0 &&
      end <= data.length
    )
  ) {
    throw new RangeError(
      `hostNorm: the range must lie inside the data, got ${length} elements from ${offset} of ${data.length}`,
    );
  }
  const max = largest(data, offset, end);
  if (!(max > 0 && max < Infinity) || p === Infinity) return max;
  return max * root(sumOfPowers(data, offset, end, p, max), p);
}

/**
 * The norm of a whole from the norms of its parts: (Σ nᵢ^p)^(1/p), the largest for p = Infinity. Neither overflows nor
 * vanishes on the way. NaN if any norm is NaN, else Infinity if any is infinite; 0 of no norms.
 *
 * @throws RangeError when p is not positive
 */
export function combineNorms(norms: ArrayLike<number>, p: number): number {
  return hostNorm(norms, 0, norms.length, p);
}

/** The p-th root of a sum of p-th powers; square roots are exact to the last bit. */
export function root(sum: number, p: number): number {
  if (p === 2) return Math.sqrt(sum);
  return p === 1 ? sum : power(sum, 1 / p);
}

function largest(data: ArrayLike<number>, start: number, end: number): number {
  let max = 0;
  for (let i = start; i < end; i++) {
    const magnitude = Math.abs(data[i]);
    if (magnitude > max) max = magnitude;
    else if (Number.isNaN(magnitude)) return Number.NaN;
  }
  return max;
}

// Divided, not multiplied by 1 / max: the reciprocal of a subnormal is Infinity.
function sumOfPowers(data: ArrayLike<number>, start: number, end: number, p: number, max: number): number {
  let sum = 0;
  for (let i = start; i < end; i++) {
    const ratio = Math.abs(data[i]) / max;
    sum += p === 2 ? ratio * ratio : p === 1 ? ratio : power(ratio, p);
  }
  return sum;
}
