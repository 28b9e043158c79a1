/*
 * The innermost loops of matrix multiplication: a strip of `out`, 4 (or 8) columns wide, as register tiles of 4 rows.
 * Every element is ((init + a₀·b₀) + a₁·b₁) + …, in this order, whatever the tile and wherever a row range was cut, so
 * results do not depend on how the work was divided.
 *
 * A tile of 4 × 8 keeps 8 sums, 2 vectors of B and 4 of A in 14 of the 15 registers that V8 hands out. It places the
 * loads of a loop's body before its arithmetic, so a larger tile, or unrolling over k, spills (NOTES.md). Where vectors have
 * 256 bits, a tile of 4 × 16 takes as many registers.
 */

import { ZEROS, loadUpTo4, madd, storeUpTo4 } from '../lanes';

/** Four sums; with `add`, added to those at `to`. */
// @ts-ignore: decorator
@inline
function total(add: bool, to: usize, c: v128, count: i32): v128 {
  return add ? f32x4.add(loadUpTo4(to, count), c) : c;
}

/**
 * The strip of strip8; `full` is known while compiling. V8 packs two vectors into one of 256 bits where it finds stores at
 * neighbouring addresses whose operands lead up to loads at neighbouring addresses: so a full strip has no narrow
 * loads or stores, and no zeros but those it reads.
 */
// @ts-ignore: decorator
@inline
function strip(
  full: bool, out: usize, outRow: usize, init: usize, initRow: usize,
  a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize,
  rows: i32, width: i32, k: i32, add: bool,
): void {
  const right = full ? 4 : width - 4;
  if (init == 0) {
    init = ZEROS;
    initRow = 0;
  }
  for (let i = 0; i < rows; i += 4) {
    // Rows beyond the last repeat it.
    const r1: usize = i + 1 < rows ? 1 : 0;
    const r2: usize = i + 2 < rows ? 2 : r1;
    const r3: usize = i + 3 < rows ? 3 : r2;
    const p = init + r1 * initRow, q = init + r2 * initRow, s = init + r3 * initRow;
    let c00 = v128.load(init), c01 = loadUpTo4(init + 16, right);
    let c10 = v128.load(p), c11 = loadUpTo4(p + 16, right);
    let c20 = v128.load(q), c21 = loadUpTo4(q + 16, right);
    let c30 = v128.load(s), c31 = loadUpTo4(s + 16, right);
    let a0 = a, a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + r3 * aRow;
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
    const o1 = out + r1 * outRow, o2 = out + r2 * outRow, o3 = out + r3 * outRow;
    if (add) {
      // All are read before any is written: repeated rows get the same numbers again.
      c00 = total(true, out, c00, 4);
      c01 = total(true, out + 16, c01, right);
      c10 = total(true, o1, c10, 4);
      c11 = total(true, o1 + 16, c11, right);
      c20 = total(true, o2, c20, 4);
      c21 = total(true, o2 + 16, c21, right);
      c30 = total(true, o3, c30, 4);
      c31 = total(true, o3 + 16, c31, right);
    }
    v128.store(out, c00);
    storeUpTo4(out + 16, c01, right);
    v128.store(o1, c10);
    storeUpTo4(o1 + 16, c11, right);
    v128.store(o2, c20);
    storeUpTo4(o2 + 16, c21, right);
    v128.store(o3, c30);
    storeUpTo4(o3 + 16, c31, right);
    a += aTile;
    out += 4 * outRow;
    init += 4 * initRow;
  }
}

// Two functions, since V8 allocates registers better in each alone.
function fullStrip(
  out: usize, outRow: usize, init: usize, initRow: usize,
  a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize,
  rows: i32, k: i32, add: bool,
): void {
  strip(true, out, outRow, init, initRow, a, aRow, aStep, aTile, b, bStep, rows, 8, k, add);
}

/**
 * out[0 … rows, 0 … width] = init + A · B for a strip of 5 … 8 columns; with `add`, out + (init + A · B). All strides are
 * in bytes: `outRow`, `initRow` between rows, `aRow` between rows of A and `aStep` along k, `bStep` between the 8-wide
 * rows of B (padded to 8 where width < 8), `aTile` from four rows of A to the next four. `init` 0 means zeros; it may be
 * `out` (accumulate) or a row with stride 0 (bias).
 */
export function strip8(
  out: usize, outRow: usize, init: usize, initRow: usize,
  a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize,
  rows: i32, width: i32, k: i32, add: bool,
): void {
  if (width == 8) fullStrip(out, outRow, init, initRow, a, aRow, aStep, aTile, b, bStep, rows, k, add);
  else strip(false, out, outRow, init, initRow, a, aRow, aStep, aTile, b, bStep, rows, width, k, add);
}

/** As strip8, for 1 … 4 columns; rows of B are padded to 4. */
export function strip4(
  out: usize, outRow: usize, init: usize, initRow: usize,
  a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize,
  rows: i32, width: i32, k: i32, add: bool,
): void {
  if (init == 0) {
    init = ZEROS;
    initRow = 0;
  }
  for (let i = 0; i < rows; i += 4) {
    const r1: usize = i + 1 < rows ? 1 : 0;
    const r2: usize = i + 2 < rows ? 2 : r1;
    const r3: usize = i + 3 < rows ? 3 : r2;
    let a0 = a, a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + r3 * aRow;
    let c0 = loadUpTo4(init, width);
    let c1 = loadUpTo4(init + r1 * initRow, width);
    let c2 = loadUpTo4(init + r2 * initRow, width);
    let c3 = loadUpTo4(init + r3 * initRow, width);
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
    const o1 = out + r1 * outRow, o2 = out + r2 * outRow, o3 = out + r3 * outRow;
    c0 = total(add, out, c0, width);
    c1 = total(add, o1, c1, width);
    c2 = total(add, o2, c2, width);
    c3 = total(add, o3, c3, width);
    storeUpTo4(out, c0, width);
    storeUpTo4(o1, c1, width);
    storeUpTo4(o2, c2, width);
    storeUpTo4(o3, c3, width);
    a += aTile;
    out += 4 * outRow;
    init += 4 * initRow;
  }
}

/**
 * As strip8, for 16 columns, of which the second eight lie `panel` bytes behind the first in B: half as many loads of A for
 * each product. In 128 bits its 16 sums would not fit the registers; in 256 they are 8.
 */
export function strip16(
  out: usize, outRow: usize, init: usize, initRow: usize,
  a: usize, aRow: usize, aStep: usize, aTile: usize, b: usize, bStep: usize, panel: usize,
  rows: i32, k: i32, add: bool,
): void {
  // Of zeros there are eight.
  let far: usize = 32;
  if (init == 0) {
    init = ZEROS;
    initRow = 0;
    far = 0;
  }
  for (let i = 0; i < rows; i += 4) {
    const r1: usize = i + 1 < rows ? 1 : 0;
    const r2: usize = i + 2 < rows ? 2 : r1;
    const r3: usize = i + 3 < rows ? 3 : r2;
    const p = init + r1 * initRow, q = init + r2 * initRow, s = init + r3 * initRow;
    let c00 = v128.load(init), c01 = v128.load(init, 16), c02 = v128.load(init + far), c03 = v128.load(init + far, 16);
    let c10 = v128.load(p), c11 = v128.load(p, 16), c12 = v128.load(p + far), c13 = v128.load(p + far, 16);
    let c20 = v128.load(q), c21 = v128.load(q, 16), c22 = v128.load(q + far), c23 = v128.load(q + far, 16);
    let c30 = v128.load(s), c31 = v128.load(s, 16), c32 = v128.load(s + far), c33 = v128.load(s + far, 16);
    let a0 = a, a1 = a + r1 * aRow, a2 = a + r2 * aRow, a3 = a + r3 * aRow;
    let bk = b, bl = b + panel;
    for (let n = k; n > 0; n--) {
      const b0 = v128.load(bk), b1 = v128.load(bk, 16);
      const b2 = v128.load(bl), b3 = v128.load(bl, 16);
      const x0 = v128.load_splat<f32>(a0);
      c00 = madd(x0, b0, c00);
      c01 = madd(x0, b1, c01);
      c02 = madd(x0, b2, c02);
      c03 = madd(x0, b3, c03);
      const x1 = v128.load_splat<f32>(a1);
      c10 = madd(x1, b0, c10);
      c11 = madd(x1, b1, c11);
      c12 = madd(x1, b2, c12);
      c13 = madd(x1, b3, c13);
      const x2 = v128.load_splat<f32>(a2);
      c20 = madd(x2, b0, c20);
      c21 = madd(x2, b1, c21);
      c22 = madd(x2, b2, c22);
      c23 = madd(x2, b3, c23);
      const x3 = v128.load_splat<f32>(a3);
      c30 = madd(x3, b0, c30);
      c31 = madd(x3, b1, c31);
      c32 = madd(x3, b2, c32);
      c33 = madd(x3, b3, c33);
      a0 += aStep;
      a1 += aStep;
      a2 += aStep;
      a3 += aStep;
      bk += bStep;
      bl += bStep;
    }
    const o1 = out + r1 * outRow, o2 = out + r2 * outRow, o3 = out + r3 * outRow;
    if (add) {
      c00 = total(true, out, c00, 4);
      c01 = total(true, out + 16, c01, 4);
      c02 = total(true, out + 32, c02, 4);
      c03 = total(true, out + 48, c03, 4);
      c10 = total(true, o1, c10, 4);
      c11 = total(true, o1 + 16, c11, 4);
      c12 = total(true, o1 + 32, c12, 4);
      c13 = total(true, o1 + 48, c13, 4);
      c20 = total(true, o2, c20, 4);
      c21 = total(true, o2 + 16, c21, 4);
      c22 = total(true, o2 + 32, c22, 4);
      c23 = total(true, o2 + 48, c23, 4);
      c30 = total(true, o3, c30, 4);
      c31 = total(true, o3 + 16, c31, 4);
      c32 = total(true, o3 + 32, c32, 4);
      c33 = total(true, o3 + 48, c33, 4);
    }
    v128.store(out, c00);
    v128.store(out, c01, 16);
    v128.store(out, c02, 32);
    v128.store(out, c03, 48);
    v128.store(o1, c10);
    v128.store(o1, c11, 16);
    v128.store(o1, c12, 32);
    v128.store(o1, c13, 48);
    v128.store(o2, c20);
    v128.store(o2, c21, 16);
    v128.store(o2, c22, 32);
    v128.store(o2, c23, 48);
    v128.store(o3, c30);
    v128.store(o3, c31, 16);
    v128.store(o3, c32, 32);
    v128.store(o3, c33, 48);
    a += aTile;
    out += 4 * outRow;
    init += 4 * initRow;
  }
}
