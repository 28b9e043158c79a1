/*
 * Softmax, log-softmax and cross-entropy over the rows of a matrix whose rows are contiguous. The largest element of a
 * row is subtracted first, so nothing overflows; a row with a NaN (or +∞) becomes NaN.
 */

import { fill } from '../elementwise/copy';
import { runExp } from '../elementwise/unary';
import { loadPart, storePart } from '../lanes';
import { CARRIED_FROM, NUDGE } from '../math/exponential';
import { log4 } from '../math/logarithm';
import { maximum, sum } from '../reduce';
import { carried4 } from '../tiny';

/**
 * out[j] = e^(x[j] − most), 0 below what is carried (../tiny): beside the largest, which is 1, that changes no bit of their sum,
 * which it returns.
 */
function exponentials(out: usize, x: usize, most: f32, n: i32): f64 {
  runExp(out, x, n, most + NUDGE, CARRIED_FROM);
  return sum(out, n);
}

/** ln of one number. */
// @ts-ignore: decorator
@inline
function logOf(x: f32): f32 {
  return f32x4.extract_lane(log4(f32x4.splat(x)), 0);
}

/** out[j] *= factor. */
function scaleRow(out: usize, n: i32, factor: f32): void {
  const f = f32x4.splat(factor);
  for (; n >= 8; n -= 8, out += 32) {
    const v0 = f32x4.mul(v128.load(out), f), v1 = f32x4.mul(v128.load(out, 16), f);
    v128.store(out, v0);
    v128.store(out, v1, 16);
  }
  for (; n >= 4; n -= 4, out += 16) v128.store(out, f32x4.mul(v128.load(out), f));
  for (; n > 0; n--, out += 4) store<f32>(out, load<f32>(out) * factor);
}

/** out[i, j] = e^x[i, j] / Σ_j e^x[i, j]; row strides in elements; `out` may be `x`. */
export function softmaxRows(out: usize, outRow: usize, x: usize, xRow: usize, rows: i32, n: i32): void {
  for (; rows > 0; rows--, out += outRow << 2, x += xRow << 2) {
    const total = exponentials(out, x, maximum(x, n), n);
    scaleRow(out, n, <f32>(1 / total));
  }
}

/**
 * Softmax of the first i mod n + 1 elements of row i, zeros after them: for square matrices one below the other, of what
 * is not above the diagonal, which is not read. Rows are adjacent; `out` may be `x`.
 */
export function causalSoftmaxRows(out: usize, x: usize, rows: i32, n: i32): void {
  const row = <usize>n << 2;
  for (let i = 0, seen = 1; i < rows; i++, out += row, x += row) {
    const total = exponentials(out, x, maximum(x, seen), seen);
    scaleRow(out, seen, <f32>(1 / total));
    fill(out + (<usize>seen << 2), n - seen, 0);
    seen = seen == n ? 1 : seen + 1;
  }
}

/** out[i, j] = x[i, j] − ln Σ_j e^x[i, j]; `scratch` holds n floats; `out` may be `x`. */
export function logSoftmaxRows(
  out: usize, outRow: usize, x: usize, xRow: usize, rows: i32, n: i32, scratch: usize,
): void {
  for (; rows > 0; rows--, out += outRow << 2, x += xRow << 2) {
    const most = maximum(x, n);
    const m = f32x4.splat(most);
    const l = f32x4.splat(logOf(<f32>exponentials(scratch, x, most, n)));
    let o = out, p = x, j = n;
    for (; j >= 4; j -= 4, p += 16, o += 16) v128.store(o, f32x4.sub(f32x4.sub(v128.load(p), m), l));
    if (j > 0) storePart(o, f32x4.sub(f32x4.sub(loadPart(p, j), m), l), j);
  }
}

/**
 * Writes probs[i] = softmax(x[i]) and returns Σ_i −ln probs[i, targets[i]] in float64 (divide by the rows for the
 * mean). Targets are int32, checked by the caller; `probs` may not be `x`.
 */
export function crossEntropyForward(
  probs: usize, x: usize, xRow: usize, targets: usize, rows: i32, n: i32,
): f64 {
  let loss: f64 = 0;
  for (; rows > 0; rows--, probs += <usize>n << 2, x += xRow << 2, targets += 4) {
    const most = maximum(x, n);
    const total = exponentials(probs, x, most, n);
    scaleRow(probs, n, <f32>(1 / total));
    loss += <f64>logOf(<f32>total) - (<f64>load<f32>(x + (<usize>load<i32>(targets) << 2)) - <f64>most);
  }
  return loss;
}

/**
 * out[i, j] = (probs[i, j] − [j = targets[i]]) · scale, scale being ∂L/∂loss over the rows, 0 below what is carried; `out` may
 * be `probs`.
 */
export function crossEntropyBackward(
  out: usize, outRow: usize, probs: usize, targets: usize, rows: i32, n: i32, scale: f32,
): void {
  const s = f32x4.splat(scale);
  for (; rows > 0; rows--, out += outRow << 2, probs += <usize>n << 2, targets += 4) {
    const t = <usize>load<i32>(targets) << 2;
    const hit = (load<f32>(probs + t) - 1) * scale;
    let o = out, p = probs, j = n;
    for (; j >= 8; j -= 8, p += 32, o += 32) {
      const g0 = carried4(f32x4.mul(v128.load(p), s)), g1 = carried4(f32x4.mul(v128.load(p, 16), s));
      v128.store(o, g0);
      v128.store(o, g1, 16);
    }
    for (; j >= 4; j -= 4, p += 16, o += 16) v128.store(o, carried4(f32x4.mul(v128.load(p), s)));
    if (j > 0) storePart(o, carried4(f32x4.mul(loadPart(p, j), s)), j);
    store<f32>(out + t, hit);
  }
}
