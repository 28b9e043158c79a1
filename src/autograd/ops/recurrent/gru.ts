/**
 * The GRU over a whole sequence as one op: all time steps in one kernel, and each weight's gradient as one product over
 * all T · B rows. Equals the network unrolled cell by cell, with which the tests compare it.
 */

import { checkAlike } from '../../../tensor/checks.js';
import { concatTensors } from '../../../tensor/concat.js';
import { fullLike, Tensor } from '../../../tensor/index.js';
import { carried } from '../../../tensor/tiny.js';
import { defineOp } from '../../op.js';
import { activationGrad } from '../activation.js';
import { affineOf } from '../affine.js';
import {
  blocksOf,
  inputRules,
  recurrentWeightGrad,
  setBlocks,
  setStep,
  stateGrad,
  stepOf,
  upstreamOf,
} from './sequence.js';

type Inputs = readonly [
  x: Tensor,
  weightIh: Tensor,
  biasIh: Tensor,
  weightHh: Tensor,
  biasHh: Tensor,
  h0: Tensor,
];

/**
 * r, z = σ(·) of x · weightIhᵀ + biasIh + h_{t−1} · weightHhᵀ + biasHh; n = tanh(x_t · W_inᵀ + b_in + r ∘ (h_{t−1} ·
 * W_hnᵀ + b_hn)); h_t = n + z ∘ (h_{t−1} − n). x [T, B, I], weightIh [3H, I], biases [3H], weightHh [3H, H], h0 [B, H]: the
 * caller has checked shapes. Gives all states [T, B, H] and the last [B, H]. After backward the note of its node is ∂L/∂h
 * of every step.
 */
export const gru = defineOp<
  Inputs,
  void,
  readonly [gates: Tensor, inner: Tensor],
  readonly [states: Tensor, last: Tensor]
>({
  name: 'gru',
  severalOutputs: true,
  forward: (inputs, _, save) => {
    const { gates, inner, states } = gruTrace(...inputs);
    save(gates, inner);
    return [states, stepOf(states, -1)];
  },
  backward: ([dStates, dLast], { inputs, output: [states], saved: [gates, inner] }, note) => {
    const [x, weightIh, , weightHh, , h0] = inputs;
    const upstream = upstreamOf(dStates, dLast, h0);
    const { dh, dinput, dhidden } = gruGrads(upstream, { gates, inner, states }, weightHh, h0);
    note(dh);
    return [
      ...inputRules(dinput, x, weightIh),
      () => recurrentWeightGrad(dhidden, states, h0),
      () => dhidden.reshape([-1, dhidden.shape[2]]).sum({ axis: 0 }),
      () => {
        const kept = stepOf(dh, 0).mul(blocksOf(stepOf(gates, 0), 3)[1]);
        return kept.add(stepOf(dhidden, 0).matmul(weightHh));
      },
    ];
  },
  samples: [
    { shapes: [[3, 2, 3], [6, 3], [6], [6, 2], [6], [2, 2]] },
    { shapes: [[3, 1, 1], [6, 1], [6], [6, 2], [6], [1, 2]] },
    { shapes: [[1, 2, 3], [3, 3], [3], [3, 1], [3], [2, 1]] },
  ],
});

/**
 * What the forward pass leaves: gates r, z, n after their functions [T, B, 3H], what r gates inside n (`inner` =
 * h_{t−1} · W_hnᵀ + b_hn) and states h, [T, B, H].
 */
export interface GRUTrace {
  readonly gates: Tensor;
  readonly inner: Tensor;
  readonly states: Tensor;
}

/** The forward pass: what x_t brings to the gates is one product for all steps. */
export function gruTrace(...[x, weightIh, biasIh, weightHh, biasHh, h0]: Inputs): GRUTrace {
  for (const operand of [weightHh, biasHh, h0]) checkAlike('gru', x, operand);
  const [steps, batch, inputs] = x.shape;
  const [width, hidden] = weightHh.shape;
  // In r and z the two biases act as their sum; in n the second is gated.
  const [both, innerBias] = [biasHh.slice([[0, 2 * hidden]]), biasHh.slice([[2 * hidden, width]])];
  const bias = biasIh.add(concatTensors([both, fullLike(innerBias, 0)], 0));
  // Nobody else holds this tensor, so it becomes the gates in place.
  const gates = affineOf(x.reshape([steps * batch, inputs]), weightIh, bias).reshape([steps, batch, width]);
  const inner = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const states = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const { gruForward } = x.backend.fused;
  if (gruForward) {
    gruForward(gates.view(), weightHh.view(), innerBias.view(), h0.view(), inner.view(), states.view());
    return { gates, inner, states };
  }
  for (let t = 0, h = h0; t < steps; t++) {
    const fromInput = blocksOf(stepOf(gates, t), 3);
    const fromState = blocksOf(h.matmul(weightHh.T), 3);
    const [r, z] = [0, 1].map((k) => fromInput[k].add(fromState[k]).sigmoid());
    const gated = fromState[2].add(innerBias);
    const n = fromInput[2].add(r.mul(gated)).tanh();
    h = n.add(z.mul(h.sub(n)));
    setBlocks(gates, t, [r, z, n]);
    setStep(inner, t, gated);
    setStep(states, t, h);
  }
  return { gates, inner, states };
}

/**
 * Gradients of every state [T, B, H], and of the two sums that the gates are made of, x · weightIhᵀ + biasIh and h ·
 * weightHhᵀ + biasHh, [T, B, 3H] each. They differ in n, where r gates the second.
 */
export interface GRUGrads {
  readonly dh: Tensor;
  readonly dinput: Tensor;
  readonly dhidden: Tensor;
}

/** Backpropagation through time; `upstream` as `upstreamOf` gives it. */
export function gruGrads(
  upstream: Tensor,
  { gates, inner, states }: GRUTrace,
  weightHh: Tensor,
  h0: Tensor,
): GRUGrads {
  const dh = Tensor.empty(states.shape, states.dtype, states.backend);
  const dinput = Tensor.empty(gates.shape, states.dtype, states.backend);
  const dhidden = Tensor.empty(gates.shape, states.dtype, states.backend);
  const { gruBackward } = states.backend.fused;
  if (gruBackward) {
    const from = [gates.view(), inner.view(), states.view(), h0.view(), weightHh.view()] as const;
    gruBackward(upstream.view(), ...from, dh.view(), dinput.view(), dhidden.view());
    return { dh, dinput, dhidden };
  }
  let later: Tensor | null = null;
  for (let t = gates.shape[0] - 1; t >= 0; t--) {
    const [r, z, n] = blocksOf(stepOf(gates, t), 3);
    const earlier = t > 0 ? stepOf(states, t - 1) : h0;
    const total = carried(stateGrad(upstream, t, later));
    const dn = activationGrad('tanh', total.sub(total.mul(z)), n);
    const dr = activationGrad('sigmoid', dn.mul(stepOf(inner, t)), r);
    const dz = activationGrad('sigmoid', total.mul(earlier.sub(n)), z);
    setStep(dh, t, total);
    setBlocks(dinput, t, [dr, dz, dn]);
    setBlocks(dhidden, t, [dr, dz, carried(dn.mul(r))]);
    later = total.mul(z).add(stepOf(dhidden, t).matmul(weightHh));
  }
  return { dh, dinput, dhidden };
}
