/** Losses, composed from ops: how far predictions lie from targets, as one number to differentiate. */

import { clamp, logSoftmax, mul, neg, reshape, softplus, sub, type Variable } from '../autograd/index.js';
import { crossEntropyRows, pickRows, squaredError } from '../autograd/ops/internal.js';
import { placesOf } from '../autograd/ops/softmax.js';
import { formatShape, type Shape, ShapeError, sameShape, sizeOf, Tensor } from '../tensor/index.js';
import { checkSameShape } from './checks.js';
import { type Ids, resolveIds } from './ids.js';
import type { LayerInput } from './module.js';

/** How a loss joins its elements: their mean, their sum, or not at all. */
export type Reduction = 'mean' | 'sum' | 'none';

/** Options of every loss. */
export interface LossOptions {
  /** Default 'mean'. */
  readonly reduction?: Reduction;
}

/** Options of `huberLoss`. */
export interface HuberOptions extends LossOptions {
  /** Where the parabola turns into a line, in units of the prediction; default 1. */
  readonly delta?: number;
}

/** Throws unless the reduction is known and has something to average. */
function checkReduction(caller: string, reduction: Reduction, shape: Shape): void {
  if (!['mean', 'sum', 'none'].includes(reduction)) {
    throw new Error(`${caller}: reduction must be 'mean', 'sum' or 'none', got '${reduction}'`);
  }
  if (reduction === 'mean' && sizeOf(shape) === 0) {
    throw new ShapeError(
      `${caller}: the mean needs at least one element, got ${formatShape(shape)}; skip empty batches`,
    );
  }
}

function reduce(losses: Variable, reduction: Reduction): Variable {
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? losses.mean() : losses.sum();
}

/**
 * Squared error (prediction − target)². Both have the same shape: [B, 1] against [B] is a ShapeError, since
 * broadcasting would compare every prediction with every target.
 */
export function mseLoss(
  prediction: LayerInput,
  target: LayerInput,
  { reduction = 'mean' }: LossOptions = {},
): Variable {
  checkSameShape('mseLoss', prediction.shape, target.shape);
  checkReduction('mseLoss', reduction, prediction.shape);
  if (reduction === 'none') return sub(prediction, target).square();
  const weight = reduction === 'mean' ? 1 / sizeOf(prediction.shape) : 1;
  return squaredError(prediction, target, { weight });
}

/**
 * ½d² for |d| ≤ δ and δ(|d| − ½δ) beyond, d = prediction − target, of one shape (Huber 1964, in PyTorch's scaling).
 * Its gradient never exceeds δ. Throws for shapes that differ and for a δ that is not positive.
 */
export function huberLoss(
  prediction: LayerInput,
  target: LayerInput,
  { delta = 1, reduction = 'mean' }: HuberOptions = {},
): Variable {
  checkSameShape('huberLoss', prediction.shape, target.shape);
  checkReduction('huberLoss', reduction, prediction.shape);
  if (!(delta > 0 && delta < Infinity)) {
    throw new Error(`huberLoss: delta must be a finite number > 0, got ${delta}; use mseLoss for no limit`);
  }
  const difference = sub(prediction, target);
  // With c = d clamped to ±δ both branches are c·(d − ½c), and so are their derivatives.
  const bounded = clamp(difference, { min: -delta, max: delta });
  return reduce(bounded.mul(difference.sub(bounded.mul(0.5))), reduction);
}

/**
 * Cross-entropy −log softmax(logits)[target] in nats: logits […, C], one class id in 0 … C − 1 for each leading
 * position; 'none' gives […]. Exact for logits of any finite size (log-sum-exp with the maximum taken out).
 * Throws where a class is out of range or targets and logits differ in shape.
 */
export function crossEntropy(
  logits: LayerInput,
  targets: Ids,
  { reduction = 'mean' }: LossOptions = {},
): Variable {
  const lead = logits.shape.slice(0, -1);
  const classes = logits.shape[logits.shape.length - 1];
  if (!(classes > 0)) {
    throw new ShapeError(
      `crossEntropy: logits must be […, classes] with at least one class, got ${formatShape(logits.shape)}`,
    );
  }
  const { data, shape } = resolveIds('crossEntropy', targets, classes);
  if (!sameShape(shape, lead)) {
    throw new ShapeError(
      `crossEntropy: one target for each row of logits ${formatShape(logits.shape)}: shape ${formatShape(lead)}, got ${formatShape(shape)}`,
    );
  }
  checkReduction('crossEntropy', reduction, lead);
  if (reduction !== 'none') {
    const total = crossEntropyRows(reshape(logits, [data.length, classes]), data);
    return reduction === 'sum' ? total : total.div(data.length);
  }
  // Picked from the flat table, where a one-hot product would cost C times as much.
  const flat = logSoftmax(logits).reshape([data.length * classes]);
  // 0 − x where −x would print a perfect loss as -0.
  return sub(0, pickRows(flat, placesOf(data, classes))).reshape(lead);
}

/**
 * Binary cross-entropy of sigmoid(logits) in nats, −y·log σ(x) − (1 − y)·log(1 − σ(x)); targets y in [0, 1], of the
 * logits' shape. Computed as y·softplus(−x) + (1 − y)·softplus(x), which neither overflows nor cancels.
 * Throws where shapes differ or a target lies outside [0, 1].
 */
export function bceWithLogits(
  logits: LayerInput,
  targets: LayerInput,
  { reduction = 'mean' }: LossOptions = {},
): Variable {
  checkSameShape('bceWithLogits', logits.shape, targets.shape);
  checkReduction('bceWithLogits', reduction, logits.shape);
  const outside = (targets instanceof Tensor ? targets : targets.value)
    .data()
    .find((y) => !(y >= 0 && y <= 1));
  if (outside !== undefined) {
    throw new Error(
      `bceWithLogits: targets must lie in [0, 1], got ${outside}; pass probabilities or labels`,
    );
  }
  const ifTrue = mul(targets, softplus(neg(logits)));
  const ifFalse = mul(sub(1, targets), softplus(logits));
  return reduce(ifTrue.add(ifFalse), reduction);
}
