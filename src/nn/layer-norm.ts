/** Layer normalisation: every position brought to mean 0 and variance 1 by itself, whatever the batch holds. */

import { Parameter, type Variable } from '../autograd/index.js';
import { layerNorm } from '../autograd/ops/internal.js';
import { checkCount, kindOf } from '../tensor/arguments.js';
import { ones, type TensorOptions, zeros } from '../tensor/index.js';
import { checkInput, checkLastAxis, checkSize, plainOptions } from './checks.js';
import { type LayerInput, Module } from './module.js';

/** Options of `LayerNorm`: precision, backend, and what is added to the variance. */
export interface LayerNormOptions extends TensorOptions {
  /** Keeps the division finite where all elements are equal; default 1e-5. */
  readonly eps?: number;
}

/**
 * (x − mean) / √(variance + eps) · weight + bias over the last axis, […, size] → […, size], with the biased variance
 * (Ba, Kiros & Hinton 2016, eq. 4). `weight` [size] starts as ones, `bias` [size] as zeros. Throws ShapeError if the
 * last axis of x is not `size`.
 */
export class LayerNorm extends Module {
  readonly eps: number;
  readonly weight: Parameter;
  readonly bias: Parameter;

  constructor(size: number, options: LayerNormOptions = {}) {
    super();
    checkCount('LayerNorm', arguments.length, 2);
    const { eps = 1e-5, ...place } = plainOptions('LayerNorm', options, 'eps');
    checkSize('LayerNorm', 'size', size);
    if (!(eps >= 0 && eps < Infinity)) {
      throw new Error(
        `LayerNorm: eps must be a finite number ≥ 0, got ${typeof eps === 'number' ? eps : kindOf(eps)}`,
      );
    }
    this.eps = eps;
    this.weight = new Parameter(ones([size], place));
    this.bias = new Parameter(zeros([size], place));
  }

  forward(x: LayerInput): Variable {
    checkInput('LayerNorm', x, arguments.length);
    checkLastAxis('LayerNorm', x.shape, 'size', this.weight.shape[0]);
    return layerNorm(x, this.weight, this.bias, { eps: this.eps });
  }
}
