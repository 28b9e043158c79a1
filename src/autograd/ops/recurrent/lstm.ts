/**
 * The LSTM over a whole sequence as one op: all time steps in one kernel, and each weight's gradient as one product over
 * all T · B rows. Equals the network unrolled cell by cell, with which the tests compare it.
 */

import { checkAlike } from '../../../tensor/checks.js';
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

type Inputs = readonly [x: Tensor, weightIh: Tensor, bias: Tensor, weightHh: Tensor, h0: Tensor, c0: Tensor];

/**
 * i, f, o = σ(·) and g = tanh(·) of x_t · weightIhᵀ + bias + h_{t−1} · weightHhᵀ; c_t = f ∘ c_{t−1} + i ∘ g; h_t = o ∘
 * tanh c_t. x [T, B, I], weightIh [4H, I], bias [4H], weightHh [4H, H], h0 and c0 [B, H]: the caller has checked shapes.
 * Gives all states [T, B, H], the last state and the last cells, [B, H] each. After backward the note of its node is
 * ∂L/∂h of every step.
 */
export const lstm = defineOp<
  Inputs,
  void,
  readonly [gates: Tensor, cells: Tensor],
  readonly [states: Tensor, last: Tensor, lastCell: Tensor]
>({
  name: 'lstm',
  severalOutputs: true,
  forward: (inputs, _, save) => {
    const { gates, cells, states } = lstmTrace(...inputs);
    save(gates, cells);
    return [states, stepOf(states, -1), stepOf(cells, -1)];
  },
  backward: ([dStates, dLast, dCell], { inputs, output: [states], saved: [gates, cells] }, note) => {
    const [x, weightIh, , weightHh, h0, c0] = inputs;
    const upstream = upstreamOf(dStates, dLast, h0);
    const trace = { gates, cells, states };
    const { dh, dpre, dc0 } = lstmGrads(upstream, dCell ?? fullLike(c0, 0), trace, weightHh, c0);
    note(dh);
    return [
      ...inputRules(dpre, x, weightIh),
      () => recurrentWeightGrad(dpre, states, h0),
      () => stepOf(dpre, 0).matmul(weightHh),
      () => dc0,
    ];
  },
  samples: [
    { shapes: [[3, 2, 3], [8, 3], [8], [8, 2], [2, 2], [2, 2]] },
    { shapes: [[3, 2, 2], [4, 2], [4], [4, 1], [2, 1], [2, 1]] },
    { shapes: [[1, 2, 3], [8, 3], [8], [8, 2], [2, 2], [2, 2]] },
  ],
});

/** What the forward pass leaves: gates i, f, g, o after their functions [T, B, 4H], cells c and states h [T, B, H]. */
export interface LSTMTrace {
  readonly gates: Tensor;
  readonly cells: Tensor;
  readonly states: Tensor;
}

/** The forward pass: what x_t brings to the gates is one product for all steps. */
export function lstmTrace(...[x, weightIh, bias, weightHh, h0, c0]: Inputs): LSTMTrace {
  for (const operand of [weightHh, h0, c0]) checkAlike('lstm', x, operand);
  const [steps, batch, inputs] = x.shape;
  const [width, hidden] = weightHh.shape;
  // Nobody else holds this tensor, so it becomes the gates in place.
  const gates = affineOf(x.reshape([steps * batch, inputs]), weightIh, bias).reshape([steps, batch, width]);
  const cells = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const states = Tensor.empty([steps, batch, hidden], x.dtype, x.backend);
  const { lstmForward } = x.backend.fused;
  if (lstmForward) {
    lstmForward(gates.view(), weightHh.view(), h0.view(), c0.view(), cells.view(), states.view());
    return { gates, cells, states };
  }
  for (let t = 0, h = h0, c = c0; t < steps; t++) {
    const sums = blocksOf(stepOf(gates, t).add(h.matmul(weightHh.T)), 4);
    const [i, f, g, o] = [sums[0].sigmoid(), sums[1].sigmoid(), sums[2].tanh(), sums[3].sigmoid()];
    c = f.mul(c).add(i.mul(g));
    h = o.mul(c.tanh());
    setBlocks(gates, t, [i, f, g, o]);
    setStep(cells, t, c);
    setStep(states, t, h);
  }
  return { gates, cells, states };
}

/** Gradients of every state [T, B, H], of the sums that σ and tanh turn into gates [T, B, 4H], of the initial cells [B, H]. */
export interface LSTMGrads {
  readonly dh: Tensor;
  readonly dpre: Tensor;
  readonly dc0: Tensor;
}

/** Backpropagation through time; `upstream` as `upstreamOf` gives it, `dcLast` [B, H] is the gradient of the last cells. */
export function lstmGrads(
  upstream: Tensor,
  dcLast: Tensor,
  { gates, cells, states }: LSTMTrace,
  weightHh: Tensor,
  c0: Tensor,
): LSTMGrads {
  const dh = Tensor.empty(states.shape, states.dtype, states.backend);
  const dpre = Tensor.empty(gates.shape, states.dtype, states.backend);
  const { lstmBackward } = states.backend.fused;
  if (lstmBackward) {
    const dc0 = dcLast.copy(); // the kernel carries it through time in place
    const from = [gates.view(), cells.view(), c0.view(), weightHh.view()] as const;
    lstmBackward(upstream.view(), ...from, dh.view(), dpre.view(), dc0.view());
    return { dh, dpre, dc0 };
  }
  let later: Tensor | null = null;
  let dc = dcLast;
  for (let t = gates.shape[0] - 1; t >= 0; t--) {
    const [i, f, g, o] = blocksOf(stepOf(gates, t), 4);
    const earlier = t > 0 ? stepOf(cells, t - 1) : c0;
    const seen = stepOf(cells, t).tanh();
    const total = carried(stateGrad(upstream, t, later));
    dc = carried(dc.add(activationGrad('tanh', total.mul(o), seen)));
    setStep(dh, t, total);
    setBlocks(dpre, t, [
      activationGrad('sigmoid', dc.mul(g), i),
      activationGrad('sigmoid', dc.mul(earlier), f),
      activationGrad('tanh', dc.mul(i), g),
      activationGrad('sigmoid', total.mul(seen), o),
    ]);
    dc = carried(dc.mul(f));
    later = stepOf(dpre, t).matmul(weightHh);
  }
  return { dh, dpre, dc0: dc };
}
