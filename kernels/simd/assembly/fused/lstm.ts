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
import { activateRows, Activation, derive } from './activation';

/** Bytes of scratch that lstmForward and lstmBackward need: the weights, packed, and one row. */
export function lstmScratchBytes(hidden: i32): i32 {
  return (4 * ((hidden + 7) & ~7) + 1) * hidden * 4;
}

/** c = f ∘ c′ + i ∘ g of one row of n units; `gates` holds i, f, g, o, `row` bytes apart. */
function cellRow(c: usize, before: usize, gates: usize, row: usize, n: i32): void {
  for (; n > 0; n -= 4, c += 16, before += 16, gates += 16) {
    const added = f32x4.mul(loadUpTo4(gates, n), loadUpTo4(gates + 2 * row, n));
    storeUpTo4(c, madd(loadUpTo4(gates + row, n), loadUpTo4(before, n), added), n);
  }
}

/** h = o ∘ h of one row, which holds tanh c. */
function stateRow(h: usize, o: usize, n: i32): void {
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

/** One row of `dpre` from dh, and dc, the gradient of c_t from later steps, becomes that of c_(t−1); `seen` is tanh c_t. */
function backRow(
  dpre: usize, dc: usize, dh: usize, seen: usize, gates: usize, before: usize, row: usize, n: i32,
): void {
  for (; n > 0; n -= 4) {
    const i = loadUpTo4(gates, n), f = loadUpTo4(gates + row, n);
    const g = loadUpTo4(gates + 2 * row, n), o = loadUpTo4(gates + 3 * row, n);
    const dy = loadUpTo4(dh, n), y = loadUpTo4(seen, n);
    const d = f32x4.add(loadUpTo4(dc, n), derive(Activation.tanh, f32x4.mul(dy, o), y));
    storeUpTo4(dpre, derive(Activation.sigmoid, f32x4.mul(d, g), i), n);
    storeUpTo4(dpre + row, derive(Activation.sigmoid, f32x4.mul(d, loadUpTo4(before, n)), f), n);
    storeUpTo4(dpre + 2 * row, derive(Activation.tanh, f32x4.mul(d, i), g), n);
    storeUpTo4(dpre + 3 * row, derive(Activation.sigmoid, f32x4.mul(dy, y), o), n);
    storeUpTo4(dc, f32x4.mul(d, f), n);
    dpre += 16;
    dc += 16;
    dh += 16;
    seen += 16;
    gates += 16;
    before += 16;
  }
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

