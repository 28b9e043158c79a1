/** Activations as modules, for use in Sequential; elsewhere the ops of the same names do. */

import { gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh, type Variable } from '../autograd/index.js';
import { checkCount, kindOf } from '../tensor/arguments.js';
import { checkInput } from './checks.js';
import { type LayerInput, Module } from './module.js';

/** Hyperbolic tangent, any shape. */
export class Tanh extends Module {
  forward(x: LayerInput): Variable {
    checkInput('Tanh', x, arguments.length);
    return tanh(x);
  }
}

/** max(x, 0), any shape. */
export class ReLU extends Module {
  forward(x: LayerInput): Variable {
    checkInput('ReLU', x, arguments.length);
    return relu(x);
  }
}

/** x where positive, negativeSlope · x elsewhere, any shape. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  /** `negativeSlope`: default 0.01. */
  constructor(negativeSlope = 0.01) {
    super();
    checkCount('LeakyReLU', arguments.length, 1);
    if (!Number.isFinite(negativeSlope)) {
      const got = typeof negativeSlope === 'number' ? String(negativeSlope) : kindOf(negativeSlope);
      throw new Error(`LeakyReLU: negativeSlope must be a finite number, got ${got}`);
    }
    this.negativeSlope = negativeSlope;
  }

  forward(x: LayerInput): Variable {
    checkInput('LeakyReLU', x, arguments.length);
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
}

/** Logistic function 1 / (1 + e^−x), any shape. */
export class Sigmoid extends Module {
  forward(x: LayerInput): Variable {
    checkInput('Sigmoid', x, arguments.length);
    return sigmoid(x);
  }
}

/** x · Φ(x), exact (Hendrycks & Gimpel 2016), any shape. */
export class GELU extends Module {
  forward(x: LayerInput): Variable {
    checkInput('GELU', x, arguments.length);
    return gelu(x);
  }
}

/** x · sigmoid(x), any shape. */
export class SiLU extends Module {
  forward(x: LayerInput): Variable {
    checkInput('SiLU', x, arguments.length);
    return silu(x);
  }
}

/** log(1 + e^x), any shape. */
export class Softplus extends Module {
  forward(x: LayerInput): Variable {
    checkInput('Softplus', x, arguments.length);
    return softplus(x);
  }
}
