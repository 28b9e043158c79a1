/*
 * A GRU over a whole sequence, forward and backward, in two calls: like lstm.ts, with three gates r, z, n side by side in
 * rows of 3 · hidden. What the state brings to n is gated by r, so it stays apart (`inner`), and the way back knows two
 * gradients of n's sum: x's and h's.
 */

import { loadUpTo4, madd, nmadd, storeUpTo4 } from '../lanes';
import { strips } from '../matmul/matmul';
import { packPanels } from '../matmul/pack';
import { carried4 } from '../tiny';
import { activateRows, Activation, derive } from './activation';

/** Bytes of scratch that gruForward and gruBackward need: the weights, packed, and one row. */
export function gruScratchBytes(hidden: i32): i32 {
  return (3 * ((hidden + 7) & ~7) + 1) * hidden * 4;
}

/** n += r ∘ inner of one row. */
function candidateRow(n: usize, r: usize, inner: usize, count: i32): void {
  for (; count >= 8; count -= 8, n += 32, r += 32, inner += 32) {
    const n0 = madd(v128.load(r), v128.load(inner), v128.load(n));
    const n1 = madd(v128.load(r, 16), v128.load(inner, 16), v128.load(n, 16));
    v128.store(n, n0);
    v128.store(n, n1, 16);
  }
  for (; count > 0; count -= 4, n += 16, r += 16, inner += 16) {
    storeUpTo4(n, madd(loadUpTo4(r, count), loadUpTo4(inner, count), loadUpTo4(n, count)), count);
  }
}

/** n + z ∘ (h′ − n). */
// @ts-ignore: decorator
@inline
function state(before: v128, z: v128, n: v128): v128 {
  return madd(z, f32x4.sub(before, n), n);
}

/** The states of one row. */
function stateRow(h: usize, before: usize, z: usize, n: usize, count: i32): void {
  for (; count >= 8; count -= 8, h += 32, before += 32, z += 32, n += 32) {
    const h0 = state(v128.load(before), v128.load(z), v128.load(n));
    const h1 = state(v128.load(before, 16), v128.load(z, 16), v128.load(n, 16));
    v128.store(h, h0);
    v128.store(h, h1, 16);
  }
  for (; count > 0; count -= 4, h += 16, before += 16, z += 16, n += 16) {
    storeUpTo4(h, state(loadUpTo4(before, count), loadUpTo4(z, count), loadUpTo4(n, count)), count);
  }
}

/**
 * `gates` [steps, batch, 3 · hidden] holds x · W_ihᵀ + b, for r and z with both biases, and becomes r, z, n of every
 * step; writes `inner` = h_(t−1) · W_hnᵀ + innerBias and every h_t. `w` is [3 · hidden, hidden], `h0` [batch, hidden].
 */
export function gruForward(
  gates: usize, inner: usize, h: usize, h0: usize, w: usize, innerBias: usize,
  steps: i32, batch: i32, hidden: i32, start: i32, end: i32, scratch: usize,
): void {
  const row = <usize>hidden << 2;
  const wide = row * 3;
  const panel = row << 3;
  const rows = end - start;
  const first = <usize>start * row;
  const packedInner = scratch + row * <usize>((2 * hidden + 7) & ~7);
  packPanels(scratch, w, 4, row, 2 * hidden, hidden);
  packPanels(packedInner, w + 2 * row * <usize>hidden, 4, row, hidden, hidden);
  let before = h0 + first;
  gates += 3 * first;
  inner += first;
  h += first;
  for (let t: i32 = 0; t < steps; t++) {
    strips(gates, wide, gates, wide, before, row, 4, 4 * row, scratch, 32, panel, 0, rows, 2 * hidden, hidden);
    strips(inner, row, innerBias, 0, before, row, 4, 4 * row, packedInner, 32, panel, 0, rows, hidden, hidden);
    activateRows(Activation.sigmoid, gates, wide, rows, 2 * hidden);
    for (let i: i32 = 0; i < rows; i++) {
      const at = <usize>i * row;
      candidateRow(gates + 3 * at + 2 * row, gates + 3 * at, inner + at, hidden);
    }
    activateRows(Activation.tanh, gates + 2 * row, wide, rows, hidden);
    for (let i: i32 = 0; i < rows; i++) {
      const at = <usize>i * row;
      stateRow(h + at, before + at, gates + 3 * at + row, gates + 3 * at + 2 * row, hidden);
    }
    before = h;
    gates += <usize>batch * wide;
    inner += <usize>batch * row;
    h += <usize>batch * row;
  }
}

/**
 * One row of `dinput` and `dhidden` from dh; `earlier`, the gradient of h_(t−1), receives its share by z. Nothing is carried
 * on that is too small (../tiny).
 */
function backRow(
  dinput: usize, dhidden: usize, earlier: usize, dh: usize, gates: usize, inner: usize, before: usize, row: usize, count: i32,
): void {
  for (; count > 0; count -= 4) {
    const r = loadUpTo4(gates, count), z = loadUpTo4(gates + row, count), n = loadUpTo4(gates + 2 * row, count);
    const dy = carried4(loadUpTo4(dh, count));
    const dn = derive(Activation.tanh, nmadd(dy, z, dy), n);
    const dr = derive(Activation.sigmoid, f32x4.mul(dn, loadUpTo4(inner, count)), r);
    const dz = derive(Activation.sigmoid, f32x4.mul(dy, f32x4.sub(loadUpTo4(before, count), n)), z);
    storeUpTo4(dh, dy, count);
    storeUpTo4(dinput, dr, count);
    storeUpTo4(dinput + row, dz, count);
    storeUpTo4(dinput + 2 * row, dn, count);
    storeUpTo4(dhidden, dr, count);
    storeUpTo4(dhidden + row, dz, count);
    storeUpTo4(dhidden + 2 * row, carried4(f32x4.mul(dn, r)), count);
    storeUpTo4(earlier, madd(dy, z, loadUpTo4(earlier, count)), count);
    dinput += 16;
    dhidden += 16;
    earlier += 16;
    dh += 16;
    gates += 16;
    inner += 16;
    before += 16;
  }
}

/**
 * dh[t] = ∂L/∂h_t, and ∂L/∂(x · W_ihᵀ + b_ih) (`dinput`) and ∂L/∂(h_(t−1) · W_hhᵀ + b_hh) (`dhidden`), [steps, batch,
 * 3 · hidden], for every t. `upstream` is the gradient that reaches h_t from outside the recurrence: [steps, batch,
 * hidden], or with `lastOnly` that of the last step, [batch, hidden].
 */
export function gruBackward(
  dh: usize, dinput: usize, dhidden: usize, upstream: usize, lastOnly: i32,
  gates: usize, inner: usize, h: usize, h0: usize, w: usize,
  steps: i32, batch: i32, hidden: i32, start: i32, end: i32, scratch: usize,
): void {
  const row = <usize>hidden << 2;
  const wide = row * 3;
  const step = <usize>batch * row;
  const rows = end - start;
  const size = <usize>rows * row;
  const first = <usize>start * row;
  const unused = scratch + wide * <usize>((hidden + 7) & ~7);
  packPanels(scratch, w, row, 4, hidden, 3 * hidden);
  const final = <usize>(steps - 1) * step + first;
  dh += final;
  dinput += 3 * final;
  dhidden += 3 * final;
  gates += 3 * final;
  inner += final;
  h += final;
  upstream += lastOnly != 0 ? first : final;
  memory.copy(dh, upstream, size);
  for (let t = steps - 1; t >= 0; t--) {
    const earlier = dh - step;
    const before = t > 0 ? h - step : h0 + first;
    if (t > 0) {
      if (lastOnly != 0) memory.fill(earlier, 0, size);
      else memory.copy(earlier, (upstream -= step), size);
    }
    for (let i: i32 = 0; i < rows; i++) {
      const at = <usize>i * row;
      const share = t > 0 ? earlier + at : unused;
      backRow(dinput + 3 * at, dhidden + 3 * at, share, dh + at, gates + 3 * at, inner + at, before + at, row, hidden);
    }
    if (t > 0) {
      strips(
        earlier, row, earlier, row, dhidden, wide, 4, 4 * wide, scratch, 32, wide << 3, 0, rows, hidden, 3 * hidden,
      );
    }
    dh -= step;
    dinput -= 3 * step;
    dhidden -= 3 * step;
    gates -= 3 * step;
    inner -= step;
    h -= step;
  }
}
