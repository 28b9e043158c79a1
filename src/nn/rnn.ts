/** The vanilla recurrent layer, as one op over all time steps or unrolled cell by cell. */

import { add, matmul, Parameter, recurrence, relu, tanh, type Variable } from '../autograd/index.js';
import { recurrenceLast } from '../autograd/ops/internal.js';
import {
  formatShape,
  fullLike,
  type Random,
  ShapeError,
  sameShape,
  type Tensor,
  type TensorOptions,
  uniform,
} from '../tensor/index.js';
import { checkLastAxis, checkSize } from './checks.js';
import { affine } from './linear.js';
import { type LayerInput, Module } from './module.js';
import { type RecurrentOutput, SequenceOutput, StateGrads, UnrolledOutput } from './recurrent-output.js';
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
  /**
   * Build the graph cell by cell, so that every hidden state is a node of its own: for watching backpropagation step
   * by step. Default false: all steps are one op, which is faster; states and their gradients can be read all the same.
   */
  readonly unrolled?: boolean;
}

/**
 * h_t = φ(x_t·W_ihᵀ + h_{t−1}·W_hhᵀ + b), time-major: x [T, B, I] → T states [B, H] (Elman 1990).
 *
 * `weightIh` [H, I], `weightHh` [H, H] and one `bias` [H]: PyTorch's two biases only ever act as their sum, and each
 * has the gradient of ours. All start uniform in ±1/√H. Throws ShapeError where x or h0 do not fit.
 */
export class RNN extends Module {
  readonly nonlinearity: RNNNonlinearity;
  readonly unrolled: boolean;
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly bias: Parameter;

  constructor(
    inputSize: number,
    hiddenSize: number,
    { random, nonlinearity = 'tanh', unrolled = false, ...place }: RNNOptions,
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
    this.unrolled = unrolled;
    this.weightIh = draw([hiddenSize, inputSize]);
    this.weightHh = draw([hiddenSize, hiddenSize]);
    this.bias = draw([hiddenSize]);
  }

  /** Runs all T steps from the state `h0` [B, H] (default zeros). */
  forward(x: LayerInput, h0?: LayerInput): RecurrentOutput {
    this.#check(x, h0);
    const start = h0 ?? fullLike(this.weightHh.value, 0, [x.shape[1], this.weightHh.shape[0]]);
    return this.unrolled ? this.#unroll(x, start) : this.#sequence(x, start);
  }

  /** All steps in one op; its last state is an op of its own, whose backward is cheaper. */
  #sequence(x: LayerInput, start: LayerInput): SequenceOutput {
    const grads = new StateGrads();
    const operands = [x, this.weightIh, this.bias, this.weightHh, start] as const;
    const watched = { activation: this.nonlinearity, onStateGrads: (dh: Tensor) => grads.add(dh) };
    const output = recurrence(...operands, watched);
    const last = recurrenceLast(...operands, { ...watched, states: output.value });
    return new SequenceOutput(output, last, grads);
  }

  /** The same cell by cell: h_t = φ(a_t + h_{t−1}·W_hhᵀ), where a_t = x_t·W_ihᵀ + b. */
  #unroll(x: LayerInput, start: LayerInput): UnrolledOutput {
    const recurrent = this.weightHh.transpose();
    let h = start;
    const states = unstack(affine(x, this.weightIh, this.bias)).map((input) => {
      const state = nonlinearities[this.nonlinearity](add(input, matmul(h, recurrent)));
      h = state;
      return state;
    });
    return new UnrolledOutput(states);
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
