/** The affine layer, and the function that it and the recurrent layers compute. */

import {
  affine as affineOp,
  matmul,
  Parameter,
  reshape,
  transpose,
  type Variable,
} from '../autograd/index.js';
import { checkCount, checkFlag } from '../tensor/arguments.js';
import { type Random, sizeOf, type TensorOptions, uniform } from '../tensor/index.js';
import { checkInput, checkLastAxis, checkSize, drawingOptions } from './checks.js';
import { type LayerInput, Module } from './module.js';

/** Options of `Linear`: precision, backend, and whether to add a bias (default true). */
export interface LinearOptions extends TensorOptions {
  /** Draws the initial weights. */
  readonly random: Random;
  readonly bias?: boolean;
}

/**
 * y = x·Wᵀ + b over the last axis, `[…, in] → […, out]`; `weight` is [out, in] as in PyTorch, `bias` [out] or null.
 * Both start uniform in ±1/√in (PyTorch's default). Throws ShapeError if the last axis of x is not `in`.
 */
export class Linear extends Module {
  readonly weight: Parameter;
  readonly bias: Parameter | null;

  constructor(inFeatures: number, outFeatures: number, options: LinearOptions) {
    super();
    checkCount('Linear', arguments.length, 3);
    const { random, bias = true, ...place } = drawingOptions('Linear', options, 'bias');
    checkFlag('Linear', 'bias', bias);
    checkSize('Linear', 'inFeatures', inFeatures);
    checkSize('Linear', 'outFeatures', outFeatures);
    const bound = 1 / Math.sqrt(inFeatures);
    this.weight = new Parameter(uniform([outFeatures, inFeatures], random, -bound, bound, place));
    this.bias = bias ? new Parameter(uniform([outFeatures], random, -bound, bound, place)) : null;
  }

  forward(x: LayerInput): Variable {
    checkInput('Linear', x, arguments.length);
    checkLastAxis('Linear', x.shape, 'inFeatures', this.weight.shape[1]);
    return affine(x, this.weight, this.bias);
  }
}

/**
 * x·Wᵀ + b over the last axis of x. Leading axes are flattened into one first, so that the gradient of W is a
 * single matrix product and not a batch of them that must be summed.
 */
export function affine(x: LayerInput, weight: Variable, bias: Variable | null): Variable {
  if (x.shape.length === 2) return bias ? affineOp(x, weight, bias) : matmul(x, transpose(weight));
  const [outputs, inputs] = weight.shape;
  const lead = x.shape.slice(0, -1);
  const flat = reshape(x, [sizeOf(lead), inputs]);
  return affine(flat, weight, bias).reshape([...lead, outputs]);
}
