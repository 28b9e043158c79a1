/**
 * Computations that a backend may do in one kernel: each function uses the fused kernel where there is one, and is
 * composed of tensor operations otherwise. The two are tested to agree.
 */

import type { ActivationName } from './backend.js';
import { checkAffine, checkRecurrence, checkRecurrentGrads } from './checks.js';
import { concatTensors } from './concat.js';
import { Tensor } from './tensor.js';

/** x · weightᵀ + bias: [n, in] × [out, in] + [out] → [n, out]. Throws unless they fit. */
export function affineOf(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  checkAffine(x, weight, bias);
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
      // Closed where 0 ≥ output, so that a NaN, which is not, passes its gradient on, as in PyTorch.
      return grad.like(0).where(output.like(0).binary('greaterEqual', output), grad);
    case 'tanh':
      return grad.mul(output.like(1).sub(output.mul(output)));
    case 'sigmoid':
      return grad.mul(output.mul(output.like(1).sub(output)));
  }
}

/** The activation itself. */
function activate(name: ActivationName, x: Tensor): Tensor {
  return name === 'identity' ? x : x.unary(name);
}

/**
 * All states of h_t = f(x_t · weightIhᵀ + bias + h_{t−1} · weightHhᵀ): x [T, B, I], weightIh [H, I], bias [H], weightHh
 * [H, H], h0 [B, H] → [T, B, H]. The inputs of all steps meet weightIh in one product. Throws unless T ≥ 1 and all fit;
 * `known` are the states where they were computed before.
 */
export function recurrentStates(
  name: ActivationName,
  x: Tensor,
  weightIh: Tensor,
  bias: Tensor,
  weightHh: Tensor,
  h0: Tensor,
  known?: Tensor,
): Tensor {
  checkRecurrence(x, weightIh, bias, weightHh, h0, known);
  if (known) return known;
  const [steps, batch, inputs] = x.shape;
  const pre = affineOf(x.reshape([steps * batch, inputs]), weightIh, bias).reshape([
    steps,
    batch,
    weightHh.shape[0],
  ]);
  const { recurrentForward } = pre.backend.fused;
  if (recurrentForward) {
    // What meets nobody else's eyes becomes the states in place.
    recurrentForward(name, pre.view(), weightHh.view(), h0.view());
    return pre;
  }
  const states: Tensor[] = [];
  for (let t = 0, h = h0; t < steps; t++) {
    h = activate(name, stepOf(pre, t).add(h.matmul(weightHh.T)));
    states.push(h.reshape([1, ...h.shape]));
  }
  return concatTensors(states, 0);
}

/**
 * ∂L/∂h_t and ∂L/∂pre_t for every t, from `upstream`: what reaches each h_t from outside the recurrence, [T, B, H], or
 * the last alone, [B, H].
 */
export function recurrentGrads(
  name: ActivationName,
  upstream: Tensor,
  states: Tensor,
  weight: Tensor,
): { readonly dh: Tensor; readonly dpre: Tensor } {
  checkRecurrentGrads(upstream, states, weight);
  const dh = Tensor.empty(states.shape, states.dtype, states.backend);
  const dpre = Tensor.empty(states.shape, states.dtype, states.backend);
  const { recurrentBackward } = states.backend.fused;
  if (recurrentBackward) {
    recurrentBackward(name, upstream.view(), states.view(), weight.view(), dh.view(), dpre.view());
    return { dh, dpre };
  }
  let later: Tensor | null = null;
  for (let t = states.shape[0] - 1; t >= 0; t--) {
    const total = stateGrad(upstream, t, later);
    const before = activationGrad(name, total, stepOf(states, t));
    states.backend.copy(total.view(), stepOf(dh, t).view());
    states.backend.copy(before.view(), stepOf(dpre, t).view());
    later = before.matmul(weight);
  }
  return { dh, dpre };
}

/** ∂L/∂h_t: what reaches it from outside, and what comes from the later steps (null at the last, which starts). */
export function stateGrad(upstream: Tensor, t: number, later: Tensor | null): Tensor {
  if (upstream.rank === 2) return later ?? upstream;
  const own = stepOf(upstream, t);
  return later ? own.add(later) : own;
}

/** Step t of a sequence [T, …], a view […]; a negative t counts from the end. */
export function stepOf(sequence: Tensor, t: number): Tensor {
  const at = t < 0 ? t + sequence.shape[0] : t;
  return sequence.slice([[at, at + 1]]).reshape(sequence.shape.slice(1));
}
