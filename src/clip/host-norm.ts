/*
 * The norm on the host, in float64: for float64 gradients (gradcheck, exact experiments, golden runs), which the
 * float32 kernels cannot take, and for making one norm of many. Separate from the kernels so that clipping can use it
 * without opening a device.
 */

import { hostNorm } from '../../kernels/gpu/host.js';

export { hostNorm };

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
