/** The GRU layer, as one op over all time steps or unrolled cell by cell. */

import { add, type Parameter, sub, unstack } from '../autograd/index.js';
import { gru } from '../autograd/ops/internal.js';
import { checkCount, checkFlag } from '../tensor/arguments.js';
import { drawingOptions } from './checks.js';
import { affine } from './linear.js';
import { type LayerInput, Module } from './module.js';
import { checkSequence, gatesOf, parametersOf, type RecurrentOptions, startState } from './recurrent-cell.js';
import { BidirectionalOutput, reversed, startsOfBoth } from './recurrent-directions.js';
import { type RecurrentOutput, SequenceOutput, UnrolledOutput } from './recurrent-output.js';

/** Options of `GRU`. */
export type GRUOptions = RecurrentOptions;

/**
 * r, z = σ(x_t·W_iᵀ + b_i + h_{t−1}·W_hᵀ + b_h), each with its rows; n = tanh(x_t·W_inᵀ + b_in + r∘(h_{t−1}·W_hnᵀ +
 * b_hn)); h_t = (1 − z)∘n + z∘h_{t−1}, time-major: x [T, B, I] → T states [B, H] (Cho et al. 2014, in the form that
 * cuDNN and PyTorch compute: r gates the product, not the state).
 *
 * `weightIh` [3H, I], `weightHh` [3H, H], `biasIh` and `biasHh` [3H], gates in PyTorch's order r, z, n; for n the two
 * biases do different things. All start uniform in ±1/√H. Throws ShapeError if x or h0 do not fit.
 */
export class GRU extends Module {
  readonly unrolled: boolean;
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly biasIh: Parameter;
  readonly biasHh: Parameter;
  /** Of the direction that reads backwards; null unless there is one. */
  readonly weightIhReverse: Parameter | null;
  readonly weightHhReverse: Parameter | null;
  readonly biasIhReverse: Parameter | null;
  readonly biasHhReverse: Parameter | null;
  readonly #reverse: GRU | null;

  constructor(inputSize: number, hiddenSize: number, options: GRUOptions) {
    super();
    checkCount('GRU', arguments.length, 3);
    const {
      random,
      unrolled = false,
      bidirectional = false,
      ...place
    } = drawingOptions('GRU', options, 'unrolled', 'bidirectional');
    checkFlag('GRU', 'unrolled', unrolled);
    checkFlag('GRU', 'bidirectional', bidirectional);
    const parameter = parametersOf('GRU', inputSize, hiddenSize, random, place);
    this.unrolled = unrolled;
    this.weightIh = parameter([3 * hiddenSize, inputSize]);
    this.weightHh = parameter([3 * hiddenSize, hiddenSize]);
    this.biasIh = parameter([3 * hiddenSize]);
    this.biasHh = parameter([3 * hiddenSize]);
    this.#reverse = bidirectional
      ? new GRU(inputSize, hiddenSize, { ...options, bidirectional: false })
      : null;
    this.weightIhReverse = this.#reverse?.weightIh ?? null;
    this.weightHhReverse = this.#reverse?.weightHh ?? null;
    this.biasIhReverse = this.#reverse?.biasIh ?? null;
    this.biasHhReverse = this.#reverse?.biasHh ?? null;
  }

  /** Runs all T steps from the state `h0` [B, H] (default zeros). */
  forward(x: LayerInput, h0?: LayerInput): RecurrentOutput {
    checkSequence('GRU', x, this.weightIh.shape[1], arguments.length);
    if (!this.#reverse) return this.#run(x, h0);
    const [first, second] = startsOfBoth('GRU', 'h0', h0, this.weightHh.shape[1]);
    return new BidirectionalOutput(this.#run(x, first), this.#reverse.#run(reversed(x), second));
  }

  #run(x: LayerInput, h0: LayerInput | undefined): RecurrentOutput {
    const start = startState('GRU', 'h0', h0, x, this.weightHh);
    return this.unrolled ? this.#unroll(x, start) : this.#sequence(x, start);
  }

  #sequence(x: LayerInput, h0: LayerInput): SequenceOutput {
    const { weightIh, biasIh, weightHh, biasHh } = this;
    return new SequenceOutput(...gru(x, weightIh, biasIh, weightHh, biasHh, h0));
  }

  /** The same cell by cell: what x_t brings to the gates is one product for all steps. */
  #unroll(x: LayerInput, h0: LayerInput): UnrolledOutput {
    let h = h0;
    const states = unstack(affine(x, this.weightIh, this.biasIh)).map((input) => {
      const [inputR, inputZ, inputN] = gatesOf(input, 3);
      const [stateR, stateZ, stateN] = gatesOf(affine(h, this.weightHh, this.biasHh), 3);
      const r = add(inputR, stateR).sigmoid();
      const z = add(inputZ, stateZ).sigmoid();
      const n = add(inputN, r.mul(stateN)).tanh();
      const state = add(sub(1, z).mul(n), z.mul(h));
      h = state;
      return state;
    });
    return new UnrolledOutput(states);
  }
}
