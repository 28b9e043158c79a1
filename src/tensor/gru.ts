/**
 * The GRU over a whole sequence on plain tensors, forward and backward: in one kernel where the backend has it, composed
 * of tensor operations otherwise. The two are tested to agree.
 */

import { checkAlike } from './checks.js';
import { concatTensors } from './concat.js';
import { fullLike } from './create.js';
import { activationGrad, affineOf, stateGrad, stepOf } from './fused.js';
import { blocksOf, writeBlocks } from './gates.js';
import { Tensor } from './tensor.js';

/**
 * What the forward pass leaves: gates r, z, n after their functions [T, B, 3H], what r gates inside n (`inner` =
 * h_{t−1} · W_hnᵀ + b_hn) and states h, [T, B, H].
 */
export interface GRUTrace {
  readonly gates: Tensor;
  readonly inner: Tensor;
  readonly states: Tensor;
}

/**
 * Of every state, [T, B, H]; of the two sums that meet in the gates, x · weightIhᵀ + biasIh and h · weightHhᵀ + biasHh,
 * [T, B, 3H] each. They differ in n, where r gates the second.
 */
export interface GRUGrads {
  readonly dh: Tensor;
  readonly dinput: Tensor;
  readonly dhidden: Tensor;
}

/**
 * r, z = σ(·) of x_t · weightIhᵀ + biasIh + h_{t−1} · weightHhᵀ + biasHh; n = tanh(x_t · W_inᵀ + b_in + r ∘ (h_{t−1} ·
 * W_hnᵀ + b_hn)); h_t = n + z ∘ (h_{t−1} − n). x [T, B, I], weightIh [3H, I], biases [3H], weightHh [3H, H], h0 [B, H]: the
 * caller has checked shapes.
 */
export function gruTrace(
  x: Tensor,
  weightIh: Tensor,
  biasIh: Tensor,
  weightHh: Tensor,
  biasHh: Tensor,
  h0: Tensor,
): GRUTrace {
  for (const operand of [weightHh, biasHh, h0]) checkAlike('gru', x, operand);
  const [steps, batch, inputs] = x.shape;
  const [all, hidden] = weightHh.shape;
  // In r and z the two biases act as their sum; in n the second is gated.
  const [both, innerBias] = [biasHh.slice([[0, 2 * hidden]]), biasHh.slice([[2 * hidden, all]])];
  const bias = biasIh.add(concatTensors([both, fullLike(innerBias, 0)], 0));
  // What meets nobody else's eyes becomes the gates in place.
  const gates = affineOf(x.reshape([steps * batch, inputs]), weightIh, bias).reshape([steps, batch, all]);
  const inner = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const states = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const trace = { gates, inner, states };
  const { gruForward } = x.backend.fused;
  if (gruForward) {
    gruForward(gates.view(), weightHh.view(), innerBias.view(), h0.view(), inner.view(), states.view());
  } else {
    composeForward(trace, weightHh, innerBias, h0);
  }
  return trace;
}

function composeForward(
  { gates, inner, states }: GRUTrace,
  weightHh: Tensor,
  innerBias: Tensor,
  h0: Tensor,
): void {
  const { backend } = gates;
  for (let t = 0, h = h0; t < gates.shape[0]; t++) {
    const fromInput = blocksOf(stepOf(gates, t), 3);
    const fromState = blocksOf(h.matmul(weightHh.T), 3);
    const [r, z] = [0, 1].map((k) => fromInput[k].add(fromState[k]).unary('sigmoid'));
    const gated = fromState[2].add(innerBias);
    const n = fromInput[2].add(r.mul(gated)).unary('tanh');
    h = n.add(z.mul(h.sub(n)));
    writeBlocks(stepOf(gates, t), [r, z, n]);
    backend.copy(gated.view(), stepOf(inner, t).view());
    backend.copy(h.view(), stepOf(states, t).view());
  }
}

/**
 * Backpropagation through time. `upstream` is what reaches h_t from outside the recurrence: of every step [T, B, H], or
 * of the last alone [B, H].
 */
export function gruGrads(upstream: Tensor, trace: GRUTrace, weightHh: Tensor, h0: Tensor): GRUGrads {
  const { gates, inner, states } = trace;
  const dh = Tensor.empty(states.shape, states.dtype, states.backend);
  const [dinput, dhidden] = [0, 1].map(() => Tensor.empty(gates.shape, states.dtype, states.backend));
  const grads = { dh, dinput, dhidden };
  const { gruBackward } = states.backend.fused;
  if (gruBackward) {
    const from = [gates.view(), inner.view(), states.view(), h0.view(), weightHh.view()] as const;
    gruBackward(upstream.view(), ...from, dh.view(), dinput.view(), dhidden.view());
  } else {
    composeBackward(upstream, trace, weightHh, h0, grads);
  }
  return grads;
}

function composeBackward(
  upstream: Tensor,
  { gates, inner, states }: GRUTrace,
  weightHh: Tensor,
  h0: Tensor,
  { dh, dinput, dhidden }: GRUGrads,
): void {
  let later: Tensor | null = null;
  for (let t = gates.shape[0] - 1; t >= 0; t--) {
    const [r, z, n] = blocksOf(stepOf(gates, t), 3);
    const earlier = t > 0 ? stepOf(states, t - 1) : h0;
    const total = stateGrad(upstream, t, later);
    const dn = activationGrad('tanh', total.sub(total.mul(z)), n);
    const dr = activationGrad('sigmoid', dn.mul(stepOf(inner, t)), r);
    const dz = activationGrad('sigmoid', total.mul(earlier.sub(n)), z);
    gates.backend.copy(total.view(), stepOf(dh, t).view());
    writeBlocks(stepOf(dinput, t), [dr, dz, dn]);
    writeBlocks(stepOf(dhidden, t), [dr, dz, dn.mul(r)]);
    later = total.mul(z).add(stepOf(dhidden, t).matmul(weightHh));
  }
}
