/*
 * Moving numbers: copies between strided views, fills, choice by a condition, rows gathered from a table and added back
 * to it. Strides and steps in elements, rows × n.
 */

import { storeTransposed } from '../matmul/pack';
import { loadPart, storePart } from '../lanes';

/** n adjacent floats. */
function copyRun(out: usize, x: usize, n: i32): void {
  for (; n >= 16; n -= 16, x += 64, out += 64) {
    const v0 = v128.load(x), v1 = v128.load(x, 16), v2 = v128.load(x, 32), v3 = v128.load(x, 48);
    v128.store(out, v0);
    v128.store(out, v1, 16);
    v128.store(out, v2, 32);
    v128.store(out, v3, 48);
  }
  for (; n >= 4; n -= 4, x += 16, out += 16) v128.store(out, v128.load(x));
  if (n > 0) storePart(out, loadPart(x, n), n);
}

/** out[0 … n] = value. */
export function fill(out: usize, n: i32, value: f32): void {
  const v = f32x4.splat(value);
  for (; n >= 4; n -= 4, out += 16) v128.store(out, v);
  if (n > 0) storePart(out, v, n);
}

/** rows × n where rows of x are adjacent and its columns `xStep` bytes apart: 4 × 4 blocks, turned in registers. */
function copyTransposed(out: usize, outRow: usize, x: usize, xStep: usize, rows: i32, n: i32): void {
  let i: i32 = 0;
  for (; i + 4 <= rows; i += 4) {
    const top = out + <usize>i * outRow;
    let from = x + (<usize>i << 2);
    let j: i32 = 0;
    for (; j + 4 <= n; j += 4, from += 4 * xStep) {
      storeTransposed(top + (<usize>j << 2), outRow, v128.load(from), v128.load(from + xStep),
        v128.load(from + 2 * xStep), v128.load(from + 3 * xStep));
    }
    for (; j < n; j++, from += xStep) {
      for (let r: usize = 0; r < 4; r++) store<f32>(top + r * outRow + (<usize>j << 2), load<f32>(from + (r << 2)));
    }
  }
  for (; i < rows; i++) copyStrided(out + <usize>i * outRow, 4, x + (<usize>i << 2), xStep, n);
}

/** n elements, any two steps in bytes. */
function copyStrided(out: usize, outStep: usize, x: usize, xStep: usize, n: i32): void {
  for (; n > 0; n--, out += outStep, x += xStep) store<f32>(out, load<f32>(x));
}

/** out = x over rows × n, any strides (0 broadcasts); the two must not overlap. */
export function copy(
  out: usize, outRow: usize, outStep: usize, x: usize, xRow: usize, xStep: usize, rows: i32, n: i32,
): void {
  if (outStep == 1 && xRow == 1 && xStep != 1 && rows >= 4) {
    return copyTransposed(out, outRow << 2, x, xStep << 2, rows, n);
  }
  for (; rows > 0; rows--, out += outRow << 2, x += xRow << 2) {
    if (outStep != 1) copyStrided(out, outStep << 2, x, xStep << 2, n);
    else if (xStep == 1) copyRun(out, x, n);
    else if (xStep == 0) fill(out, n, load<f32>(x));
    else copyStrided(out, 4, x, xStep << 2, n);
  }
}

/** Four floats `step` bytes apart. */
// @ts-ignore: decorator
@inline
function load4(x: usize, step: usize): v128 {
  if (step == 4) return v128.load(x);
  let v = v128.load_splat<f32>(x);
  if (step == 0) return v;
  v = f32x4.replace_lane(v, 1, load<f32>(x + step));
  v = f32x4.replace_lane(v, 2, load<f32>(x + 2 * step));
  return f32x4.replace_lane(v, 3, load<f32>(x + 3 * step));
}

/** out = condition ≠ 0 ? a : b over rows × n; `out` is contiguous along a row, the others have any step. */
export function where(
  out: usize, outRow: usize, c: usize, cRow: usize, cStep: usize, a: usize, aRow: usize, aStep: usize,
  b: usize, bRow: usize, bStep: usize, rows: i32, n: i32,
): void {
  const zero = f32x4.splat(0);
  cStep <<= 2;
  aStep <<= 2;
  bStep <<= 2;
  for (; rows > 0; rows--, out += outRow << 2, c += cRow << 2, a += aRow << 2, b += bRow << 2) {
    let o = out, p = c, q = a, r = b;
    for (let i = n; i >= 4; i -= 4, o += 16, p += 4 * cStep, q += 4 * aStep, r += 4 * bStep) {
      v128.store(o, v128.bitselect(load4(q, aStep), load4(r, bStep), f32x4.ne(load4(p, cStep), zero)));
    }
    for (let i = n & 3; i > 0; i--, o += 4, p += cStep, q += aStep, r += bStep) {
      store<f32>(o, load<f32>(p) != 0 ? load<f32>(q) : load<f32>(r));
    }
  }
}

/** out[i, 0 … n] = table[indices[i], 0 … n] for i < count; int32 indices, checked by the caller. */
export function gatherRows(out: usize, table: usize, tableRow: usize, indices: usize, count: i32, n: i32): void {
  for (let i: i32 = 0; i < count; i++, indices += 4, out += <usize>n << 2) {
    copyRun(out, table + ((<usize>load<i32>(indices) * tableRow) << 2), n);
  }
}

/** One step of Kahan's compensated sum: `sum` plus x, and in `lost` what its last addition rounded away, negated. */
// @ts-ignore: decorator
@inline
function addKahan(sum: usize, lost: usize, x: v128): v128 {
  const s = v128.load(sum);
  const y = f32x4.sub(x, v128.load(lost));
  const t = f32x4.add(s, y);
  const c = f32x4.sub(f32x4.sub(t, s), y);
  // What an infinite sum loses is not a number to carry on: infinity stays infinity.
  v128.store(lost, v128.and(c, f32x4.lt(f32x4.abs(c), f32x4.splat(Infinity))));
  return t;
}

/**
 * out[indices[i], 0 … n] += rows[i, 0 … n], in the order of i. `lost`, if not 0, is a zeroed table laid out as `out`: with
 * it every sum is compensated (Kahan), and its error does not grow with how often an index repeats.
 */
export function scatterAddRows(
  out: usize, outRow: usize, rows: usize, indices: usize, count: i32, n: i32, lost: usize,
): void {
  for (let i: i32 = 0; i < count; i++, indices += 4) {
    const at = (<usize>load<i32>(indices) * outRow) << 2;
    let to = out + at, rest = lost + at;
    let j = n;
    if (lost == 0) {
      for (; j >= 4; j -= 4, to += 16, rows += 16) v128.store(to, f32x4.add(v128.load(to), v128.load(rows)));
      for (; j > 0; j--, to += 4, rows += 4) store<f32>(to, load<f32>(to) + load<f32>(rows));
    } else {
      for (; j >= 4; j -= 4, to += 16, rest += 16, rows += 16) v128.store(to, addKahan(to, rest, v128.load(rows)));
      for (; j > 0; j--, to += 4, rest += 4, rows += 4) {
        const s = load<f32>(to);
        const y = load<f32>(rows) - load<f32>(rest);
        const t = s + y;
        const c = (t - s) - y;
        store<f32>(rest, abs(c) < Infinity ? c : 0);
        store<f32>(to, t);
      }
    }
  }
}
