/** The simd backend's recurrent kernels: addresses and sizes for calls that run through a whole sequence. */

import { ACTIVATION } from '../../../kernels/simd/kernels.js';
import type { FusedKernels } from '../backend.js';
import type { View } from '../view.js';
import { addressOf } from './simd-memory.js';
import type { SimdOperands } from './simd-operands.js';

/** Those of RNN, LSTM and GRU. */
export function recurrentKernels(find: () => SimdOperands): VanillaKernels & LSTMKernels & GRUKernels {
  return { ...vanillaKernels(find), ...lstmKernels(find), ...gruKernels(find) };
}

type VanillaKernels = Pick<FusedKernels, 'recurrentForward' | 'recurrentBackward'>;

function vanillaKernels(find: () => SimdOperands): VanillaKernels {
  return {
    recurrentForward(name, states, weight, h0) {
      const operands = find();
      const mark = operands.mark();
      const [steps, batch, hidden] = states.shape;
      const target = operands.contiguous(states);
      const [w, start] = [operands.contiguousAddress(weight), h0 ? operands.contiguousAddress(h0) : 0];
      const scratch = operands.memory.scratch(operands.kernels.recurrentScratchBytes(hidden));
      operands.kernels.recurrentForward(
        addressOf(target),
        start,
        w,
        steps,
        batch,
        hidden,
        0,
        batch,
        ACTIVATION[name],
        scratch,
      );
      operands.deliver(target, states, mark);
    },
    recurrentBackward(name, upstream, states, weight, dh, dpre) {
      const operands = find();
      const mark = operands.mark();
      const [steps, batch, hidden] = states.shape;
      const [toState, toPre] = [operands.landing(dh), operands.landing(dpre)];
      const [grad, h] = [operands.contiguousAddress(upstream), operands.contiguousAddress(states)];
      const w = operands.contiguousAddress(weight);
      const scratch = operands.memory.scratch(operands.kernels.recurrentScratchBytes(hidden));
      operands.kernels.recurrentBackward(
        addressOf(toState),
        addressOf(toPre),
        grad,
        upstream.shape.length === 2 ? 1 : 0,
        h,
        w,
        steps,
        batch,
        hidden,
        0,
        batch,
        ACTIVATION[name],
        scratch,
      );
      deliverAll(operands, [toState, toPre], [dh, dpre], mark);
    },
  };
}

type LSTMKernels = Pick<FusedKernels, 'lstmForward' | 'lstmBackward'>;

function lstmKernels(find: () => SimdOperands): LSTMKernels {
  return {
    lstmForward(gates, weight, h0, c0, cells, states) {
      const operands = find();
      const mark = operands.mark();
      const [steps, batch, hidden] = states.shape;
      const targets = [
        operands.contiguous(gates),
        operands.landing(cells),
        operands.landing(states),
      ] as const;
      const [w, h, c] = [weight, h0, c0].map((view) => operands.contiguousAddress(view));
      const [g, cell, state] = targets.map(addressOf);
      const scratch = operands.memory.scratch(operands.kernels.lstmScratchBytes(hidden));
      operands.kernels.lstmForward(g, cell, state, h, c, w, steps, batch, hidden, 0, batch, scratch);
      deliverAll(operands, targets, [gates, cells, states], mark);
    },
    lstmBackward(upstream, gates, cells, c0, weight, dh, dpre, dc) {
      const operands = find();
      const mark = operands.mark();
      const targets = [operands.landing(dh), operands.landing(dpre), operands.contiguous(dc)] as const;
      const sources = [upstream, gates, cells, c0, weight].map((view) => operands.contiguousAddress(view));
      const [up, g, c, start, w] = sources;
      const [toState, toPre, toCell] = targets.map(addressOf);
      const [steps, batch, hidden] = dh.shape;
      const size = [steps, batch, hidden, 0, batch] as const;
      const scratch = operands.memory.scratch(operands.kernels.lstmScratchBytes(hidden));
      const lastOnly = upstream.shape.length === 2 ? 1 : 0;
      operands.kernels.lstmBackward(toState, toPre, toCell, up, lastOnly, g, c, start, w, ...size, scratch);
      deliverAll(operands, targets, [dh, dpre, dc], mark);
    },
  };
}

type GRUKernels = Pick<FusedKernels, 'gruForward' | 'gruBackward'>;

function gruKernels(find: () => SimdOperands): GRUKernels {
  return {
    gruForward(gates, weight, innerBias, h0, inner, states) {
      const operands = find();
      const mark = operands.mark();
      const [steps, batch, hidden] = states.shape;
      const targets = [
        operands.contiguous(gates),
        operands.landing(inner),
        operands.landing(states),
      ] as const;
      const [w, bias, h] = [weight, innerBias, h0].map((view) => operands.contiguousAddress(view));
      const [g, toInner, state] = targets.map(addressOf);
      const scratch = operands.memory.scratch(operands.kernels.gruScratchBytes(hidden));
      operands.kernels.gruForward(g, toInner, state, h, w, bias, steps, batch, hidden, 0, batch, scratch);
      deliverAll(operands, targets, [gates, inner, states], mark);
    },
    gruBackward(upstream, gates, inner, states, h0, weight, dh, dinput, dhidden) {
      const operands = find();
      const mark = operands.mark();
      const targets = [operands.landing(dh), operands.landing(dinput), operands.landing(dhidden)] as const;
      const sources = [upstream, gates, inner, states, h0, weight].map((x) => operands.contiguousAddress(x));
      const [up, g, i, h, start, w] = sources;
      const [toState, toInput, toHidden] = targets.map(addressOf);
      const [steps, batch, hidden] = dh.shape;
      const size = [steps, batch, hidden, 0, batch] as const;
      const scratch = operands.memory.scratch(operands.kernels.gruScratchBytes(hidden));
      const lastOnly = upstream.shape.length === 2 ? 1 : 0;
      operands.kernels.gruBackward(
        toState,
        toInput,
        toHidden,
        up,
        lastOnly,
        g,
        i,
        h,
        start,
        w,
        ...size,
        scratch,
      );
      deliverAll(operands, targets, [dh, dinput, dhidden], mark);
    },
  };
}

/** Copies results to where they belong, unless they are there already, and frees what was temporary. */
function deliverAll(
  operands: SimdOperands,
  targets: readonly View[],
  outs: readonly View[],
  mark: number,
): void {
  for (const [k, target] of targets.entries()) if (target !== outs[k]) operands.copy(target, outs[k]);
  operands.memory.release(mark);
}
