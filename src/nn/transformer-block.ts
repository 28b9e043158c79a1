/** The Transformer block in its pre-norm form: attention across positions, then a small network at each. */

import { add, gelu, type Variable } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import { checkInput, checkSize, drawingOptions } from './checks.js';
import { Dropout } from './dropout.js';
import { LayerNorm } from './layer-norm.js';
import { Linear } from './linear.js';
import { type LayerInput, Module } from './module.js';
import { MultiheadAttention, type MultiheadAttentionOptions } from './multihead-attention.js';

/** Options of `TransformerBlock`: precision, backend, sizes and dropout. */
export interface TransformerBlockOptions extends MultiheadAttentionOptions {
  /** Whether position t sees positions 0 … t alone; default true, as in a language model. */
  readonly causal?: boolean;
  /** Width of the inner layer; default 4 · embed. */
  readonly feedForward?: number;
  /**
   * Probability of dropping an element in training: of attention weights, of the inner layer, and of what either half
   * adds; default 0.
   */
  readonly dropout?: number;
}

/**
 * h = x + selfAttn(norm1(x)), y = h + linear2(gelu(linear1(norm2(h)))), time-major, [T, B, embed] → [T, B, embed]
 * (Vaswani et al. 2017; normalised before each half: Xiong et al. 2020). Parameters are named and laid out as in
 * PyTorch's TransformerEncoderLayer with `norm_first=True, activation='gelu'`. After the last block of a stack comes a
 * LayerNorm, which is not part of it.
 */
export class TransformerBlock extends Module {
  readonly selfAttn: MultiheadAttention;
  readonly linear1: Linear;
  readonly linear2: Linear;
  readonly norm1: LayerNorm;
  readonly norm2: LayerNorm;
  readonly dropout: Dropout;

  constructor(embed: number, heads: number, options: TransformerBlockOptions) {
    super();
    checkCount('TransformerBlock', arguments.length, 3);
    const own = ['causal', 'feedForward', 'dropout'] as const;
    const checked = drawingOptions('TransformerBlock', options, ...own);
    const { causal = true, feedForward = 4 * embed, dropout = 0, ...place } = checked;
    checkSize('TransformerBlock', 'embed', embed);
    checkSize('TransformerBlock', 'feedForward', feedForward);
    this.selfAttn = new MultiheadAttention(embed, heads, { causal, dropout, ...place });
    this.linear1 = new Linear(embed, feedForward, place);
    this.linear2 = new Linear(feedForward, embed, place);
    this.norm1 = new LayerNorm(embed, place);
    this.norm2 = new LayerNorm(embed, place);
    this.dropout = new Dropout(dropout, place);
  }

  forward(x: LayerInput): Variable {
    checkInput('TransformerBlock', x, arguments.length);
    const h = add(x, this.dropout.forward(this.selfAttn.forward(this.norm1.forward(x))));
    const inner = this.dropout.forward(gelu(this.linear1.forward(this.norm2.forward(h))));
    return h.add(this.dropout.forward(this.linear2.forward(inner)));
  }
}
