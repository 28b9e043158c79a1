/*
 * Products with a vector: one row of A, or one column of B. They read a matrix once, so nothing is packed; sums run in
 * the same order as in the tiles, and give the same bits.
 */

import { madd } from '../lanes';

/**
 * out[0 … n] = init + x · M, a row times a matrix with contiguous rows: 16 columns at a time, then 4, then 1. Strides in
 * bytes: `xStep` between elements of x, `row` between rows of M. `init` 0 means zeros.
 */
export function rowTimesMatrix(
  out: usize, init: usize, x: usize, xStep: usize, m: usize, row: usize, n: i32, k: i32,
): void {
  const zero = f32x4.splat(0);
  for (; n >= 16; n -= 16, m += 64, out += 64) {
    let c0 = zero, c1 = zero, c2 = zero, c3 = zero;
    if (init != 0) {
      c0 = v128.load(init);
      c1 = v128.load(init, 16);
      c2 = v128.load(init, 32);
      c3 = v128.load(init, 48);
      init += 64;
    }
    let p = x, q = m;
    for (let i = k; i > 0; i--, p += xStep, q += row) {
      const s = v128.load_splat<f32>(p);
      c0 = madd(s, v128.load(q), c0);
      c1 = madd(s, v128.load(q, 16), c1);
      c2 = madd(s, v128.load(q, 32), c2);
      c3 = madd(s, v128.load(q, 48), c3);
    }
    v128.store(out, c0);
    v128.store(out, c1, 16);
    v128.store(out, c2, 32);
    v128.store(out, c3, 48);
  }
  for (; n >= 4; n -= 4, m += 16, out += 16) {
    let c = init != 0 ? v128.load(init) : zero;
    if (init != 0) init += 16;
    let p = x, q = m;
    for (let i = k; i > 0; i--, p += xStep, q += row) c = madd(v128.load_splat<f32>(p), v128.load(q), c);
    v128.store(out, c);
  }
  for (; n > 0; n--, m += 4, out += 4) {
    const c = init != 0 ? v128.load_splat<f32>(init) : zero;
    if (init != 0) init += 4;
    store<f32>(out, f32x4.extract_lane(dot(c, m, row, x, xStep, k), 0));
  }
}

/** c + Σ m[i] · x[i] in every lane, in order; steps in bytes. */
// @ts-ignore: decorator
@inline
function dot(c: v128, m: usize, step: usize, x: usize, xStep: usize, k: i32): v128 {
  for (; k > 0; k--, m += step, x += xStep) c = madd(v128.load_splat<f32>(m), v128.load_splat<f32>(x), c);
  return c;
}

/** c + Σ M[r, i] · x[i] in lane r, for four contiguous rows: blocks of 4 × 4, turned in registers. */
// @ts-ignore: decorator
@inline
function dot4(c: v128, m: usize, row: usize, x: usize, xStep: usize, k: i32): v128 {
  for (; k >= 4; k -= 4, m += 16, x += 4 * xStep) {
    const v0 = v128.load(m), v1 = v128.load(m + row), v2 = v128.load(m + 2 * row), v3 = v128.load(m + 3 * row);
    const lo01 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5), hi01 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
    const lo23 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5), hi23 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
    c = madd(v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5), v128.load_splat<f32>(x), c);
    c = madd(v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7), v128.load_splat<f32>(x + xStep), c);
    c = madd(v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5), v128.load_splat<f32>(x + 2 * xStep), c);
    c = madd(v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7), v128.load_splat<f32>(x + 3 * xStep), c);
  }
  for (; k > 0; k--, m += 4, x += xStep) c = madd(gather4(m, row), v128.load_splat<f32>(x), c);
  return c;
}

/** Four floats `step` bytes apart. */
// @ts-ignore: decorator
@inline
function gather4(from: usize, step: usize): v128 {
  let v = v128.load_splat<f32>(from);
  v = f32x4.replace_lane(v, 1, load<f32>(from + step));
  v = f32x4.replace_lane(v, 2, load<f32>(from + 2 * step));
  return f32x4.replace_lane(v, 3, load<f32>(from + 3 * step));
}

/**
 * out[i] = init[i] + M[i] · x for `rows` rows of k contiguous elements: four rows at a time, k in order. Strides in
 * bytes: `outStep` and `initStep` between elements of out and init, `row` between rows of M, `xStep` along x.
 */
export function matrixTimesColumn(
  out: usize, outStep: usize, init: usize, initStep: usize,
  m: usize, row: usize, x: usize, xStep: usize, rows: i32, k: i32,
): void {
  const zero = f32x4.splat(0);
  for (; rows >= 4; rows -= 4, m += 4 * row, out += 4 * outStep) {
    const c = dot4(init != 0 ? gather4(init, initStep) : zero, m, row, x, xStep, k);
    if (init != 0) init += 4 * initStep;
    store<f32>(out, f32x4.extract_lane(c, 0));
    store<f32>(out + outStep, f32x4.extract_lane(c, 1));
    store<f32>(out + 2 * outStep, f32x4.extract_lane(c, 2));
    store<f32>(out + 3 * outStep, f32x4.extract_lane(c, 3));
  }
  for (; rows > 0; rows--, m += row, out += outStep) {
    const c = dot(init != 0 ? v128.load_splat<f32>(init) : zero, m, 4, x, xStep, k);
    if (init != 0) init += initStep;
    store<f32>(out, f32x4.extract_lane(c, 0));
  }
}
