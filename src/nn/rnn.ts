/** The vanilla recurrent layer, as one op over all time steps or unrolled cell by cell. */

import {
  add,
  clipGradientAt,
  type GradientLimit,
  matmul,
  type Parameter,
  recurrence,
  relu,
  tanh,
  unstack,
  type Variable,
} from '../autograd/index.js';
import { checkGradientLimit } from '../autograd/ops/clip-gradient.js';
import { checkCount, checkFlag } from '../tensor/arguments.js';
import { drawingOptions } from './checks.js';
import { affine } from './linear.js';
import { type LayerInput, Module } from './module.js';
import { checkSequence, parametersOf, type RecurrentOptions, startState } from './recurrent-cell.js';
import { BidirectionalOutput, reversed, startsOfBoth } from './recurrent-directions.js';
import { type RecurrentOutput, SequenceOutput, UnrolledOutput } from './recurrent-output.js';

const nonlinearities = {
  tanh,
  relu,
  identity: (x: Variable): Variable => x,
} as const;

/** What a recurrent unit applies to its sum; `identity` makes the network linear, for exact experiments. */
export type RNNNonlinearity = keyof typeof nonlinearities;

/** Options of `RNN`: precision, backend, how the graph is built, nonlinearity (default tanh). */
export interface RNNOptions extends RecurrentOptions {
  readonly nonlinearity?: RNNNonlinearity;
  /**
   * Clips the gradient at every time step, where it enters the sum under φ (Graves 2013; see `clipGradientAt`): no
   * ∂L/∂h_t grows beyond ‖W_hh‖ · the limit and what its own step adds. Implies `unrolled`, and its slower pace. Default
   * none.
   */
  readonly clipGradient?: GradientLimit;
}

/**
 * h_t = φ(x_t·W_ihᵀ + h_{t−1}·W_hhᵀ + b), time-major: x [T, B, I] → T states [B, H] (Elman 1990).
 *
 * `weightIh` [H, I], `weightHh` [H, H] and one `bias` [H]. PyTorch's two biases only ever act as their sum, and each
 * has the gradient of ours. All start uniform in ±1/√H. Throws ShapeError if x or h0 do not fit.
 */
export class RNN extends Module {
  readonly nonlinearity: RNNNonlinearity;
  readonly unrolled: boolean;
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly bias: Parameter;
  /** Of the direction that reads backwards; null unless there is one. */
  readonly weightIhReverse: Parameter | null;
  readonly weightHhReverse: Parameter | null;
  readonly biasReverse: Parameter | null;
  readonly #clipGradient: GradientLimit | undefined;
  readonly #reverse: RNN | null;

  constructor(inputSize: number, hiddenSize: number, options: RNNOptions) {
    super();
    checkCount('RNN', arguments.length, 3);
    const {
      random,
      nonlinearity = 'tanh',
      unrolled = false,
      bidirectional = false,
      clipGradient,
      ...place
    } = drawingOptions('RNN', options, 'nonlinearity', 'unrolled', 'bidirectional', 'clipGradient');
    checkFlag('RNN', 'unrolled', unrolled);
    checkFlag('RNN', 'bidirectional', bidirectional);
    const parameter = parametersOf('RNN', inputSize, hiddenSize, random, place);
    if (!Object.hasOwn(nonlinearities, nonlinearity)) {
      const known = Object.keys(nonlinearities).join(', ');
      throw new Error(`RNN: nonlinearity must be one of ${known}, got '${String(nonlinearity)}'`);
    }
    this.nonlinearity = nonlinearity;
    if (clipGradient !== undefined) checkGradientLimit('RNN, clipGradient', clipGradient);
    this.#clipGradient = clipGradient;
    this.unrolled = unrolled || clipGradient !== undefined;
    this.weightIh = parameter([hiddenSize, inputSize]);
    this.weightHh = parameter([hiddenSize, hiddenSize]);
    this.bias = parameter([hiddenSize]);
    this.#reverse = bidirectional
      ? new RNN(inputSize, hiddenSize, { ...options, bidirectional: false })
      : null;
    this.weightIhReverse = this.#reverse?.weightIh ?? null;
    this.weightHhReverse = this.#reverse?.weightHh ?? null;
    this.biasReverse = this.#reverse?.bias ?? null;
  }

  /** Runs all T steps from the state `h0` [B, H] (default zeros). */
  forward(x: LayerInput, h0?: LayerInput): RecurrentOutput {
    checkSequence('RNN', x, this.weightIh.shape[1], arguments.length);
    if (!this.#reverse) return this.#run(x, h0);
    const [first, second] = startsOfBoth('RNN', 'h0', h0, this.weightHh.shape[1]);
    return new BidirectionalOutput(this.#run(x, first), this.#reverse.#run(reversed(x), second));
  }

  #run(x: LayerInput, h0: LayerInput | undefined): RecurrentOutput {
    const start = startState('RNN', 'h0', h0, x, this.weightHh);
    return this.unrolled ? this.#unroll(x, start) : this.#sequence(x, start);
  }

  #sequence(x: LayerInput, start: LayerInput): SequenceOutput {
    const { weightIh, bias, weightHh, nonlinearity: activation } = this;
    return new SequenceOutput(...recurrence(x, weightIh, bias, weightHh, start, { activation }));
  }

  /** The same cell by cell: h_t = φ(a_t + h_{t−1}·W_hhᵀ), where a_t = x_t·W_ihᵀ + b. */
  #unroll(x: LayerInput, start: LayerInput): UnrolledOutput {
    const recurrent = this.weightHh.transpose();
    let h = start;
    const states = unstack(affine(x, this.weightIh, this.bias)).map((input) => {
      const sum = add(input, matmul(h, recurrent));
      const clipped = this.#clipGradient === undefined ? sum : clipGradientAt(sum, this.#clipGradient);
      const state = nonlinearities[this.nonlinearity](clipped);
      h = state;
      return state;
    });
    return new UnrolledOutput(states);
  }
}
