/** Activations as modules, for use in Sequential; elsewhere the ops of the same names do. */

import { gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh, type Variable } from '../autograd/index.js';
import { type LayerInput, Module } from './module.js';

/** Hyperbolic tangent, any shape. */
export class Tanh extends Module {
  forward(x: LayerInput): Variable {
    return tanh(x);
  }
}

/** max(x, 0), any shape. */
export class ReLU extends Module {
  forward(x: LayerInput): Variable {
    return relu(x);
  }
}

/** x where positive, negativeSlope · x elsewhere, any shape. */
export class LeakyReLU extends Module {
  readonly negativeSlope: number;

  /** `negativeSlope`: default 0.01. */
  constructor(negativeSlope = 0.01) {
    super();
    if (!Number.isFinite(negativeSlope)) {
      throw new Error(`LeakyReLU: negativeSlope must be a finite number, got ${negativeSlope}`);
    }
    this.negativeSlope = negativeSlope;
  }

  forward(x: LayerInput): Variable {
    return leakyRelu(x, { negativeSlope: this.negativeSlope });
  }
}

/** Logistic function 1 / (1 + e^−x), any shape. */
export class Sigmoid extends Module {
  forward(x: LayerInput): Variable {
    return sigmoid(x);
  }
}

/** x · Φ(x), exact (Hendrycks & Gimpel 2016), any shape. */
export class GELU extends Module {
  forward(x: LayerInput): Variable {
    return gelu(x);
  }
}

/** x · sigmoid(x), any shape. */
export class SiLU extends Module {
  forward(x: LayerInput): Variable {
    return silu(x);
  }
}

/** log(1 + e^x), any shape. */
export class Softplus extends Module {
  forward(x: LayerInput): Variable {
    return softplus(x);
  }
}
