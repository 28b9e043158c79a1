/**
 * The LSTM over a whole sequence on plain tensors, forward and backward: in one kernel where the backend has it, composed
 * of tensor operations otherwise. The two are tested to agree.
 */

import { checkAlike } from './checks.js';
import { activationGrad, affineOf, stateGrad, stepOf } from './fused.js';
import { blocksOf, writeBlocks } from './gates.js';
import { Tensor } from './tensor.js';

/** What the forward pass leaves: gates i, f, g, o after their functions [T, B, 4H], cells c and states h [T, B, H]. */
export interface LSTMTrace {
  readonly gates: Tensor;
  readonly cells: Tensor;
  readonly states: Tensor;
}

/** Of every state, [T, B, H]; of what the gates' functions are applied to, [T, B, 4H]; of the initial cells, [B, H]. */
export interface LSTMGrads {
  readonly dh: Tensor;
  readonly dpre: Tensor;
  readonly dc0: Tensor;
}

/**
 * i, f, o = σ(·) and g = tanh(·) of x_t · weightIhᵀ + bias + h_{t−1} · weightHhᵀ; c_t = f ∘ c_{t−1} + i ∘ g; h_t = o ∘
 * tanh c_t. x [T, B, I], weightIh [4H, I], bias [4H], weightHh [4H, H], h0 and c0 [B, H]: the caller has checked shapes.
 */
export function lstmTrace(
  x: Tensor,
  weightIh: Tensor,
  bias: Tensor,
  weightHh: Tensor,
  h0: Tensor,
  c0: Tensor,
): LSTMTrace {
  for (const operand of [weightHh, h0, c0]) checkAlike('lstm', x, operand);
  const [steps, batch, inputs] = x.shape;
  const [all, hidden] = weightHh.shape;
  // What meets nobody else's eyes becomes the gates in place.
  const gates = affineOf(x.reshape([steps * batch, inputs]), weightIh, bias).reshape([steps, batch, all]);
  const cells = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const states = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const trace = { gates, cells, states };
  const { lstmForward } = x.backend.fused;
  if (lstmForward) {
    lstmForward(gates.view(), weightHh.view(), h0.view(), c0.view(), cells.view(), states.view());
  } else {
    composeForward(trace, weightHh, h0, c0);
  }
  return trace;
}

function composeForward({ gates, cells, states }: LSTMTrace, weightHh: Tensor, h0: Tensor, c0: Tensor): void {
  const { backend } = gates;
  for (let t = 0, h = h0, c = c0; t < gates.shape[0]; t++) {
    const pre = blocksOf(stepOf(gates, t).add(h.matmul(weightHh.T)), 4);
    const [i, f, o] = [pre[0], pre[1], pre[3]].map((sum) => sum.unary('sigmoid'));
    const g = pre[2].unary('tanh');
    c = f.mul(c).add(i.mul(g));
    h = o.mul(c.unary('tanh'));
    writeBlocks(stepOf(gates, t), [i, f, g, o]);
    backend.copy(c.view(), stepOf(cells, t).view());
    backend.copy(h.view(), stepOf(states, t).view());
  }
}

/**
 * Backpropagation through time. `upstream` is what reaches h_t from outside the recurrence: of every step [T, B, H], or
 * of the last alone [B, H]; `dcLast` [B, H] what reaches the last cells.
 */
export function lstmGrads(
  upstream: Tensor,
  dcLast: Tensor,
  trace: LSTMTrace,
  weightHh: Tensor,
  c0: Tensor,
): LSTMGrads {
  const { gates, cells, states } = trace;
  const dh = Tensor.empty(states.shape, states.dtype, states.backend);
  const dpre = Tensor.empty(gates.shape, states.dtype, states.backend);
  const { lstmBackward } = states.backend.fused;
  if (!lstmBackward)
    return { dh, dpre, dc0: composeBackward(upstream, dcLast, trace, weightHh, c0, dh, dpre) };
  const dc0 = dcLast.copy();
  const from = [gates.view(), cells.view(), c0.view(), weightHh.view()] as const;
  lstmBackward(upstream.view(), ...from, dh.view(), dpre.view(), dc0.view());
  return { dh, dpre, dc0 };
}

/** Writes dh and dpre, and returns ∂L/∂c₀. */
function composeBackward(
  upstream: Tensor,
  dcLast: Tensor,
  { gates, cells }: LSTMTrace,
  weightHh: Tensor,
  c0: Tensor,
  dh: Tensor,
  dpre: Tensor,
): Tensor {
  let later: Tensor | null = null;
  let dc = dcLast;
  for (let t = gates.shape[0] - 1; t >= 0; t--) {
    const [i, f, g, o] = blocksOf(stepOf(gates, t), 4);
    const earlier = t > 0 ? stepOf(cells, t - 1) : c0;
    const seen = stepOf(cells, t).unary('tanh');
    const total = stateGrad(upstream, t, later);
    dc = dc.add(activationGrad('tanh', total.mul(o), seen));
    gates.backend.copy(total.view(), stepOf(dh, t).view());
    writeBlocks(stepOf(dpre, t), [
      activationGrad('sigmoid', dc.mul(g), i),
      activationGrad('sigmoid', dc.mul(earlier), f),
      activationGrad('tanh', dc.mul(i), g),
      activationGrad('sigmoid', total.mul(seen), o),
    ]);
    dc = dc.mul(f);
    later = stepOf(dpre, t).matmul(weightHh);
  }
  return dc;
}
