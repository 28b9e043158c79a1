/*
 * The norm on the host, in float64: for float64 gradients (gradcheck, exact experiments, golden runs), which the
 * float32 kernels cannot take, for powers that they lack, and for making one norm of many. Its powers are the
 * library's own, the same bits everywhere.
 */

import { hostNorm as hostNormBy } from '../../kernels/gpu/host.js';
import { power } from '../tensor/math.js';

/** The p-norm of `length` numbers from `offset`. Throws RangeError when p is not positive. */
export function hostNorm(data: ArrayLike<number>, offset: number, length: number, p: number): number {
  return hostNormBy(data, offset, length, p, power);
}

/**
 * The norm of a whole from the norms of its parts: (Σ nᵢ^p)^(1/p), the largest for p = Infinity.
 *
 * Computed in float64 without overflow or underflow on the way. NaN if any norm is NaN, else Infinity if any is
 * infinite, 0 if there are none.
 *
 * @throws RangeError when p is not positive
 */
export function combineNorms(norms: ArrayLike<number>, p: number): number {
  return hostNorm(norms, 0, norms.length, p);
}

/** What messages say if a norm overflows: its factor of 0 would erase finite gradients. */
export const BEYOND_FLOAT64 =
  'the gradients are finite, but their norm is beyond float64; scale the loss down';
