/**
 * The vanilla recurrence over a whole sequence as one op: all time steps in one kernel, and each weight's gradient as
 * one product over all T · B rows. Equals the network unrolled cell by cell, with which the tests compare it.
 */

import { checkAlike } from '../../../tensor/checks.js';
import { concatTensors } from '../../../tensor/concat.js';
import {
  type ActivationName,
  formatShape,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
} from '../../../tensor/index.js';
import { carried } from '../../../tensor/tiny.js';
import { defineOp, type Sample } from '../../op.js';
import { activate, activationGrad } from '../activation.js';
import { affineOf } from '../affine.js';
import { inputRules, recurrentWeightGrad, setStep, stateGrad, stepOf, upstreamOf } from './sequence.js';

type Inputs = readonly [x: Tensor, weightIh: Tensor, bias: Tensor, weightHh: Tensor, h0: Tensor];

/** What a recurrence applies to its sum. */
export interface RecurrenceParams {
  readonly activation: ActivationName;
}

const samples: readonly Sample<RecurrenceParams>[] = [
  { shapes: [[4, 2, 3], [3, 3], [3], [3, 3], [2, 3]], params: { activation: 'tanh' }, range: [-0.9, 0.9] },
  { shapes: [[3, 1, 1], [2, 1], [2], [2, 2], [1, 2]], params: { activation: 'relu' }, range: [-0.9, 0.9] },
  { shapes: [[1, 2, 3], [2, 3], [2], [2, 2], [2, 2]], params: { activation: 'identity' } },
];

/**
 * h_t = f(x_t · weightIhᵀ + bias + h_{t−1} · weightHhᵀ): x [T ≥ 1, B, I], weightIh [H, I], bias [H], weightHh [H, H], h0
 * [B, H] → all states [T, B, H] and the last [B, H]. After backward the note of its node is ∂L/∂h of every step.
 */
export const recurrence = defineOp<
  Inputs,
  RecurrenceParams,
  readonly [],
  readonly [states: Tensor, last: Tensor]
>({
  name: 'recurrence',
  severalOutputs: true,
  forward: (inputs, { activation }) => {
    const states = recurrentStates(activation, ...inputs);
    return [states, stepOf(states, -1)];
  },
  backward: ([dStates, dLast], { inputs, output: [states], params: { activation } }, note) => {
    const [x, weightIh, , weightHh, h0] = inputs;
    const { dh, dpre } = recurrentGrads(activation, upstreamOf(dStates, dLast, h0), states, weightHh);
    note(dh);
    return [
      ...inputRules(dpre, x, weightIh),
      () => recurrentWeightGrad(dpre, states, h0),
      () => stepOf(dpre, 0).matmul(weightHh),
    ];
  },
  samples,
});

/** All states. The product of the inputs with weightIh is one for all steps. */
export function recurrentStates(
  activation: ActivationName,
  x: Tensor,
  weightIh: Tensor,
  bias: Tensor,
  weightHh: Tensor,
  h0: Tensor,
): Tensor {
  checkRecurrence(x, weightIh, bias, weightHh, h0);
  const [steps, batch, inputs] = x.shape;
  const hidden = weightHh.shape[0];
  const pre = affineOf(x.reshape([steps * batch, inputs]), weightIh, bias).reshape([steps, batch, hidden]);
  const { recurrentForward } = pre.backend.fused;
  if (recurrentForward) {
    // Nobody else holds this tensor, so the kernel overwrites it.
    recurrentForward(activation, pre.view(), weightHh.view(), h0.view());
    return pre;
  }
  const states: Tensor[] = [];
  for (let t = 0, h = h0; t < steps; t++) {
    h = activate(activation, stepOf(pre, t).add(h.matmul(weightHh.T)));
    states.push(h.reshape([1, batch, hidden]));
  }
  return concatTensors(states, 0);
}

/** ∂L/∂h_t and ∂L/∂pre_t for every t, where h_t = f(pre_t); `upstream` as `upstreamOf` gives it. */
export function recurrentGrads(
  activation: ActivationName,
  upstream: Tensor,
  states: Tensor,
  weightHh: Tensor,
): { readonly dh: Tensor; readonly dpre: Tensor } {
  const dh = Tensor.empty(states.shape, states.dtype, states.backend);
  const dpre = Tensor.empty(states.shape, states.dtype, states.backend);
  const { recurrentBackward } = states.backend.fused;
  if (recurrentBackward) {
    recurrentBackward(activation, upstream.view(), states.view(), weightHh.view(), dh.view(), dpre.view());
    return { dh, dpre };
  }
  let later: Tensor | null = null;
  for (let t = states.shape[0] - 1; t >= 0; t--) {
    const total = carried(stateGrad(upstream, t, later));
    const before = activationGrad(activation, total, stepOf(states, t));
    setStep(dh, t, total);
    setStep(dpre, t, before);
    later = before.matmul(weightHh);
  }
  return { dh, dpre };
}

/** Throws unless a recurrence can run. */
function checkRecurrence(x: Tensor, weightIh: Tensor, bias: Tensor, weightHh: Tensor, h0: Tensor): void {
  if (x.rank !== 3 || x.shape[0] < 1) {
    throw new ShapeError(`recurrence: needs x [T ≥ 1, B, I], got ${formatShape(x.shape)}`);
  }
  const [, batch, inputs] = x.shape;
  const hidden = weightIh.shape[0];
  const check = (name: string, operand: Tensor, shape: Shape): void => {
    checkAlike('recurrence', x, operand);
    if (sameShape(operand.shape, shape)) return;
    throw new ShapeError(
      `recurrence: needs ${name} ${formatShape(shape)}, got ${formatShape(operand.shape)}`,
    );
  };
  check('weightIh', weightIh, [hidden, inputs]);
  check('bias', bias, [hidden]);
  check('weightHh', weightHh, [hidden, hidden]);
  check('h0', h0, [batch, hidden]);
}
