/** The vanilla recurrent layer, unrolled step by step so that every hidden state is a Variable of the graph. */

import { add, matmul, Parameter, relu, tanh, type Variable } from '../autograd/index.js';
import {
  formatShape,
  fullLike,
  type Random,
  ShapeError,
  sameShape,
  type TensorOptions,
  uniform,
} from '../tensor/index.js';
import { checkLastAxis, checkSize } from './checks.js';
import { affine } from './linear.js';
import { type LayerInput, Module } from './module.js';
import { RecurrentOutput } from './recurrent-output.js';
import { unstack } from './unstack.js';

const nonlinearities = {
  tanh,
  relu,
  identity: (x: Variable): Variable => x,
} as const;

/** What a recurrent unit applies to its sum; `identity` makes the network linear, for exact experiments. */
export type RNNNonlinearity = keyof typeof nonlinearities;

/** Options of `RNN`: precision, backend, nonlinearity (default tanh). */
export interface RNNOptions extends TensorOptions {
  /** Draws the initial weights. */
  readonly random: Random;
  readonly nonlinearity?: RNNNonlinearity;
}

/**
 * h_t = φ(x_t·W_ihᵀ + h_{t−1}·W_hhᵀ + b), time-major: x [T, B, I] → T states [B, H] (Elman 1990).
 *
 * `weightIh` [H, I], `weightHh` [H, H] and one `bias` [H]: PyTorch's two biases only ever act as their sum, and each
 * has the gradient of ours. All start uniform in ±1/√H. Throws ShapeError where x or h0 do not fit.
 */
export class RNN extends Module {
  readonly nonlinearity: RNNNonlinearity;
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly bias: Parameter;

  constructor(
    inputSize: number,
    hiddenSize: number,
    { random, nonlinearity = 'tanh', ...place }: RNNOptions,
  ) {
    super();
    checkSize('RNN', 'inputSize', inputSize);
    checkSize('RNN', 'hiddenSize', hiddenSize);
    if (!Object.hasOwn(nonlinearities, nonlinearity)) {
      const known = Object.keys(nonlinearities).join(', ');
      throw new Error(`RNN: nonlinearity must be one of ${known}, got '${nonlinearity}'`);
    }
    const bound = 1 / Math.sqrt(hiddenSize);
    const draw = (shape: readonly number[]): Parameter =>
      new Parameter(uniform(shape, random, -bound, bound, place));
    this.nonlinearity = nonlinearity;
    this.weightIh = draw([hiddenSize, inputSize]);
    this.weightHh = draw([hiddenSize, hiddenSize]);
    this.bias = draw([hiddenSize]);
  }

  /** Runs all T steps from the state `h0` [B, H] (default zeros). */
  forward(x: LayerInput, h0?: LayerInput): RecurrentOutput {
    this.#check(x, h0);
    const hiddenSize = this.weightHh.shape[0];
    // The inputs of all steps meet W_ih in one product; the loop does only what must wait for the state before.
    const inputs = unstack(affine(x, this.weightIh, this.bias));
    const recurrent = this.weightHh.transpose();
    let h: LayerInput = h0 ?? fullLike(this.weightHh.value, 0, [x.shape[1], hiddenSize]);
    const states = inputs.map((input) => {
      const state = this.#cell(input, h, recurrent);
      h = state;
      return state;
    });
    return new RecurrentOutput(states);
  }

  /** One step: φ(a_t + h_{t−1}·W_hhᵀ), where a_t = x_t·W_ihᵀ + b. */
  #cell(input: Variable, h: LayerInput, recurrent: Variable): Variable {
    return nonlinearities[this.nonlinearity](add(input, matmul(h, recurrent)));
  }

  #check(x: LayerInput, h0: LayerInput | undefined): void {
    const [hiddenSize, inputSize] = this.weightIh.shape;
    if (x.shape.length !== 3 || x.shape[0] === 0) {
      throw new ShapeError(
        `RNN: x must be [time, batch, ${inputSize}] with at least one time step, got ${formatShape(x.shape)}`,
      );
    }
    checkLastAxis('RNN', x.shape, 'inputSize', inputSize);
    const expected = [x.shape[1], hiddenSize];
    if (!h0 || sameShape(h0.shape, expected)) return;
    throw new ShapeError(
      `RNN: h0 must be [batch, hiddenSize] = ${formatShape(expected)}, got ${formatShape(h0.shape)}`,
    );
  }
}
