/*
 * Copies blocks of a matrix into the order in which the tiles read them: B as panels of 8 columns, k after k, the last
 * filled up with anything (its products are never stored); A as groups of 4 rows, k after k. A copy costs a load and a
 * store per element and is read m (or n) times; what it saves is cache conflicts, translation misses and, where B is
 * transposed, gathering.
 */

import { loadUpTo4 } from '../lanes';

/** Writes the transpose of the 4 × 4 block whose rows are v0 … v3 to `to`, rows `step` bytes apart. */
// @ts-ignore: decorator
@inline
export function storeTransposed(to: usize, step: usize, v0: v128, v1: v128, v2: v128, v3: v128): void {
  const lo01 = v128.shuffle<f32>(v0, v1, 0, 4, 1, 5), hi01 = v128.shuffle<f32>(v0, v1, 2, 6, 3, 7);
  const lo23 = v128.shuffle<f32>(v2, v3, 0, 4, 1, 5), hi23 = v128.shuffle<f32>(v2, v3, 2, 6, 3, 7);
  v128.store(to, v128.shuffle<f32>(lo01, lo23, 0, 1, 4, 5));
  v128.store(to + step, v128.shuffle<f32>(lo01, lo23, 2, 3, 6, 7));
  v128.store(to + 2 * step, v128.shuffle<f32>(hi01, hi23, 0, 1, 4, 5));
  v128.store(to + 3 * step, v128.shuffle<f32>(hi01, hi23, 2, 3, 6, 7));
}

/**
 * The panel of `width` (1 … 8) columns at `b`, k rows of 8 floats. Strides in bytes; columns adjacent (`step` between
 * rows of B).
 */
function packPanel(to: usize, b: usize, step: usize, width: i32, k: i32): void {
  if (width == 8) {
    for (; k > 0; k--) {
      v128.store(to, v128.load(b));
      v128.store(to, v128.load(b, 16), 16);
      b += step;
      to += 32;
    }
    return;
  }
  for (; k > 0; k--) {
    v128.store(to, loadUpTo4(b, width));
    v128.store(to, width > 4 ? loadUpTo4(b + 16, width - 4) : f32x4.splat(0), 16);
    b += step;
    to += 32;
  }
}

/** The same where B is transposed: k adjacent, `column` bytes between columns. */
function packPanelTransposed(to: usize, b: usize, column: usize, width: i32, k: i32): void {
  packColumns4(to, b, column, min(width, 4), k);
  packColumns4(to + 16, b + 4 * column, column, width - 4, k);
}

/** Four of the eight columns of a panel, the first `width` of them real; others repeat one that is. */
function packColumns4(to: usize, b: usize, column: usize, width: i32, k: i32): void {
  if (width <= 0) return;
  const c1 = b + (width > 1 ? column : 0), c2 = b + (width > 2 ? 2 * column : 0), c3 = b + (width > 3 ? 3 * column : 0);
  let p: usize = 0;
  for (; k >= 4; k -= 4, p += 16, to += 128) {
    storeTransposed(to, 32, v128.load(b + p), v128.load(c1 + p), v128.load(c2 + p), v128.load(c3 + p));
  }
  for (; k > 0; k--, p += 4, to += 32) {
    store<f32>(to, load<f32>(b + p));
    store<f32>(to, load<f32>(c1 + p), 4);
    store<f32>(to, load<f32>(c2 + p), 8);
    store<f32>(to, load<f32>(c3 + p), 12);
  }
}

/** The same for any two strides, element by element. */
function packPanelStrided(to: usize, b: usize, step: usize, column: usize, width: i32, k: i32): void {
  for (; k > 0; k--, b += step, to += 32) {
    for (let j: i32 = 0; j < 8; j++) store<f32>(to + (j << 2), j < width ? load<f32>(b + <usize>j * column) : 0);
  }
}

/** A group of `rows` (1 … 4) rows of A, k steps of 4 floats; missing rows are left undefined. */
function packGroup(to: usize, a: usize, row: usize, step: usize, rows: i32, k: i32): void {
  if (row == 4 && rows == 4) {
    for (; k > 0; k--, a += step, to += 16) v128.store(to, v128.load(a));
    return;
  }
  for (; k > 0; k--, a += step, to += 16) {
    for (let r: i32 = 0; r < rows; r++) store<f32>(to + (r << 2), load<f32>(a + <usize>r * row));
  }
}

/** All panels of a k × n block of B, one after the other. Strides in bytes. */
export function packPanels(to: usize, b: usize, row: usize, column: usize, n: i32, k: i32): void {
  const panel = <usize>k << 5;
  for (; n > 0; n -= 8, to += panel, b += 8 * column) {
    const width = min(n, 8);
    if (column == 4) packPanel(to, b, row, width, k);
    else if (row == 4) packPanelTransposed(to, b, column, width, k);
    else packPanelStrided(to, b, row, column, width, k);
  }
}

/** All groups of four rows of a block of A, one after the other. */
export function packGroups(to: usize, a: usize, row: usize, step: usize, rows: i32, k: i32): void {
  const group = <usize>k << 4;
  for (; rows > 0; rows -= 4, to += group, a += 4 * row) packGroup(to, a, row, step, min(rows, 4), k);
}
