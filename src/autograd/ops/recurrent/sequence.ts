/** What the recurrent ops share. A sequence is [T, B, …], time first. */

import { fullLike, type Tensor } from '../../../tensor/index.js';
import type { Rules } from '../../op.js';

/** Step t of a sequence [T, …], a view […]; a negative t counts from the end. */
export function stepOf(sequence: Tensor, t: number): Tensor {
  const at = t < 0 ? t + sequence.shape[0] : t;
  return sequence.slice([[at, at + 1]]).reshape(sequence.shape.slice(1));
}

/** Copies a tensor into step t of a sequence that nobody else has seen yet. */
export function setStep(sequence: Tensor, t: number, value: Tensor): void {
  sequence.backend.copy(value.view(), stepOf(sequence, t).view());
}

/** The `count` blocks of equal width of a matrix, views: the gates of a cell lie side by side, [B, count · H]. */
export function blocksOf(rows: Tensor, count: number): Tensor[] {
  const width = rows.shape[1] / count;
  return Array.from({ length: count }, (_, k) => rows.slice([null, [k * width, (k + 1) * width]]));
}

/** Copies matrices of equal shape into the blocks of step t of a sequence that nobody else has seen yet. */
export function setBlocks(sequence: Tensor, t: number, blocks: readonly Tensor[]): void {
  for (const [k, target] of blocksOf(stepOf(sequence, t), blocks.length).entries()) {
    sequence.backend.copy(blocks[k].view(), target.view());
  }
}

/**
 * The gradient that reaches the states from outside the recurrence: [T, B, H] for all of them, or [B, H] if the loss reads
 * the last state alone. Backpropagation through time starts from it.
 */
export function upstreamOf(dStates: Tensor | null, dLast: Tensor | null, h0: Tensor): Tensor {
  if (!dStates) return dLast ?? fullLike(h0, 0);
  if (!dLast) return dStates;
  const both = dStates.copy();
  stepOf(both, -1).addInPlace(dLast);
  return both;
}

/** ∂L/∂h_t: what reaches h_t from outside, plus what comes from step t + 1; null at the last step, which has none. */
export function stateGrad(upstream: Tensor, t: number, later: Tensor | null): Tensor {
  if (upstream.rank === 2) return later ?? upstream;
  const own = stepOf(upstream, t);
  return later ? own.add(later) : own;
}

/** Gradients of x [T, B, I], weightIh [G, I] and bias [G], given `dpre` [T, B, G], the gradient of x_t · weightIhᵀ + bias. */
export function inputRules(
  dpre: Tensor,
  x: Tensor,
  weightIh: Tensor,
): Rules<[x: Tensor, weightIh: Tensor, bias: Tensor]> {
  const rows = dpre.reshape([-1, dpre.shape[2]]);
  return [
    () => rows.matmul(weightIh).reshape(x.shape),
    () => rows.T.matmul(x.reshape([-1, x.shape[2]])),
    () => rows.sum({ axis: 0 }),
  ];
}

/** The gradient of weightHh [G, H], given `dpre` [T, B, G], the gradient of h_{t−1} · weightHhᵀ. */
export function recurrentWeightGrad(dpre: Tensor, states: Tensor, h0: Tensor): Tensor {
  const [steps, , width] = dpre.shape;
  const later = dpre.slice([[1, steps]]).reshape([-1, width]);
  const earlier = states.slice([[0, steps - 1]]).reshape([-1, h0.shape[1]]);
  return stepOf(dpre, 0).T.matmul(h0).add(later.T.matmul(earlier));
}
