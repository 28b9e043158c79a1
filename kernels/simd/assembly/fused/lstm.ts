/*
 * An LSTM over a whole sequence, forward and backward, in two calls: like recurrent.ts, with four gates i, f, g, o side
 * by side in rows of 4 · hidden, and cells beside the states. The product with the weights is most of the work; what the
 * gates do follows on rows that are still in the first cache.
 *
 * Before: pre = x · W_ihᵀ + b as one matmul over steps · batch rows. After: the gradients of the weights likewise.
 */

import { runTanh } from '../elementwise/unary';
import { loadUpTo4, madd, storeUpTo4 } from '../lanes';
import { strips } from '../matmul/matmul';
import { packPanels } from '../matmul/pack';
import { carried4 } from '../tiny';
import { activateRows, Activation, derive } from './activation';

/** Bytes of scratch that lstmForward and lstmBackward need: the weights, packed, and one row. */
export function lstmScratchBytes(hidden: i32): i32 {
  return (4 * ((hidden + 7) & ~7) + 1) * hidden * 4;
}

/** c = f ∘ c′ + i ∘ g. */
// @ts-ignore: decorator
@inline
function cell(i: v128, f: v128, g: v128, before: v128): v128 {
  return madd(f, before, f32x4.mul(i, g));
}

/** The cells of one row of n units; `gates` holds i, f, g, o, `row` bytes apart. */
function cellRow(c: usize, before: usize, gates: usize, row: usize, n: i32): void {
  const f = gates + row, g = f + row;
  let at: usize = 0;
  for (; n >= 8; n -= 8, at += 32) {
    const c0 = cell(v128.load(gates + at), v128.load(f + at), v128.load(g + at), v128.load(before + at));
    const c1 = cell(
      v128.load(gates + at, 16), v128.load(f + at, 16), v128.load(g + at, 16), v128.load(before + at, 16));
    v128.store(c + at, c0);
    v128.store(c + at, c1, 16);
  }
  for (; n > 0; n -= 4, at += 16) {
    const i = loadUpTo4(gates + at, n);
    storeUpTo4(c + at, cell(i, loadUpTo4(f + at, n), loadUpTo4(g + at, n), loadUpTo4(before + at, n)), n);
  }
}

/** h = o ∘ h of one row, which holds tanh c. */
function stateRow(h: usize, o: usize, n: i32): void {
  for (; n >= 8; n -= 8, h += 32, o += 32) {
    const h0 = f32x4.mul(v128.load(h), v128.load(o)), h1 = f32x4.mul(v128.load(h, 16), v128.load(o, 16));
    v128.store(h, h0);
    v128.store(h, h1, 16);
  }
  for (; n > 0; n -= 4, h += 16, o += 16) storeUpTo4(h, f32x4.mul(loadUpTo4(h, n), loadUpTo4(o, n)), n);
}

/**
 * `gates` [steps, batch, 4 · hidden] holds pre and becomes i, f, g, o of every step; writes every c_t and h_t. `w` is
 * [4 · hidden, hidden]; `h0` and `c0` are [batch, hidden].
 */
export function lstmForward(
  gates: usize, cells: usize, h: usize, h0: usize, c0: usize, w: usize,
  steps: i32, batch: i32, hidden: i32, start: i32, end: i32, scratch: usize,
): void {
  const row = <usize>hidden << 2;
  const wide = row * 4;
  const rows = end - start;
  const first = <usize>start * row;
  packPanels(scratch, w, 4, row, 4 * hidden, hidden);
  let before = h0 + first, cellsBefore = c0 + first;
  gates += 4 * first;
  cells += first;
  h += first;
  for (let t: i32 = 0; t < steps; t++) {
    strips(gates, wide, gates, wide, before, row, 4, 4 * row, scratch, 32, row << 3, 0, rows, 4 * hidden, hidden);
    activateRows(Activation.sigmoid, gates, wide, rows, 2 * hidden);
    activateRows(Activation.tanh, gates + 2 * row, wide, rows, hidden);
    activateRows(Activation.sigmoid, gates + 3 * row, wide, rows, hidden);
    for (let r: i32 = 0; r < rows; r++) {
      const at = <usize>r * row;
      cellRow(cells + at, cellsBefore + at, gates + 4 * at, row, hidden);
      runTanh(h + at, cells + at, hidden);
      stateRow(h + at, gates + 4 * at + 3 * row, hidden);
    }
    before = h;
    cellsBefore = cells;
    gates += <usize>batch * wide;
    cells += <usize>batch * row;
    h += <usize>batch * row;
  }
}

/** Four floats; all of a row's whole vectors, or its last one to three. */
// @ts-ignore: decorator
@inline
function read(whole: bool, from: usize, n: i32): v128 {
  return whole ? v128.load(from) : loadUpTo4(from, n);
}

// @ts-ignore: decorator
@inline
function write(whole: bool, to: usize, v: v128, n: i32): void {
  if (whole) v128.store(to, v);
  else storeUpTo4(to, v, n);
}

/** backRow for four units; nothing is carried on that is too small (../tiny). */
// @ts-ignore: decorator
@inline
function back4(
  whole: bool, dpre: usize, dc: usize, dh: usize, seen: usize, gates: usize, before: usize, row: usize, n: i32,
): void {
  const i = read(whole, gates, n), f = read(whole, gates + row, n);
  const g = read(whole, gates + 2 * row, n), o = read(whole, gates + 3 * row, n);
  const dy = carried4(read(whole, dh, n)), y = read(whole, seen, n);
  const d = carried4(f32x4.add(read(whole, dc, n), derive(Activation.tanh, f32x4.mul(dy, o), y)));
  write(whole, dh, dy, n);
  write(whole, dpre, derive(Activation.sigmoid, f32x4.mul(d, g), i), n);
  write(whole, dpre + row, derive(Activation.sigmoid, f32x4.mul(d, read(whole, before, n)), f), n);
  write(whole, dpre + 2 * row, derive(Activation.tanh, f32x4.mul(d, i), g), n);
  write(whole, dpre + 3 * row, derive(Activation.sigmoid, f32x4.mul(dy, y), o), n);
  write(whole, dc, carried4(f32x4.mul(d, f)), n);
}

/** One row of `dpre` from dh, and dc, the gradient of c_t from later steps, becomes that of c_(t−1); `seen` is tanh c_t. */
function backRow(
  dpre: usize, dc: usize, dh: usize, seen: usize, gates: usize, before: usize, row: usize, n: i32,
): void {
  let at: usize = 0;
  for (; n >= 4; n -= 4, at += 16) {
    back4(true, dpre + at, dc + at, dh + at, seen + at, gates + at, before + at, row, 4);
  }
  if (n > 0) back4(false, dpre + at, dc + at, dh + at, seen + at, gates + at, before + at, row, n);
}

/**
 * dh[t] = ∂L/∂h_t and dpre[t] = ∂L/∂pre_t for every t, kept. `upstream` is the gradient that reaches h_t from outside
 * the recurrence: [steps, batch, hidden], or with `lastOnly` that of the last step, [batch, hidden]. `dc` [batch, hidden]
 * holds what reaches the last cells and becomes the gradient of c0.
 */
export function lstmBackward(
  dh: usize, dpre: usize, dc: usize, upstream: usize, lastOnly: i32, gates: usize, cells: usize, c0: usize, w: usize,
  steps: i32, batch: i32, hidden: i32, start: i32, end: i32, scratch: usize,
): void {
  const row = <usize>hidden << 2;
  const wide = row * 4;
  const step = <usize>batch * row;
  const rows = end - start;
  const first = <usize>start * row;
  const seen = scratch + 4 * row * <usize>((hidden + 7) & ~7);
  packPanels(scratch, w, row, 4, hidden, 4 * hidden);
  const final = <usize>(steps - 1) * step + first;
  dh += final;
  dpre += 4 * final;
  gates += 4 * final;
  cells += final;
  dc += first;
  upstream += lastOnly != 0 ? first : final;
  memory.copy(dh, upstream, <usize>rows * row);
  for (let t = steps - 1; t >= 0; t--) {
    if (t < steps - 1) {
      const from: usize = lastOnly != 0 ? 0 : (upstream -= step);
      const later = dpre + 4 * step;
      strips(dh, row, from, row, later, wide, 4, 4 * wide, scratch, 32, wide << 3, 0, rows, hidden, 4 * hidden);
    }
    const before = t > 0 ? cells - step : c0 + first;
    for (let r: i32 = 0; r < rows; r++) {
      const at = <usize>r * row;
      runTanh(seen, cells + at, hidden);
      backRow(dpre + 4 * at, dc + at, dh + at, seen, gates + 4 * at, before + at, row, hidden);
    }
    dh -= step;
    dpre -= 4 * step;
    gates -= 4 * step;
    cells -= step;
  }
}

