/*
 * Products with a vector: one row of A, or one column of B. They read a matrix once, so nothing is packed; sums run in
 * the same order as in the tiles, and give the same bits.
 */

import { madd } from '../lanes';

/**
 * out[0 … n] = init + x · M, a row times a matrix with contiguous rows: 16 columns at a time, then 4, then 1. Strides in
 * bytes: `xStep` between elements of x, `row` between rows of M. `init` 0 means zeros; with `add`, the result is added to
 * `out`.
 */
export function rowTimesMatrix(
  out: usize, init: usize, x: usize, xStep: usize, m: usize, row: usize, n: i32, k: i32, add: bool,
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
    if (add) {
      c0 = f32x4.add(v128.load(out), c0);
      c1 = f32x4.add(v128.load(out, 16), c1);
      c2 = f32x4.add(v128.load(out, 32), c2);
      c3 = f32x4.add(v128.load(out, 48), c3);
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
    v128.store(out, add ? f32x4.add(v128.load(out), c) : c);
  }
  for (; n > 0; n--, m += 4, out += 4) {
    const c = init != 0 ? v128.load_splat<f32>(init) : zero;
    if (init != 0) init += 4;
    const total = f32x4.extract_lane(dot(c, m, row, x, xStep, k), 0);
    store<f32>(out, add ? load<f32>(out) + total : total);
  }
}

/** c + Σ m[i] · x[i] in every lane, in order; steps in bytes. */
// @ts-ignore: decorator
@inline
function dot(c: v128, m: usize, step: usize, x: usize, xStep: usize, k: i32): v128 {
  for (; k > 0; k--, m += step, x += xStep) c = madd(v128.load_splat<f32>(m), v128.load_splat<f32>(x), c);
  return c;
}

/** c + Σ M[r, i] · x_i over the 4 × 4 block at m, row r in lane r: the block is turned in registers. */
// @ts-ignore: decorator
@inline
function dotBlock(c: v128, m: usize, row: usize, x0: v128, x1: v128, x2: v128, x3: v128): v128 {
  const v0 = v128.load(m), v1 = v128.load(m + row), v2 = v128.load(m + 2 * row), v3 = v128.load(m + 3 * row);
  const lo01 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5), hi01 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
  const lo23 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5), hi23 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
  c = madd(v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5), x0, c);
  c = madd(v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7), x1, c);
  c = madd(v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5), x2, c);
  return madd(v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7), x3, c);
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

/** Four sums to out, `step` bytes apart, or added to what is there. */
// @ts-ignore: decorator
@inline
function scatter4(out: usize, step: usize, c: v128, add: bool): void {
  if (add) c = f32x4.add(gather4(out, step), c);
  store<f32>(out, f32x4.extract_lane(c, 0));
  store<f32>(out + step, f32x4.extract_lane(c, 1));
  store<f32>(out + 2 * step, f32x4.extract_lane(c, 2));
  store<f32>(out + 3 * step, f32x4.extract_lane(c, 3));
}

/**
 * out[i] = init[i] + M[i] · x for `rows` rows of k contiguous elements: sixteen rows at a time (four chains of
 * dependent additions), then one; k in order. Strides in bytes: `outStep` and `initStep` between elements of out and
 * init, `row` between rows of M, `xStep` along x. With `add`, the result is added to out.
 */
export function matrixTimesColumn(
  out: usize, outStep: usize, init: usize, initStep: usize,
  m: usize, row: usize, x: usize, xStep: usize, rows: i32, k: i32, add: bool,
): void {
  const zero = f32x4.splat(0);
  for (; rows >= 16; rows -= 16, m += 16 * row, out += 16 * outStep) {
    let c0 = zero, c1 = zero, c2 = zero, c3 = zero;
    if (init != 0) {
      c0 = gather4(init, initStep);
      c1 = gather4(init + 4 * initStep, initStep);
      c2 = gather4(init + 8 * initStep, initStep);
      c3 = gather4(init + 12 * initStep, initStep);
      init += 16 * initStep;
    }
    let p = m, q = x, i = k;
    for (; i >= 4; i -= 4, p += 16, q += 4 * xStep) {
      const x0 = v128.load_splat<f32>(q), x1 = v128.load_splat<f32>(q + xStep);
      const x2 = v128.load_splat<f32>(q + 2 * xStep), x3 = v128.load_splat<f32>(q + 3 * xStep);
      c0 = dotBlock(c0, p, row, x0, x1, x2, x3);
      c1 = dotBlock(c1, p + 4 * row, row, x0, x1, x2, x3);
      c2 = dotBlock(c2, p + 8 * row, row, x0, x1, x2, x3);
      c3 = dotBlock(c3, p + 12 * row, row, x0, x1, x2, x3);
    }
    for (; i > 0; i--, p += 4, q += xStep) {
      const xi = v128.load_splat<f32>(q);
      c0 = madd(gather4(p, row), xi, c0);
      c1 = madd(gather4(p + 4 * row, row), xi, c1);
      c2 = madd(gather4(p + 8 * row, row), xi, c2);
      c3 = madd(gather4(p + 12 * row, row), xi, c3);
    }
    scatter4(out, outStep, c0, add);
    scatter4(out + 4 * outStep, outStep, c1, add);
    scatter4(out + 8 * outStep, outStep, c2, add);
    scatter4(out + 12 * outStep, outStep, c3, add);
  }
  for (; rows > 0; rows--, m += row, out += outStep) {
    const c = dot(init != 0 ? v128.load_splat<f32>(init) : zero, m, 4, x, xStep, k);
    if (init != 0) init += initStep;
    const total = f32x4.extract_lane(c, 0);
    store<f32>(out, add ? load<f32>(out) + total : total);
  }
}
