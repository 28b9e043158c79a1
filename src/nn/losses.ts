/** Losses, composed from ops: how far predictions lie from targets, as one number to differentiate. */

import { clamp, concat, gatherRows, logSoftmax, reshape, sub, type Variable } from '../autograd/index.js';
import { binaryCrossEntropy, crossEntropyRows, pickRows, squaredError } from '../autograd/ops/internal.js';
import { placesOf } from '../autograd/ops/softmax.js';
import { checkCount, wrongKind } from '../tensor/arguments.js';
import { formatShape, fullLike, type Shape, ShapeError, sameShape, sizeOf, Tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { broadcastShapes } from '../tensor/shape.js';
import { checkOperand, checkSameShape, tensorIn } from './checks.js';
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

/** Options of `crossEntropy`. */
export interface CrossEntropyOptions extends LossOptions {
  /** Rows with this target count nothing, neither in the sum nor in the number that a mean divides by; default none. */
  readonly ignoreIndex?: number;
  /** Share ε of each target that is spread evenly over all classes, 0 ≤ ε ≤ 1; default 0 (Szegedy et al. 2016, §7). */
  readonly labelSmoothing?: number;
  /** Weight of each class [C]; a mean is divided by the sum of the weights of its targets, as in PyTorch. */
  readonly weight?: Tensor;
}

/** Options of `bceWithLogits`. */
export interface BinaryCrossEntropyOptions extends LossOptions {
  /** Factor on the loss of each element, of a shape that broadcasts to the logits'; a mean still divides by their number. */
  readonly weight?: Tensor;
  /** Factor on the loss of what is true, a number or a Tensor that broadcasts to the logits' shape; default 1. */
  readonly posWeight?: Tensor | number;
}

/** Checks what all losses that compare elements ask for, before anything is computed; returns the reduction. */
function checkLoss(
  caller: string,
  given: number,
  prediction: LayerInput,
  target: LayerInput,
  options: LossOptions,
  known: readonly string[] = ['reduction'],
): Reduction {
  checkCount(caller, given, 3);
  checkOperand(caller, 'prediction', prediction);
  checkOperand(caller, 'target', target);
  checkNames(caller, options, known);
  checkSameShape(caller, prediction.shape, target.shape);
  return reductionOf(caller, options, prediction.shape);
}

/** Throws an Error unless the reduction is known and has something to average. */
function reductionOf(caller: string, { reduction = 'mean' }: LossOptions, shape: Shape): Reduction {
  if (reduction !== 'mean' && reduction !== 'sum' && reduction !== 'none') {
    throw new Error(`${caller}: reduction must be 'mean', 'sum' or 'none', got '${String(reduction)}'`);
  }
  if (reduction === 'mean' && sizeOf(shape) === 0) {
    throw new ShapeError(
      `${caller}: the mean needs at least one element, got ${formatShape(shape)}; skip empty batches`,
    );
  }
  return reduction;
}

function reduce(losses: Variable, reduction: Reduction): Variable {
  if (reduction === 'none') return losses;
  return reduction === 'mean' ? losses.mean() : losses.sum();
}

/**
 * Squared error (prediction − target)². Both have the same shape: [B, 1] against [B] is a ShapeError, since
 * broadcasting would compare every prediction with every target.
 */
export function mseLoss(prediction: LayerInput, target: LayerInput, options: LossOptions = {}): Variable {
  const reduction = checkLoss('mseLoss', arguments.length, prediction, target, options);
  if (reduction === 'none') return sub(prediction, target).square();
  const weight = reduction === 'mean' ? 1 / sizeOf(prediction.shape) : 1;
  return squaredError(prediction, target, { weight });
}

/**
 * ½d² for |d| ≤ δ and δ(|d| − ½δ) beyond, d = prediction − target, of one shape (Huber 1964, in PyTorch's scaling).
 * Its gradient never exceeds δ. Throws for shapes that differ and for a δ that is not positive.
 */
export function huberLoss(prediction: LayerInput, target: LayerInput, options: HuberOptions = {}): Variable {
  const known = ['delta', 'reduction'];
  const reduction = checkLoss('huberLoss', arguments.length, prediction, target, options, known);
  const { delta = 1 } = options;
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
 * Throws if a class is out of range, if targets and logits differ in shape, or if a mean has nothing to average.
 */
export function crossEntropy(logits: LayerInput, targets: Ids, options: CrossEntropyOptions = {}): Variable {
  checkCount('crossEntropy', arguments.length, 3);
  checkOperand('crossEntropy', 'logits', logits);
  checkNames('crossEntropy', options, ['reduction', 'ignoreIndex', 'labelSmoothing', 'weight']);
  const lead = logits.shape.slice(0, -1);
  const classes = logits.shape[logits.shape.length - 1];
  if (!(classes > 0)) {
    throw new ShapeError(
      `crossEntropy: logits must be […, classes] with at least one class, got ${formatShape(logits.shape)}`,
    );
  }
  const { data, shape } = resolveIds('crossEntropy', targets, classes, options.ignoreIndex);
  if (!sameShape(shape, lead)) {
    throw new ShapeError(
      `crossEntropy: one target for each row of logits ${formatShape(logits.shape)}: shape ${formatShape(lead)}, got ${formatShape(shape)}`,
    );
  }
  const reduction = reductionOf('crossEntropy', options, lead);
  const { ignoreIndex, labelSmoothing = 0, weight } = options;
  checkSmoothing(labelSmoothing, weight, classes);
  const rows = reshape(logits, [data.length, classes]);
  if (ignoreIndex === undefined && labelSmoothing === 0 && weight === undefined) {
    return plainCrossEntropy(rows, data, reduction, lead);
  }
  const kept = Int32Array.from(data.keys()).filter((row) => data[row] !== ignoreIndex);
  if (reduction === 'mean' && kept.length === 0) {
    throw new ShapeError(
      `crossEntropy: the mean needs at least one target that is not ignored, got ${data.length} of ignoreIndex ${ignoreIndex}; skip such batches`,
    );
  }
  const losses = weightedCrossEntropy(
    gatherRows(rows, kept),
    data.filter((target) => target !== ignoreIndex),
    { labelSmoothing, weight },
  );
  if (reduction === 'none') return spread(losses.each, kept, data.length).reshape(lead);
  return reduction === 'sum' ? losses.each.sum() : losses.each.sum().div(losses.total);
}

function plainCrossEntropy(rows: Variable, targets: Int32Array, reduction: Reduction, lead: Shape): Variable {
  if (reduction !== 'none') {
    const total = crossEntropyRows(rows, targets);
    return reduction === 'sum' ? total : total.div(targets.length);
  }
  return rowLosses(logSoftmax(rows), targets).reshape(lead);
}

/** −logs[row, target] for each row: [n]. */
function rowLosses(logs: Variable, targets: Int32Array): Variable {
  const [rows, classes] = logs.shape;
  // Picked from the flat table, where a one-hot product would cost C times as much.
  const picked = pickRows(logs.reshape([rows * classes]), placesOf(targets, classes));
  // 0 − x where −x would print a perfect loss as -0.
  return sub(0, picked);
}

/** Losses of rows [n, C], and the sum of the weights of their targets: n without weights. */
function weightedCrossEntropy(
  rows: Variable,
  targets: Int32Array,
  { labelSmoothing, weight }: { readonly labelSmoothing: number; readonly weight: Tensor | undefined },
): { readonly each: Variable; readonly total: number } {
  const logs = logSoftmax(rows);
  const shares = weight?.gatherRows(targets);
  const own = rowLosses(logs, targets);
  const hard = shares ? own.mul(shares) : own;
  const total = shares ? shares.sum().item() : targets.length;
  if (labelSmoothing === 0) return { each: hard, total };
  const all = (weight ? logs.mul(weight) : logs).sum({ axis: 1 }).mul(-labelSmoothing / logs.shape[1]);
  return { each: hard.mul(1 - labelSmoothing).add(all), total };
}

/** Losses of the rows that count at their places among n, zeros elsewhere. */
function spread(each: Variable, kept: Int32Array, n: number): Variable {
  if (kept.length === n) return each;
  const places = new Int32Array(n).fill(kept.length);
  for (const [i, row] of kept.entries()) places[row] = i;
  return gatherRows(concat([each, fullLike(each.value, 0, [1])]), places);
}

function checkSmoothing(labelSmoothing: number, weight: Tensor | undefined, classes: number): void {
  if (!(labelSmoothing >= 0 && labelSmoothing <= 1)) {
    throw new Error(`crossEntropy: labelSmoothing must be a number 0 … 1, got ${String(labelSmoothing)}`);
  }
  if (weight === undefined) return;
  if (!(weight instanceof Tensor)) throw wrongKind('crossEntropy', 'weight', 'a Tensor', weight);
  if (weight.rank === 1 && weight.shape[0] === classes) return;
  throw new ShapeError(
    `crossEntropy: weight must be [classes] = [${classes}], got ${formatShape(weight.shape)}`,
  );
}

/**
 * Binary cross-entropy of sigmoid(logits) in nats, −y·log σ(x) − (1 − y)·log(1 − σ(x)); targets y in [0, 1], of the
 * logits' shape. Computed as y·softplus(−x) + (1 − y)·softplus(x), which neither overflows nor cancels.
 * Throws if shapes differ or a target lies outside [0, 1].
 */
export function bceWithLogits(
  logits: LayerInput,
  targets: LayerInput,
  options: BinaryCrossEntropyOptions = {},
): Variable {
  const known = ['posWeight', 'weight', 'reduction'];
  const reduction = checkLoss('bceWithLogits', arguments.length, logits, targets, options, known);
  checkProbabilities(targets);
  const { weight, posWeight = 1 } = options;
  checkFactor('weight', weight ?? 1, logits.shape);
  checkFactor('posWeight', posWeight, logits.shape);
  const losses = binaryCrossEntropy(logits, targets, posWeight);
  return reduce(weight ? losses.mul(weight) : losses, reduction);
}

function checkProbabilities(targets: LayerInput): void {
  const outside = tensorIn(targets)
    .data()
    .find((y) => !(y >= 0 && y <= 1));
  if (outside === undefined) return;
  throw new Error(`bceWithLogits: targets must lie in [0, 1], got ${outside}; pass probabilities or labels`);
}

/** Throws unless a factor is a number, or a Tensor that broadcasts to the shape of the logits. */
function checkFactor(name: string, factor: Tensor | number, shape: Shape): void {
  if (typeof factor === 'number') return;
  if (!(factor instanceof Tensor)) throw wrongKind('bceWithLogits', name, 'a Tensor or a number', factor);
  if (sameShape(broadcastShapes(`bceWithLogits, ${name}`, factor.shape, shape), shape)) return;
  throw new ShapeError(
    `bceWithLogits: ${name} must broadcast to the logits' shape ${formatShape(shape)}, got ${formatShape(factor.shape)}`,
  );
}
