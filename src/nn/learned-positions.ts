/** Learned positions: what tells an attention layer, to which all orders are alike, where each element is. */

import { add, Parameter, type Variable } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import { formatShape, normal, type Random, ShapeError, type TensorOptions } from '../tensor/index.js';
import { checkInput, checkLastAxis, checkSize, drawingOptions } from './checks.js';
import { type LayerInput, Module } from './module.js';

/** Options of `LearnedPositions`: precision and backend. */
export interface LearnedPositionsOptions extends TensorOptions {
  /** Draws the initial rows. */
  readonly random: Random;
}

/**
 * x + weight[t] at every time step t, [T, B, size] → [T, B, size], for T ≤ length (Gehring et al. 2017, §3.1). `weight`
 * [length, size] starts as N(0, 1), like the embeddings that it is added to. Throws ShapeError if x does not fit.
 */
export class LearnedPositions extends Module {
  readonly weight: Parameter;

  constructor(length: number, size: number, options: LearnedPositionsOptions) {
    super();
    checkCount('LearnedPositions', arguments.length, 3);
    const { random, ...place } = drawingOptions('LearnedPositions', options);
    checkSize('LearnedPositions', 'length', length);
    checkSize('LearnedPositions', 'size', size);
    this.weight = new Parameter(normal([length, size], random, 0, 1, place));
  }

  forward(x: LayerInput): Variable {
    checkInput('LearnedPositions', x, arguments.length);
    const [length, size] = this.weight.shape;
    if (x.shape.length !== 3 || x.shape[0] > length) {
      throw new ShapeError(
        `LearnedPositions: x must be [time, batch, ${size}] with at most ${length} time steps, got ${formatShape(x.shape)}`,
      );
    }
    checkLastAxis('LearnedPositions', x.shape, 'size', size);
    return add(x, this.weight.slice([[0, x.shape[0]]]).reshape([x.shape[0], 1, size]));
  }
}
