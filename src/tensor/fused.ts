/**
 * Computations that a backend may do in one kernel: each function uses the fused kernel where there is one, and is
 * composed of tensor operations otherwise. The two are tested to agree.
 */

import type { ActivationName } from './backend.js';
import { concatTensors } from './concat.js';
import { fullLike } from './create.js';
import { Tensor } from './tensor.js';

/** x · weightᵀ + bias: [n, in] × [out, in] + [out] → [n, out]. Shapes are the caller's to check. */
export function affineOf(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  const { affine } = x.backend.fused;
  if (!affine) return x.matmul(weight.T).add(bias);
  const out = Tensor.empty([x.shape[0], weight.shape[0]], x.dtype, x.backend);
  affine(x.view(), weight.view(), bias.view(), out.view());
  return out;
}

/** grad · f′, with f′ computed from the output f(x). */
export function activationGrad(name: ActivationName, grad: Tensor, output: Tensor): Tensor {
  const { activationBackward } = grad.backend.fused;
  if (!activationBackward) return composedActivationGrad(name, grad, output);
  const out = Tensor.empty(output.shape, output.dtype, output.backend);
  activationBackward(name, grad.view(), output.view(), out.view());
  return out;
}

function composedActivationGrad(name: ActivationName, grad: Tensor, output: Tensor): Tensor {
  switch (name) {
    case 'identity':
      return grad;
    case 'relu':
      return grad.where(output.binary('greater', 0), 0);
    case 'tanh':
      return grad.sub(grad.mul(output).mul(output));
    case 'sigmoid':
      return grad.mul(output).mul(output.neg().add(1));
  }
}

/** The activation itself. */
export function activate(name: ActivationName, x: Tensor): Tensor {
  switch (name) {
    case 'identity':
      return x;
    case 'relu':
      return x.binary('max', 0);
    case 'tanh':
      return x.unary('tanh');
    case 'sigmoid':
      return x.neg().unary('exp').add(1).unary('reciprocal');
  }
}

/** All states of h_t = f(pre_t + h_{t−1} · weightᵀ): pre [T, B, H], weight [H, H], h0 [B, H] → [T, B, H]. */
export function recurrentStates(name: ActivationName, pre: Tensor, weight: Tensor, h0: Tensor): Tensor {
  const { recurrentForward } = pre.backend.fused;
  if (recurrentForward) {
    const states = pre.copy();
    recurrentForward(name, states.view(), weight.view(), h0.view());
    return states;
  }
  const steps: Tensor[] = [];
  for (let t = 0, h = h0; t < pre.shape[0]; t++) {
    h = activate(name, stepOf(pre, t).add(h.matmul(weight.T)));
    steps.push(h.reshape([1, ...h.shape]));
  }
  return concatTensors(steps, 0);
}

/** ∂L/∂h_t and ∂L/∂pre_t for every t, from `upstream`, what reaches each h_t from outside the recurrence. */
export function recurrentGrads(
  name: ActivationName,
  upstream: Tensor,
  states: Tensor,
  weight: Tensor,
): { readonly dh: Tensor; readonly dpre: Tensor } {
  const dh = Tensor.empty(states.shape, states.dtype, states.backend);
  const dpre = Tensor.empty(states.shape, states.dtype, states.backend);
  const { recurrentBackward } = states.backend.fused;
  if (recurrentBackward) {
    recurrentBackward(name, upstream.view(), states.view(), weight.view(), dh.view(), dpre.view());
    return { dh, dpre };
  }
  let later = fullLike(weight, 0, [states.shape[1], states.shape[2]]);
  for (let t = states.shape[0] - 1; t >= 0; t--) {
    const total = stepOf(upstream, t).add(later);
    const before = activationGrad(name, total, stepOf(states, t));
    states.backend.copy(total.view(), stepOf(dh, t).view());
    states.backend.copy(before.view(), stepOf(dpre, t).view());
    later = before.matmul(weight);
  }
  return { dh, dpre };
}

/** Step t of a sequence [T, …], a view […]; a negative t counts from the end. */
export function stepOf(sequence: Tensor, t: number): Tensor {
  const at = t < 0 ? t + sequence.shape[0] : t;
  return sequence.slice([[at, at + 1]]).reshape(sequence.shape.slice(1));
}
