/** Batch normalisation: every channel brought to mean 0 and variance 1 over the batch, by running statistics after training. */

import { Parameter, sub, type Variable } from '../autograd/index.js';
import { checkCount, checkFlag, kindOf } from '../tensor/arguments.js';
import { formatShape, ones, ShapeError, type Tensor, type TensorOptions, zeros } from '../tensor/index.js';
import { ModuleBuffer } from './buffer.js';
import { checkInput, checkSize, plainOptions, tensorIn } from './checks.js';
import { type LayerInput, Module } from './module.js';

/** Options of `BatchNorm1d`: precision, backend, and PyTorch's settings with PyTorch's defaults. */
export interface BatchNormOptions extends TensorOptions {
  /** Keeps the division finite where all elements are equal; default 1e-5. */
  readonly eps?: number;
  /** Share of each batch in the running statistics; null for their plain average over all batches; default 0.1. */
  readonly momentum?: number | null;
  /** Whether to scale and shift by parameters; default true. */
  readonly affine?: boolean;
  /** Whether to keep running statistics, and to use them after `eval()`; default true. */
  readonly trackRunningStats?: boolean;
}

/** Which axes go into the statistics of a channel, how many elements those are, and how a channel's number is laid out. */
interface Channels {
  readonly axis: readonly number[];
  readonly count: number;
  readonly shape: readonly number[];
}

/**
 * (x − mean) / √(variance + eps) · weight + bias for each channel, [N, C] or [N, C, L] → the same shape (Ioffe & Szegedy
 * 2015). In training, mean and biased variance are those of the batch, and go into `runningMean` and `runningVar` (there
 * with divisor n − 1), which serve after `eval()`. `weight` starts as ones, `bias` as zeros, both [C]; null without
 * `affine`. Throws ShapeError if x does not fit, or if in training a channel has one element alone.
 */
export class BatchNorm1d extends Module {
  readonly features: number;
  readonly eps: number;
  readonly momentum: number | null;
  readonly weight: Parameter | null;
  readonly bias: Parameter | null;
  readonly runningMean: ModuleBuffer | null;
  readonly runningVar: ModuleBuffer | null;
  /** How many batches went into the running statistics. */
  readonly numBatchesTracked: ModuleBuffer | null;

  constructor(features: number, options: BatchNormOptions = {}) {
    super();
    checkCount('BatchNorm1d', arguments.length, 2);
    const {
      eps = 1e-5,
      momentum = 0.1,
      affine = true,
      trackRunningStats = true,
      ...place
    } = plainOptions('BatchNorm1d', options, 'eps', 'momentum', 'affine', 'trackRunningStats');
    checkSize('BatchNorm1d', 'features', features);
    checkBetween('eps', eps, Infinity);
    if (momentum !== null) checkBetween('momentum', momentum, 1);
    checkFlag('BatchNorm1d', 'affine', affine);
    checkFlag('BatchNorm1d', 'trackRunningStats', trackRunningStats);
    this.features = features;
    this.eps = eps;
    this.momentum = momentum;
    this.weight = affine ? new Parameter(ones([features], place)) : null;
    this.bias = affine ? new Parameter(zeros([features], place)) : null;
    const buffer = (value: Tensor) => (trackRunningStats ? new ModuleBuffer(value) : null);
    this.runningMean = buffer(zeros([features], place));
    this.runningVar = buffer(ones([features], place));
    this.numBatchesTracked = buffer(zeros([], place));
  }

  forward(x: LayerInput): Variable {
    checkInput('BatchNorm1d', x, arguments.length);
    const channels = this.#channelsOf(x);
    const isBatch = this.training || !this.runningMean;
    const unit = isBatch ? this.#byBatch(x, channels) : this.#byRunning(x, channels);
    if (!this.weight || !this.bias) return unit;
    return unit.mul(this.weight.reshape(channels.shape)).add(this.bias.reshape(channels.shape));
  }

  #channelsOf({ shape }: LayerInput): Channels {
    const [batch, channels, length = 1] = shape;
    if (shape.length < 2 || shape.length > 3 || channels !== this.features) {
      throw new ShapeError(
        `BatchNorm1d: x must be [batch, ${this.features}] or [batch, ${this.features}, length], got ${formatShape(shape)}`,
      );
    }
    return shape.length === 2
      ? { axis: [0], count: batch, shape: [channels] }
      : { axis: [0, 2], count: batch * length, shape: [channels, 1] };
  }

  /** By the statistics of the batch, which in training go into the running ones. */
  #byBatch(x: LayerInput, { axis, count }: Channels): Variable {
    if (this.training ? count <= 1 : count === 0) {
      throw new ShapeError(
        `BatchNorm1d: needs more than one element for each channel in training, got x ${formatShape(x.shape)}; skip such batches, or call eval()`,
      );
    }
    const along = { axis, keepDims: true };
    // A mean is rounded; what that leaves in the deviations, which are small, is their own mean.
    const rough = sub(x, tensorMean(x, along));
    const centred = rough.sub(rough.mean(along));
    const variance = centred.square().mean(along);
    if (this.training) this.#track(tensorIn(x), variance.value, { axis, count });
    return centred.mul(variance.add(this.eps).rsqrt());
  }

  #track(x: Tensor, variance: Tensor, { axis, count }: Pick<Channels, 'axis' | 'count'>): void {
    const { runningMean, runningVar, numBatchesTracked } = this;
    if (!runningMean || !runningVar || !numBatchesTracked) return;
    numBatchesTracked.assign(numBatchesTracked.value.add(1));
    const share = this.momentum ?? 1 / numBatchesTracked.value.item();
    const blend = (buffer: ModuleBuffer, now: Tensor) =>
      buffer.assign(buffer.value.mul(1 - share).add(now.reshape([this.features]).mul(share)));
    blend(runningMean, x.mean({ axis }));
    blend(runningVar, variance.mul(count / (count - 1)));
  }

  #byRunning(x: LayerInput, { shape }: Channels): Variable {
    const scale = this.runningVar!.value.add(this.eps).rsqrt().reshape(shape);
    return sub(x, this.runningMean!.value.copy().reshape(shape)).mul(scale);
  }
}

/** A mean through which no gradient needs to flow, because the deviations are centred once more. */
function tensorMean(
  x: LayerInput,
  along: { readonly axis: readonly number[]; readonly keepDims: boolean },
): Tensor {
  return tensorIn(x).mean(along);
}

function checkBetween(name: string, value: number, most: number): void {
  if (typeof value === 'number' && value >= 0 && value <= most && value < Infinity) return;
  const got = typeof value === 'number' ? String(value) : kindOf(value);
  const rule = most === Infinity ? 'a finite number ≥ 0' : `a number 0 … ${most}`;
  throw new Error(`BatchNorm1d: ${name} must be ${rule}, got ${got}`);
}
