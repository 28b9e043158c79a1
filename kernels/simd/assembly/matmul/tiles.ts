/*
 * The innermost loops of matrix multiplication: a strip of `out`, 4 (or 8) columns wide, as register tiles of 4 rows.
 * Every element is ((init + a₀·b₀) + a₁·b₁) + …, in this order, whatever the tile and wherever a row range was cut, so
 * results do not depend on how the work was divided.
 *
 * A tile of 4 × 8 keeps 8 sums, 2 vectors of B and 4 of A in 14 of the 15 registers that V8 hands out. It places the
 * loads of a loop's body before its arithmetic, so a larger tile, or unrolling over k, spills (NOTES.md).
 */

import { loadUpTo4, madd, storeUpTo4 } from '../lanes';

/** The four lanes at `from`, or zeros when nothing is to be added to. */
// @ts-ignore: decorator
@inline
function start(init: usize, from: usize, count: i32): v128 {
  return init == 0 ? f32x4.splat(0) : loadUpTo4(from, count);
}

/**
 * out[0 … rows, 0 … width] = init + A · B for a strip of 5 … 8 columns. All strides are in bytes: `outRow`, `initRow`
 * between rows, `aRow` between rows of A and `aStep` along k, `bStep` between the 8-wide rows of B (padded to 8 where
 * width < 8), `aTile` from four rows of A to the next four. `init` 0 means zeros; it may be `out` (accumulate) or a row
 * with stride 0 (bias).
 */
export function strip8(
  out: usize, outRow: usize, init: usize, initRow: usize,
  a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize,
  rows: i32, width: i32, k: i32,
): void {
  const right = width - 4;
  for (let i = 0; i < rows; i += 4) {
    // Rows beyond the last repeat it: computed, never stored.
    const r1: usize = i + 1 < rows ? 1 : 0;
    const r2: usize = i + 2 < rows ? 2 : r1;
    const r3: usize = i + 3 < rows ? 3 : r2;
    let a0 = a, a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + r3 * aRow;
    let p = init + r1 * initRow, q = init + r2 * initRow, s = init + r3 * initRow;
    let c00 = start(init, init, 4), c01 = start(init, init + 16, right);
    let c10 = start(init, p, 4), c11 = start(init, p + 16, right);
    let c20 = start(init, q, 4), c21 = start(init, q + 16, right);
    let c30 = start(init, s, 4), c31 = start(init, s + 16, right);
    let bk = b;
    for (let n = k; n > 0; n--) {
      const b0 = v128.load(bk), b1 = v128.load(bk, 16);
      const x0 = v128.load_splat<f32>(a0);
      c00 = madd(x0, b0, c00);
      c01 = madd(x0, b1, c01);
      const x1 = v128.load_splat<f32>(a1);
      c10 = madd(x1, b0, c10);
      c11 = madd(x1, b1, c11);
      const x2 = v128.load_splat<f32>(a2);
      c20 = madd(x2, b0, c20);
      c21 = madd(x2, b1, c21);
      const x3 = v128.load_splat<f32>(a3);
      c30 = madd(x3, b0, c30);
      c31 = madd(x3, b1, c31);
      a0 += aStep;
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      bk += bStep;
    }
    let o = out;
    v128.store(o, c00);
    storeUpTo4(o + 16, c01, right);
    if (r1 == 1) {
      o += outRow;
      v128.store(o, c10);
      storeUpTo4(o + 16, c11, right);
    }
    if (r2 == 2) {
      o += outRow;
      v128.store(o, c20);
      storeUpTo4(o + 16, c21, right);
    }
    if (r3 == 3) {
      o += outRow;
      v128.store(o, c30);
      storeUpTo4(o + 16, c31, right);
    }
    a += aTile;
    out += 4 * outRow;
    if (init != 0) init += 4 * initRow;
  }
}

/** As strip8, for 1 … 4 columns; rows of B are padded to 4. */
export function strip4(
  out: usize, outRow: usize, init: usize, initRow: usize,
  a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize,
  rows: i32, width: i32, k: i32,
): void {
  for (let i = 0; i < rows; i += 4) {
    const r1: usize = i + 1 < rows ? 1 : 0;
    const r2: usize = i + 2 < rows ? 2 : r1;
    const r3: usize = i + 3 < rows ? 3 : r2;
    let a0 = a, a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + r3 * aRow;
    let c0 = start(init, init, width);
    let c1 = start(init, init + r1 * initRow, width);
    let c2 = start(init, init + r2 * initRow, width);
    let c3 = start(init, init + r3 * initRow, width);
    let bk = b;
    for (let n = k; n > 0; n--) {
      const bv = v128.load(bk);
      c0 = madd(v128.load_splat<f32>(a0), bv, c0);
      c1 = madd(v128.load_splat<f32>(a1), bv, c1);
      c2 = madd(v128.load_splat<f32>(a2), bv, c2);
      c3 = madd(v128.load_splat<f32>(a3), bv, c3);
      a0 += aStep;
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      bk += bStep;
    }
    storeUpTo4(out, c0, width);
    if (r1 == 1) storeUpTo4(out + outRow, c1, width);
    if (r2 == 2) storeUpTo4(out + 2 * outRow, c2, width);
    if (r3 == 3) storeUpTo4(out + 3 * outRow, c3, width);
    a += aTile;
    out += 4 * outRow;
    if (init != 0) init += 4 * initRow;
  }
}
