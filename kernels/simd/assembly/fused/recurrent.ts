/*
 * A recurrent layer h_t = f(pre_t + h_(t−1) · Wᵀ) over a whole sequence, forward and backward, in two calls. The weights
 * are packed once; a step works on what the last one left in cache. Rows of the batch do not depend on each other, so
 * threads may share the work by rows [start, end).
 *
 * Sequences are [steps, batch, hidden], contiguous. Before: pre = x · W_ihᵀ + b as one matmul over steps · batch rows.
 * After: ∂L/∂W = Σ_t dpre_tᵀ · h_(t−1) is one matmul over (steps − 1) · batch rows (A = dpre[1 …], transposed, B = h);
 * likewise ∂L/∂W_ih with x; ∂L/∂b is a column sum of dpre.
 */

import { loadUpTo4, storeUpTo4 } from '../lanes';
import { strips } from '../matmul/matmul';
import { packPanels } from '../matmul/pack';
import { carried4 } from '../tiny';
import { Activation, activateRows, activationBackward, derive } from './activation';

/** Bytes of scratch that recurrentForward and recurrentBackward need. */
export function recurrentScratchBytes(hidden: i32): i32 {
  return ((hidden + 7) & ~7) * hidden * 4;
}

/**
 * `h` holds pre and becomes every h_t. `h0` [batch, hidden] may be 0 for zeros. `w` is [hidden, hidden], a row per
 * output unit. f is an Activation.
 */
export function recurrentForward(
  h: usize, h0: usize, w: usize, steps: i32, batch: i32, hidden: i32, start: i32, end: i32,
  activation: i32, scratch: usize,
): void {
  const row = <usize>hidden << 2;
  const step = <usize>batch * row;
  const rows = end - start;
  const panel = <usize>hidden << 5;
  packPanels(scratch, w, 4, row, hidden, hidden);
  let last: usize = h0 == 0 ? 0 : h0 + <usize>start * row;
  h += <usize>start * row;
  for (let t: i32 = 0; t < steps; t++, last = h, h += step) {
    if (last != 0) strips(h, row, h, row, last, row, 4, 4 * row, scratch, 32, panel, 0, rows, hidden, hidden);
    activateRows(activation, h, row, rows, hidden);
  }
}

/** dh, 0 where it is too small to carry on (../tiny), and what tanh leaves of it: the usual activation, in one loop. */
function backTanh(dpre: usize, dh: usize, h: usize, n: i32): void {
  for (; n >= 8; n -= 8, dpre += 32, dh += 32, h += 32) {
    const d0 = carried4(v128.load(dh)), d1 = carried4(v128.load(dh, 16));
    const p0 = derive(Activation.tanh, d0, v128.load(h)), p1 = derive(Activation.tanh, d1, v128.load(h, 16));
    v128.store(dh, d0);
    v128.store(dh, d1, 16);
    v128.store(dpre, p0);
    v128.store(dpre, p1, 16);
  }
  for (; n > 0; n -= 4, dpre += 16, dh += 16, h += 16) {
    const d = carried4(loadUpTo4(dh, n));
    const p = derive(Activation.tanh, d, loadUpTo4(h, n));
    storeUpTo4(dh, d, n);
    storeUpTo4(dpre, p, n);
  }
}

/** The same for any activation. */
function back(activation: i32, dpre: usize, dh: usize, h: usize, n: i32): void {
  if (activation == Activation.tanh) return backTanh(dpre, dh, h, n);
  for (let at: usize = 0, left = n; left > 0; left -= 4, at += 16) {
    storeUpTo4(dh + at, carried4(loadUpTo4(dh + at, left)), left);
  }
  activationBackward(activation, dpre, dh, h, n);
}

/**
 * dh[t] = ∂L/∂h_t and dpre[t] = ∂L/∂pre_t for every t, kept, 0 below what is carried. `upstream` is the gradient that reaches h_t from outside
 * the recurrence: [steps, batch, hidden] (it may be `dh`), or with `lastOnly` that of the last step, [batch, hidden].
 */
export function recurrentBackward(
  dh: usize, dpre: usize, upstream: usize, lastOnly: i32, h: usize, w: usize,
  steps: i32, batch: i32, hidden: i32, start: i32, end: i32, activation: i32, scratch: usize,
): void {
  const row = <usize>hidden << 2;
  const step = <usize>batch * row;
  const rows = end - start;
  const size = <usize>rows * row;
  const panel = <usize>hidden << 5;
  packPanels(scratch, w, row, 4, hidden, hidden);
  const final = <usize>(steps - 1) * step + <usize>start * row;
  dh += final;
  dpre += final;
  h += final;
  upstream += lastOnly != 0 ? <usize>start * row : final;
  if (dh != upstream) memory.copy(dh, upstream, size);
  for (let t = steps - 1; t >= 0; t--, dh -= step, dpre -= step, h -= step) {
    if (t < steps - 1) {
      const from: usize = lastOnly != 0 ? 0 : (upstream -= step);
      strips(dh, row, from, row, dpre + step, row, 4, 4 * row, scratch, 32, panel, 0, rows, hidden, hidden);
    }
    back(activation, dpre, dh, h, rows * hidden);
  }
}
