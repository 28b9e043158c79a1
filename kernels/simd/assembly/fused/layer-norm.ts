/*
 * Layer normalisation of the rows of a matrix: every row brought to mean 0 and variance 1, scaled and shifted. A row
 * stays in the first cache, so it is read as often as is simple. Rows are adjacent; sums as in ../reduce.
 */

import { loadUpTo4, storeUpTo4 } from '../lanes';
import { sum } from '../reduce';

/** What `measure` found of a row: its mean is the sum of two floats, since one alone rounds. */
let mean: f32 = 0;
let rest: f32 = 0;
let scale: f32 = 0;

/** Mean and 1 / √(variance + eps) of a row; `room` takes n floats. */
function measure(x: usize, room: usize, n: i32, eps: f64): void {
  mean = <f32>(sum(x, n) / n);
  const m = f32x4.splat(mean);
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2;
    storeUpTo4(room + at, f32x4.sub(loadUpTo4(x + at, n - j), m), n - j);
  }
  // What the rounded mean leaves in the deviations, which are small, is their own mean.
  rest = <f32>(sum(room, n) / n);
  const r = f32x4.splat(rest);
  for (let j = 0; j < n; j += 4) {
    const at = <usize>j << 2, d = f32x4.sub(loadUpTo4(room + at, n - j), r);
    storeUpTo4(room + at, f32x4.mul(d, d), n - j);
  }
  scale = <f32>(1 / sqrt<f64>(sum(room, n) / n + eps));
}

/** (x − mean) · scale of up to four elements of the row that was measured. */
// @ts-ignore: decorator
@inline
function unitOf(x: usize, left: i32, m: v128, r: v128, s: v128): v128 {
  return f32x4.mul(f32x4.sub(f32x4.sub(loadUpTo4(x, left), m), r), s);
}

/** out[i, j] = (x[i, j] − mean_i) · scale_i · weight[j] + bias[j]. */
export function layerNormForward(
  out: usize, x: usize, weight: usize, bias: usize, rows: i32, n: i32, eps: f64,
): void {
  const row = <usize>n << 2;
  for (; rows > 0; rows--, out += row, x += row) {
    measure(x, out, n, eps);
    const m = f32x4.splat(mean), r = f32x4.splat(rest), s = f32x4.splat(scale);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2, left = n - j;
      const unit = unitOf(x + at, left, m, r, s);
      storeUpTo4(out + at, f32x4.add(f32x4.mul(unit, loadUpTo4(weight + at, left)), loadUpTo4(bias + at, left)), left);
    }
  }
}

/**
 * With u = (x − mean) · scale and g = dy · weight: shares = dy · u, whose column sums are ∂L/∂weight, and
 * dx = scale · (g − mean(g) − u · mean(g · u)).
 */
export function layerNormBackward(
  dx: usize, shares: usize, dy: usize, x: usize, weight: usize, rows: i32, n: i32, eps: f64,
): void {
  const row = <usize>n << 2;
  for (; rows > 0; rows--, dx += row, shares += row, dy += row, x += row) {
    measure(x, dx, n, eps);
    const m = f32x4.splat(mean), r = f32x4.splat(rest), s = f32x4.splat(scale);
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2, left = n - j;
      const share = f32x4.mul(loadUpTo4(dy + at, left), unitOf(x + at, left, m, r, s));
      storeUpTo4(shares + at, share, left);
      storeUpTo4(dx + at, f32x4.mul(share, loadUpTo4(weight + at, left)), left);
    }
    const slope = f32x4.splat(<f32>(sum(dx, n) / n));
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2, left = n - j;
      storeUpTo4(dx + at, f32x4.mul(loadUpTo4(dy + at, left), loadUpTo4(weight + at, left)), left);
    }
    const shift = f32x4.splat(<f32>(sum(dx, n) / n));
    for (let j = 0; j < n; j += 4) {
      const at = <usize>j << 2, left = n - j;
      const unit = unitOf(x + at, left, m, r, s);
      const bent = f32x4.sub(f32x4.sub(loadUpTo4(dx + at, left), shift), f32x4.mul(unit, slope));
      storeUpTo4(dx + at, f32x4.mul(s, bent), left);
    }
  }
}
