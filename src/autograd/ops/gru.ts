/**
 * The GRU over a whole sequence as one op: all time steps in one kernel, and each weight's gradient as one product over
 * all T · B rows. Equals the network unrolled cell by cell, which the tests compare it with.
 */

import { stepOf } from '../../tensor/fused.js';
import { blocksOf } from '../../tensor/gates.js';
import { type GRUTrace, gruGrads, gruTrace } from '../../tensor/gru.js';
import type { Tensor } from '../../tensor/index.js';
import { defineOp, type Sample } from '../op.js';
import { inputRules, recurrentWeightGrad } from './sequence-grads.js';

type Inputs = readonly [
  x: Tensor,
  weightIh: Tensor,
  biasIh: Tensor,
  weightHh: Tensor,
  biasHh: Tensor,
  h0: Tensor,
];

/** Which part of the sequence is wanted, and what the ops of one layer share. */
export interface GRUParams {
  /** All states [T, B, H], or the last alone [B, H]. */
  readonly part: 'states' | 'last';
  /** The forward pass, if it is computed already: the parts of one layer share it. */
  readonly trace?: GRUTrace;
  /** Called in backward with ∂L/∂h of all steps, [T, B, H]. */
  readonly onStateGrads?: (grads: Tensor) => void;
}

const samples: readonly Sample<GRUParams>[] = [
  { shapes: [[3, 2, 3], [6, 3], [6], [6, 2], [6], [2, 2]], params: { part: 'states' } },
  { shapes: [[3, 1, 1], [6, 1], [6], [6, 2], [6], [1, 2]], params: { part: 'last' } },
  { shapes: [[1, 2, 3], [3, 3], [3], [3, 1], [3], [2, 1]], params: { part: 'states' } },
];

function traceOf(inputs: Inputs, { trace }: GRUParams): GRUTrace {
  return trace ?? gruTrace(...inputs);
}

/** Operands as in `gruTrace`; a part of the sequence has a backward pass through all steps of its own. */
export const gru = defineOp<Inputs, GRUParams>({
  name: 'gru',
  forward: (inputs, params) => {
    const { states } = traceOf(inputs, params);
    return params.part === 'states' ? states : stepOf(states, -1);
  },
  backward: (grad, { inputs, params }) => {
    const [x, weightIh, , weightHh, , h0] = inputs;
    const trace = traceOf(inputs, params);
    const { dh, dinput, dhidden } = gruGrads(grad, trace, weightHh, h0);
    params.onStateGrads?.(dh);
    return [
      ...inputRules(dinput, x, weightIh),
      () => recurrentWeightGrad(dhidden, trace.states, h0),
      () => dhidden.reshape([-1, dhidden.shape[2]]).sum({ axis: 0 }),
      () => {
        const kept = stepOf(dh, 0).mul(blocksOf(stepOf(trace.gates, 0), 3)[1]);
        return kept.add(stepOf(dhidden, 0).matmul(weightHh));
      },
    ];
  },
  samples,
});
