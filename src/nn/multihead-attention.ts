/** Self-attention with several heads: every position looks at the others, at those before it alone where it is causal. */

import { matmul, Parameter, unstack, type Variable } from '../autograd/index.js';
import { causalSoftmax } from '../autograd/ops/internal.js';
import { checkCount, checkFlag } from '../tensor/arguments.js';
import { formatShape, type Random, ShapeError, type TensorOptions, zeros } from '../tensor/index.js';
import { checkInput, checkLastAxis, checkSize, drawingOptions } from './checks.js';
import { Dropout } from './dropout.js';
import { xavierUniform } from './init.js';
import { affine, Linear } from './linear.js';
import { type LayerInput, Module } from './module.js';

/** Options of `MultiheadAttention`: precision, backend, mask and dropout. */
export interface MultiheadAttentionOptions extends TensorOptions {
  /** Draws the initial weights, and what dropout drops. */
  readonly random: Random;
  /** Whether position t sees positions 0 … t alone; default false: all. */
  readonly causal?: boolean;
  /** Probability of dropping an attention weight in training; default 0. */
  readonly dropout?: number;
}

/**
 * softmax(q·kᵀ / √d)·v in each of `heads` heads of d = embed / heads numbers, joined and mapped by `outProj`: self-
 * attention, time-major, [T, B, embed] → [T, B, embed] (Vaswani et al. 2017, §3.2).
 *
 * `inProjWeight` [3·embed, embed] and `inProjBias` [3·embed] hold the maps to q, k and v one below the other, as in
 * PyTorch, and start like PyTorch's: Xavier uniform, biases zero. Throws an Error unless heads divide embed, and
 * ShapeError where x does not fit.
 */
export class MultiheadAttention extends Module {
  readonly heads: number;
  readonly causal: boolean;
  readonly inProjWeight: Parameter;
  readonly inProjBias: Parameter;
  readonly outProj: Linear;
  readonly dropout: Dropout;

  constructor(embed: number, heads: number, options: MultiheadAttentionOptions) {
    super();
    checkCount('MultiheadAttention', arguments.length, 3);
    const {
      random,
      causal = false,
      dropout = 0,
      ...place
    } = drawingOptions('MultiheadAttention', options, 'causal', 'dropout');
    checkFlag('MultiheadAttention', 'causal', causal);
    checkSize('MultiheadAttention', 'embed', embed);
    checkSize('MultiheadAttention', 'heads', heads);
    if (embed % heads !== 0) {
      throw new Error(`MultiheadAttention: embed must be a multiple of heads, got ${embed} and ${heads}`);
    }
    this.heads = heads;
    this.causal = causal;
    this.inProjWeight = new Parameter(xavierUniform([3 * embed, embed], random, place));
    this.inProjBias = new Parameter(zeros([3 * embed], place));
    this.outProj = new Linear(embed, embed, { random, ...place });
    this.outProj.bias!.assign(zeros([embed], place));
    this.dropout = new Dropout(dropout, { random });
  }

  forward(x: LayerInput): Variable {
    checkInput('MultiheadAttention', x, arguments.length);
    this.#check(x);
    const [steps, batch, embed] = x.shape;
    const width = embed / this.heads;
    const projected = affine(x, this.inProjWeight, this.inProjBias);
    // [T, B, 3·E] → q, k, v, each [B, heads, T, d].
    const [q, k, v] = unstack(
      projected.reshape([steps, batch, 3, this.heads, width]).transpose([2, 1, 3, 0, 4]),
    );
    const scores = matmul(q.mul(1 / Math.sqrt(width)), k.transpose([0, 1, 3, 2]));
    const weights = this.dropout.forward(this.causal ? causalSoftmax(scores) : scores.softmax());
    const mixed = weights.matmul(v).transpose([2, 0, 1, 3]).reshape([steps, batch, embed]);
    return this.outProj.forward(mixed);
  }

  #check(x: LayerInput): void {
    const embed = this.inProjWeight.shape[1];
    if (x.shape.length !== 3 || x.shape[0] === 0) {
      throw new ShapeError(
        `MultiheadAttention: x must be [time, batch, ${embed}] with at least one time step, got ${formatShape(x.shape)}`,
      );
    }
    checkLastAxis('MultiheadAttention', x.shape, 'embed', embed);
  }
}
