/*
 * out = init + A · B for strided matrices. Decides how: vectors by themselves; small matrices where they lie; large
 * ones in blocks that fit the caches, packed where their strides would fight over the same cache lines.
 */

import { activateRows } from '../fused/activation';
import { isWide } from '../lanes';
import { packGroups, packPanels } from './pack';
import { strip16, strip4, strip8 } from './tiles';
import { matrixTimesColumn, rowTimesMatrix } from './vectors';

/**
 * Block sizes: a panel of B (KC × 8) lives in the first cache, a block of A (MC × KC) and panels of B in the second. KC
 * is also how many products are added in one running sum, whatever the path and the width of vectors.
 */
const KC: i32 = 256;
const MC: i32 = 128;
const NC: i32 = 512;

/** Bytes of scratch that matmul needs, whatever the shape. */
export function matmulScratchBytes(): i32 {
  return (NC + MC) * KC * 4;
}

/**
 * A block of out: `rows` × n as strips of 8 columns, of 16 where vectors have 256 bits. Strides in bytes; panels of B are `panel` bytes apart with `bStep`
 * between their rows. `edge`, if not 0, is where the last, narrower panel lies packed. With `add`, the product is added to
 * `out`.
 */
export function strips(
  out: usize, outRow: usize, init: usize, initRow: usize, a: usize, aRow: usize, aStep: usize, aTile: usize,
  b: usize, bStep: usize, panel: usize, edge: usize, rows: i32, n: i32, k: i32, add: bool = false,
): void {
  if (isWide()) {
    for (; n >= 16; n -= 16, out += 64, b += 2 * panel) {
      strip16(out, outRow, init, initRow, a, aRow, aStep, aTile, b, bStep, panel, rows, k, add);
      if (init != 0) init += 64;
    }
  }
  for (; n > 0; n -= 8, out += 32, b += panel) {
    if (n < 8 && edge != 0) {
      b = edge;
      bStep = 32;
    }
    if (n > 4) strip8(out, outRow, init, initRow, a, aRow, aStep, aTile, b, bStep, rows, min(n, 8), k, add);
    else strip4(out, outRow, init, initRow, a, aRow, aStep, aTile, b, bStep, rows, n, k, add);
    if (init != 0) init += 32;
  }
}

/**
 * Whether B is better packed: always if its rows are not contiguous; else if rows a page apart are read often, or if
 * both operands stream past the cache along a long k.
 */
// @ts-ignore: decorator
@inline
function shouldPackB(row: usize, column: usize, rows: i32, aCol: usize, k: i32): bool {
  if (column != 4) return true;
  return (row >= 4096 && rows >= 16) || (row >= 2048 && rows >= 64) || (k >= 1024 && rows >= 128 && aCol != 4);
}

/** All columns [0, n) of `rows` rows, block by block. Strides in bytes. */
function blocks(
  out: usize, outRow: usize, init: usize, initRow: usize, a: usize, aRow: usize, aCol: usize,
  b: usize, bRow: usize, bCol: usize, rows: i32, n: i32, k: i32, activation: i32, scratch: usize,
): void {
  const packB = shouldPackB(bRow, bCol, rows, aCol, k);
  const packA = aCol >= 2048 && n >= 32;
  const packedA = scratch + <usize>(NC * KC * 4);
  const width = min(n, NC);
  let done: i32 = 0;
  do {
    // The first block starts from init; each later one is summed by itself and then added.
    const add = done > 0;
    const kn = min(k - done, KC);
    const bk = b + <usize>done * bRow;
    let edge: usize = 0;
    if (packB) {
      packPanels(scratch, bk, bRow, bCol, width, kn);
    } else if ((width & 7) != 0 && (width & 7) != 4) {
      edge = scratch;
      packPanels(edge, bk + (<usize>(width & ~7) << 2), bRow, 4, width & 7, kn);
    }
    for (let i: i32 = 0; i < rows; i += MC) {
      const mn = min(rows - i, MC);
      const o = out + <usize>i * outRow;
      const f: usize = init == 0 || add ? 0 : init + <usize>i * initRow;
      const ak = a + <usize>i * aRow + <usize>done * aCol;
      const bp = packB ? scratch : bk;
      const bStep: usize = packB ? 32 : bRow;
      const panel: usize = packB ? <usize>kn << 5 : 32;
      if (packA) {
        packGroups(packedA, ak, aRow, aCol, mn, kn);
        strips(o, outRow, f, initRow, packedA, 4, 16, <usize>kn << 4, bp, bStep, panel, edge, mn, width, kn, add);
      } else {
        strips(o, outRow, f, initRow, ak, aRow, aCol, 4 * aRow, bp, bStep, panel, edge, mn, width, kn, add);
      }
      if (done + kn == k) activateRows(activation, o, outRow, mn, width);
    }
    done += kn;
  } while (done < k);
}

/**
 * out[i, j] = f(init[i, j] + Σ_p a[i, p] · b[p, j]) for rows start ≤ i < end and j < n. The sum runs in the order of p, in
 * blocks of KC that are added one to the other: its error grows with the number of blocks, not of products.
 *
 * Strides in elements: `…Row` from row to row, `…Col` from column to column; columns of out and init are adjacent.
 * `init` 0 stands for zeros; `out` itself accumulates; `initRow` 0 is a bias. f is an Activation. `out` overlaps
 * neither a nor b. The result does not depend on how rows are divided among calls.
 */
export function matmul(
  out: usize, outRow: usize, init: usize, initRow: usize, a: usize, aRow: usize, aCol: usize,
  b: usize, bRow: usize, bCol: usize, start: i32, end: i32, n: i32, k: i32, activation: i32, scratch: usize,
): void {
  const rows = end - start;
  if (rows <= 0 || n <= 0) return;
  outRow <<= 2;
  initRow <<= 2;
  aRow <<= 2;
  aCol <<= 2;
  bRow <<= 2;
  bCol <<= 2;
  out += <usize>start * outRow;
  a += <usize>start * aRow;
  if (init != 0) init += <usize>start * initRow;
  const oneRow = rows == 1 && (bCol == 4 || bRow == 4);
  const oneColumn = n == 1 && (aCol == 4 || (aRow == 4 && outRow == 4 && (init == 0 || initRow == 4)));
  if (oneRow || oneColumn) {
    let done: i32 = 0;
    do {
      const kn = min(k - done, KC);
      const add = done > 0;
      const from: usize = add ? 0 : init;
      if (oneRow) {
        if (bCol == 4) rowTimesMatrix(out, from, a, aCol, b, bRow, n, kn, add);
        else matrixTimesColumn(out, 4, from, 4, b, bCol, a, aCol, n, kn, add);
      } else if (aCol == 4) matrixTimesColumn(out, outRow, from, initRow, a, aRow, b, bRow, rows, kn, add);
      else rowTimesMatrix(out, from, b, bRow, a, aCol, rows, kn, add);
      a += <usize>kn * aCol;
      b += <usize>kn * bRow;
      done += kn;
    } while (done < k);
    activateRows(activation, out, outRow, rows, n);
    return;
  }
  for (; n > 0; n -= NC, out += NC * 4, b += <usize>NC * bCol) {
    blocks(out, outRow, init, initRow, a, aRow, aCol, b, bRow, bCol, rows, min(n, NC), k, activation, scratch);
    if (init != 0) init += NC * 4;
  }
}
