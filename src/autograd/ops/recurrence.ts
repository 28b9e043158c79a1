/**
 * The vanilla recurrence over a whole sequence as one op: all time steps in one kernel, and each weight's gradient as
 * one product over all T · B rows. Equals the network unrolled cell by cell, which the tests compare it with.
 */

import { recurrentGrads, recurrentStates, stepOf } from '../../tensor/fused.js';
import type { ActivationName, Tensor } from '../../tensor/index.js';
import { type BackwardContext, defineOp, type Rules, type Sample } from '../op.js';
import { inputRules, recurrentWeightGrad } from './sequence-grads.js';

type Inputs = readonly [x: Tensor, weightIh: Tensor, bias: Tensor, weightHh: Tensor, h0: Tensor];

/** What a recurrence applies, and what it shares with whoever watches. */
export interface RecurrenceParams {
  readonly activation: ActivationName;
  /** The states, if they are computed already: `recurrence` and `recurrenceLast` of one layer share them. */
  readonly states?: Tensor;
  /** Called in backward with ∂L/∂h of all steps, [T, B, H]. */
  readonly onStateGrads?: (grads: Tensor) => void;
}

const shapes = [[4, 2, 3], [3, 3], [3], [3, 3], [2, 3]];
const samples: readonly Sample<RecurrenceParams>[] = [
  { shapes, params: { activation: 'tanh' }, range: [-0.9, 0.9] },
  { shapes: [[3, 1, 1], [2, 1], [2], [2, 2], [1, 2]], params: { activation: 'relu' }, range: [-0.9, 0.9] },
  { shapes: [[1, 2, 3], [2, 3], [2], [2, 2], [2, 2]], params: { activation: 'identity' } },
];

function statesOf(inputs: Inputs, { states, activation }: RecurrenceParams): Tensor {
  return recurrentStates(activation, ...inputs, states);
}

/** The rules of both ops: `upstream` reaches every state [T, B, H], or the last alone [B, H]. */
function rules(upstream: Tensor, states: Tensor, inputs: Inputs, params: RecurrenceParams): Rules<Inputs> {
  const [x, weightIh, , weightHh, h0] = inputs;
  const { dh, dpre } = recurrentGrads(params.activation, upstream, states, weightHh);
  params.onStateGrads?.(dh);
  return [
    ...inputRules(dpre, x, weightIh),
    () => recurrentWeightGrad(dpre, states, h0),
    () => stepOf(dpre, 0).matmul(weightHh),
  ];
}

/**
 * All states of h_t = f(x_t · weightIhᵀ + bias + h_{t−1} · weightHhᵀ): x [T, B, I], weightIh [H, I], bias [H], weightHh
 * [H, H], h0 [B, H] → [T, B, H].
 */
export const recurrence = defineOp<Inputs, RecurrenceParams>({
  name: 'recurrence',
  forward: statesOf,
  backward: (grad, { inputs, output, params }) => rules(grad, output, inputs, params),
  samples,
});

/** The last state of `recurrence` alone, [B, H]: its backward need not look for gradients at the other steps. */
export const recurrenceLast = defineOp<Inputs, RecurrenceParams>({
  name: 'recurrenceLast',
  forward: (inputs, params) => stepOf(statesOf(inputs, params), -1),
  backward: (grad, { inputs, params }: BackwardContext<Inputs, RecurrenceParams>) =>
    rules(grad, statesOf(inputs, params), inputs, params),
  samples,
});
