/*
 * Sums and maxima along rows or columns. A sum is float32 within blocks and float64 between them, rounded once at the
 * end: the error is at most 36 · 2⁻²⁴ · Σ|x| (rows), 64 · 2⁻²⁴ · Σ|x| (columns), however long. The order of additions
 * depends on the length alone.
 */

import { loadPart, loadUpTo4, storeUpTo4 } from './lanes';

/** Elements in a block of a row; rows in a block of columns. */
const BLOCK: i32 = 512;
const BLOCK_ROWS: i32 = 64;

export namespace Reduce {
  export const sum = 0;
  export const max = 1;
}

/** The float32 sum of at most BLOCK elements: 16 running sums, added pairwise. */
function sumBlock(x: usize, n: i32): f32 {
  let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
  for (; n >= 16; n -= 16, x += 64) {
    s0 = f32x4.add(s0, v128.load(x));
    s1 = f32x4.add(s1, v128.load(x, 16));
    s2 = f32x4.add(s2, v128.load(x, 32));
    s3 = f32x4.add(s3, v128.load(x, 48));
  }
  for (; n >= 4; n -= 4, x += 16) s0 = f32x4.add(s0, v128.load(x));
  if (n > 0) s1 = f32x4.add(s1, loadPart(x, n));
  s0 = f32x4.add(f32x4.add(s0, s1), f32x4.add(s2, s3));
  s0 = f32x4.add(s0, v128.shuffle<f32>(s0, s0, 2, 3, 0, 1));
  return f32x4.extract_lane(s0, 0) + f32x4.extract_lane(s0, 1);
}

/** Σ x[0 … n] in float64. */
export function sum(x: usize, n: i32): f64 {
  let total: f64 = 0;
  for (; n > 0; n -= BLOCK, x += BLOCK << 2) total += <f64>sumBlock(x, min(n, BLOCK));
  return total;
}

/** The largest lane; NaN if any is. */
// @ts-ignore: decorator
@inline
export function maxLane(v: v128): f32 {
  v = f32x4.max(v, v128.shuffle<f32>(v, v, 2, 3, 0, 1));
  return max(f32x4.extract_lane(v, 0), f32x4.extract_lane(v, 1));
}

/** The largest of x[0 … n]; −∞ for none, NaN where any is NaN. */
export function maximum(x: usize, n: i32): f32 {
  let m0 = f32x4.splat(-Infinity), m1 = m0;
  for (; n >= 8; n -= 8, x += 32) {
    m0 = f32x4.max(m0, v128.load(x));
    m1 = f32x4.max(m1, v128.load(x, 16));
  }
  let most = maxLane(f32x4.max(m0, m1));
  for (; n > 0; n--, x += 4) most = max(most, load<f32>(x));
  return most;
}

/** out[i · outStep] = sum or max of row i: n adjacent elements, rows `xRow` elements apart. */
export function reduceRows(op: i32, out: usize, outStep: usize, x: usize, xRow: usize, rows: i32, n: i32): void {
  for (; rows > 0; rows--, out += outStep << 2, x += xRow << 2) {
    store<f32>(out, op == Reduce.sum ? <f32>sum(x, n) : maximum(x, n));
  }
}

/** Adds the four lanes of s to the float64 sums in low and high. */
// @ts-ignore: decorator
@inline
function addHigh(high: v128, s: v128): v128 {
  return f64x2.add(high, f64x2.promote_low_f32x4(v128.shuffle<f32>(s, s, 2, 3, 2, 3)));
}

/** Sums of four columns (`width` of them real). */
function sumColumns4(out: usize, x: usize, xRow: usize, rows: i32, width: i32): void {
  let low = f64x2.splat(0), high = low;
  while (rows > 0) {
    let s = f32x4.splat(0);
    for (let r = min(rows, BLOCK_ROWS); r > 0; r--, x += xRow) s = f32x4.add(s, loadUpTo4(x, width));
    low = f64x2.add(low, f64x2.promote_low_f32x4(s));
    high = addHigh(high, s);
    rows -= BLOCK_ROWS;
  }
  storeUpTo4(out, v128.shuffle<f32>(f32x4.demote_f64x2_zero(low), f32x4.demote_f64x2_zero(high), 0, 1, 4, 5), width);
}

/** Sums of sixteen columns, a cache line of each row. */
function sumColumns16(out: usize, x: usize, xRow: usize, rows: i32): void {
  let l0 = f64x2.splat(0), h0 = l0, l1 = l0, h1 = l0, l2 = l0, h2 = l0, l3 = l0, h3 = l0;
  while (rows > 0) {
    let s0 = f32x4.splat(0), s1 = s0, s2 = s0, s3 = s0;
    for (let r = min(rows, BLOCK_ROWS); r > 0; r--, x += xRow) {
      s0 = f32x4.add(s0, v128.load(x));
      s1 = f32x4.add(s1, v128.load(x, 16));
      s2 = f32x4.add(s2, v128.load(x, 32));
      s3 = f32x4.add(s3, v128.load(x, 48));
    }
    l0 = f64x2.add(l0, f64x2.promote_low_f32x4(s0));
    h0 = addHigh(h0, s0);
    l1 = f64x2.add(l1, f64x2.promote_low_f32x4(s1));
    h1 = addHigh(h1, s1);
    l2 = f64x2.add(l2, f64x2.promote_low_f32x4(s2));
    h2 = addHigh(h2, s2);
    l3 = f64x2.add(l3, f64x2.promote_low_f32x4(s3));
    h3 = addHigh(h3, s3);
    rows -= BLOCK_ROWS;
  }
  v128.store(out, v128.shuffle<f32>(f32x4.demote_f64x2_zero(l0), f32x4.demote_f64x2_zero(h0), 0, 1, 4, 5));
  v128.store(out, v128.shuffle<f32>(f32x4.demote_f64x2_zero(l1), f32x4.demote_f64x2_zero(h1), 0, 1, 4, 5), 16);
  v128.store(out, v128.shuffle<f32>(f32x4.demote_f64x2_zero(l2), f32x4.demote_f64x2_zero(h2), 0, 1, 4, 5), 32);
  v128.store(out, v128.shuffle<f32>(f32x4.demote_f64x2_zero(l3), f32x4.demote_f64x2_zero(h3), 0, 1, 4, 5), 48);
}

/** Maxima of four columns (`width` of them real). */
function maxColumns4(out: usize, x: usize, xRow: usize, rows: i32, width: i32): void {
  let m = f32x4.splat(-Infinity);
  for (; rows > 0; rows--, x += xRow) m = f32x4.max(m, loadUpTo4(x, width));
  storeUpTo4(out, m, width);
}

/** out[j] = sum or max of column j, n adjacent columns, over rows `xRow` elements apart. */
export function reduceColumns(op: i32, out: usize, x: usize, xRow: usize, rows: i32, n: i32): void {
  xRow <<= 2;
  if (op == Reduce.sum) for (; n >= 16; n -= 16, out += 64, x += 64) sumColumns16(out, x, xRow, rows);
  for (; n > 0; n -= 4, out += 16, x += 16) {
    if (op == Reduce.sum) sumColumns4(out, x, xRow, rows, min(n, 4));
    else maxColumns4(out, x, xRow, rows, min(n, 4));
  }
}
