/*
 * The arithmetic of scaled sums: factors that bring each segment's largest magnitude near 1, so that its powers fit
 * float32, and the way back in float64. Separate because it is rare: a training run in order never comes here.
 */

import { hostNorm, root } from './host.js';
import type { BlockLayout } from './layout.js';

const bits = new DataView(new ArrayBuffer(8));

/**
 * Two factors per segment, [c₀, d₀, c₁, d₁, …], whose product brings the segment's largest magnitude into [1, 2): powers
 * of two, so that scaling rounds nothing, and two, because 2^149, which a segment of subnormals needs, is no float32.
 * Segments of tensors that are not listed, and those that are zero or not finite, keep 1 and 1.
 */
export function powerOfTwoScales(
  { segmentCount, firstSegment }: BlockLayout,
  maxima: Float64Array,
  tensors: readonly number[],
): Float32Array {
  const scales = new Float32Array(2 * segmentCount).fill(1);
  for (const t of tensors) {
    for (let s = firstSegment[t]; s < firstSegment[t + 1]; s++) {
      const max = maxima[s];
      if (!(max > 0 && max < Infinity)) continue;
      const exponent = -exponentOf(max);
      const half = exponent >> 1;
      scales[2 * s] = 2 ** half;
      scales[2 * s + 1] = 2 ** (exponent - half);
    }
  }
  return scales;
}

/** e of a number m · 2^e, 1 ≤ m < 2, as its bits say: a logarithm may round up. Float32's subnormals are normal here. */
function exponentOf(x: number): number {
  bits.setFloat64(0, x);
  return (bits.getUint32(0) >>> 20) - 1023;
}

/** The norm of tensor t from the scaled sums of its segments. */
export function unscaledNorm(
  { firstSegment }: BlockLayout,
  t: number,
  p: number,
  sums: Float64Array,
  scales: Float32Array,
): number {
  const first = firstSegment[t];
  const norms = new Float64Array(firstSegment[t + 1] - first);
  for (let k = 0; k < norms.length; k++) {
    const s = first + k;
    norms[k] = root(sums[s], p) / (scales[2 * s] * scales[2 * s + 1]);
  }
  return hostNorm(norms, 0, norms.length, p);
}
