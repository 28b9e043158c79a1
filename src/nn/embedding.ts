/** The embedding layer: a row of numbers for each id. */

import { Parameter, type Variable } from '../autograd/index.js';
import { pickRows } from '../autograd/ops/internal.js';
import { checkCount } from '../tensor/arguments.js';
import { normal, type Random, type TensorOptions } from '../tensor/index.js';
import { checkSize, drawingOptions } from './checks.js';
import { type Ids, resolveIds } from './ids.js';
import { Module } from './module.js';

/** Options of `Embedding`: precision and backend. */
export interface EmbeddingOptions extends TensorOptions {
  /** Draws the initial rows. */
  readonly random: Random;
}

/**
 * Rows of `weight` [numEmbeddings, dim] by id: ids of any shape → […ids.shape, dim]. Rows start as N(0, 1)
 * (PyTorch's default). Throws an Error for an id outside 0 … numEmbeddings − 1.
 */
export class Embedding extends Module {
  readonly weight: Parameter;

  constructor(numEmbeddings: number, dim: number, options: EmbeddingOptions) {
    super();
    checkCount('Embedding', arguments.length, 3);
    const { random, ...place } = drawingOptions('Embedding', options);
    checkSize('Embedding', 'numEmbeddings', numEmbeddings);
    checkSize('Embedding', 'dim', dim);
    this.weight = new Parameter(normal([numEmbeddings, dim], random, 0, 1, place));
  }

  forward(ids: Ids): Variable {
    checkCount('Embedding.forward', arguments.length, 1);
    const [numEmbeddings, dim] = this.weight.shape;
    const { data, shape } = resolveIds('Embedding', ids, numEmbeddings);
    return pickRows(this.weight, data).reshape([...shape, dim]);
  }
}
