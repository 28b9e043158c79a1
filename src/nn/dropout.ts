/** Dropout: the layer that behaves differently in training, and the only one that draws numbers in its forward. */

import { mul, Variable } from '../autograd/index.js';
import { checkCount, kindOf } from '../tensor/arguments.js';
import { fullLike, type Random, Tensor } from '../tensor/index.js';
import { checkInput, drawingOptions } from './checks.js';
import { type LayerInput, Module } from './module.js';

/** Options of `Dropout`. */
export interface DropoutOptions {
  /** Draws which elements are dropped: one number for each element, in row-major order. */
  readonly random: Random;
}

/**
 * In training, sets each element to 0 with probability p and divides the others by 1 − p, so that the mean stays as it
 * is; after `eval()`, the identity (Srivastava et al. 2014, in the inverted form of PyTorch). Any shape. The same state
 * of `random` drops the same elements. Throws an Error unless 0 ≤ p < 1.
 */
export class Dropout extends Module {
  readonly p: number;
  readonly random: Random;

  constructor(p: number, options: DropoutOptions) {
    super();
    checkCount('Dropout', arguments.length, 2);
    const { random } = drawingOptions('Dropout', options);
    if (!(p >= 0 && p < 1)) {
      throw new Error(
        `Dropout: p must be a probability 0 ≤ p < 1, got ${typeof p === 'number' ? p : kindOf(p)}; 0.1 drops one element in ten`,
      );
    }
    this.p = p;
    this.random = random;
  }

  forward(x: LayerInput): Variable {
    checkInput('Dropout', x, arguments.length);
    if (!this.training || this.p === 0) return x instanceof Variable ? x : new Variable(x);
    return mul(x, this.#mask(x instanceof Tensor ? x : x.value));
  }

  /** 0 where an element is dropped, 1 / (1 − p) where it stays. */
  #mask(x: Tensor): Tensor {
    const mask = fullLike(x, 1 / (1 - this.p));
    const { data, offset } = mask.view();
    for (let i = 0; i < mask.size; i++) if (this.random.uniform() < this.p) data[offset + i] = 0;
    return mask;
  }
}
