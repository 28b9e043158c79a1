/**
 * The LSTM over a whole sequence as one op: all time steps in one kernel, and each weight's gradient as one product over
 * all T · B rows. Equals the network unrolled cell by cell, which the tests compare it with.
 */

import { stepOf } from '../../tensor/fused.js';
import { fullLike, type Tensor } from '../../tensor/index.js';
import { type LSTMTrace, lstmGrads, lstmTrace } from '../../tensor/lstm.js';
import { defineOp, type Sample } from '../op.js';
import { inputRules, recurrentWeightGrad } from './sequence-grads.js';

type Inputs = readonly [x: Tensor, weightIh: Tensor, bias: Tensor, weightHh: Tensor, h0: Tensor, c0: Tensor];

/** Which part of the sequence is wanted, and what the ops of one layer share. */
export interface LSTMParams {
  /** All states [T, B, H], the last alone [B, H], or the last cells [B, H]. */
  readonly part: 'states' | 'last' | 'lastCell';
  /** The forward pass, if it is computed already: the parts of one layer share it. */
  readonly trace?: LSTMTrace;
  /** Called in backward with ∂L/∂h of all steps, [T, B, H]. */
  readonly onStateGrads?: (grads: Tensor) => void;
}

const samples: readonly Sample<LSTMParams>[] = [
  { shapes: [[3, 2, 3], [8, 3], [8], [8, 2], [2, 2], [2, 2]], params: { part: 'states' } },
  { shapes: [[3, 1, 1], [8, 1], [8], [8, 2], [1, 2], [1, 2]], params: { part: 'last' } },
  { shapes: [[3, 2, 2], [4, 2], [4], [4, 1], [2, 1], [2, 1]], params: { part: 'lastCell' } },
  { shapes: [[1, 2, 3], [8, 3], [8], [8, 2], [2, 2], [2, 2]], params: { part: 'states' } },
];

function traceOf(inputs: Inputs, { trace }: LSTMParams): LSTMTrace {
  return trace ?? lstmTrace(...inputs);
}

/** Operands as in `lstmTrace`; a part of the sequence has a backward pass through all steps of its own. */
export const lstm = defineOp<Inputs, LSTMParams>({
  name: 'lstm',
  forward: (inputs, params) => {
    const { states, cells } = traceOf(inputs, params);
    if (params.part === 'states') return states;
    return stepOf(params.part === 'last' ? states : cells, -1);
  },
  backward: (grad, { inputs, params }) => {
    const [x, weightIh, , weightHh, h0, c0] = inputs;
    const trace = traceOf(inputs, params);
    const none = fullLike(c0, 0);
    const [upstream, dcLast] = params.part === 'lastCell' ? [none, grad] : [grad, none];
    const { dh, dpre, dc0 } = lstmGrads(upstream, dcLast, trace, weightHh, c0);
    params.onStateGrads?.(dh);
    return [
      ...inputRules(dpre, x, weightIh),
      () => recurrentWeightGrad(dpre, trace.states, h0),
      () => stepOf(dpre, 0).matmul(weightHh),
      () => dc0,
    ];
  },
  samples,
});
