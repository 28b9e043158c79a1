/** The residual connection, around any layer. */

import { add, type Variable } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import { formatShape, ShapeError, sameShape } from '../tensor/index.js';
import { checkInput, checkLayer } from './checks.js';
import { type LayerInput, Module } from './module.js';
import type { Layer } from './sequential.js';

/**
 * x + layer(x): the gradient also flows past the layer, so that depth alone does not make it vanish (He et al. 2016).
 * Throws ShapeError if the layer changes the shape: nothing is broadcast.
 */
export class Residual<L extends Layer = Layer> extends Module {
  readonly layer: L;

  constructor(layer: L) {
    super();
    checkCount('Residual', arguments.length, 1);
    checkLayer('Residual', layer);
    this.layer = layer;
  }

  forward(x: LayerInput): Variable {
    checkInput('Residual', x, arguments.length);
    const change = this.layer.forward(x);
    if (sameShape(change.shape, x.shape)) return add(x, change);
    throw new ShapeError(
      `Residual: the layer must keep the shape of x, got ${formatShape(x.shape)} → ${formatShape(change.shape)}; give it as many outputs as inputs`,
    );
  }
}
