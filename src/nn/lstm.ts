/** The LSTM layer, as one op over all time steps or unrolled cell by cell. */

import { add, matmul, type Parameter, unstack } from '../autograd/index.js';
import { lstm } from '../autograd/ops/internal.js';
import { checkCount, checkFlag, kindOf } from '../tensor/arguments.js';
import { drawingOptions } from './checks.js';
import { affine } from './linear.js';
import { type LayerInput, Module } from './module.js';
import { checkSequence, gatesOf, parametersOf, type RecurrentOptions, startState } from './recurrent-cell.js';
import { BidirectionalCells, reversed, startsOfBoth } from './recurrent-directions.js';
import { CellOutput, type LSTMOutput, SequenceOutput, UnrolledOutput } from './recurrent-output.js';

/** Options of `LSTM`. */
export type LSTMOptions = RecurrentOptions;

/**
 * i, f, o = σ(·) and g = tanh(·) of x_t·W_ihᵀ + h_{t−1}·W_hhᵀ + b; c_t = f∘c_{t−1} + i∘g; h_t = o∘tanh c_t, time-major:
 * x [T, B, I] → T states [B, H] (Hochreiter & Schmidhuber 1997, with the forget gate of Gers et al. 2000).
 *
 * `weightIh` [4H, I], `weightHh` [4H, H] and one `bias` [4H], gates in PyTorch's order i, f, g, o: PyTorch's two biases
 * only ever act as their sum, and each has the gradient of ours. All start uniform in ±1/√H. Throws ShapeError if x
 * or the start do not fit.
 */
export class LSTM extends Module {
  readonly unrolled: boolean;
  readonly weightIh: Parameter;
  readonly weightHh: Parameter;
  readonly bias: Parameter;
  /** Of the direction that reads backwards; null unless there is one. */
  readonly weightIhReverse: Parameter | null;
  readonly weightHhReverse: Parameter | null;
  readonly biasReverse: Parameter | null;
  readonly #reverse: LSTM | null;

  constructor(inputSize: number, hiddenSize: number, options: LSTMOptions) {
    super();
    checkCount('LSTM', arguments.length, 3);
    const {
      random,
      unrolled = false,
      bidirectional = false,
      ...place
    } = drawingOptions('LSTM', options, 'unrolled', 'bidirectional');
    checkFlag('LSTM', 'unrolled', unrolled);
    checkFlag('LSTM', 'bidirectional', bidirectional);
    const parameter = parametersOf('LSTM', inputSize, hiddenSize, random, place);
    this.unrolled = unrolled;
    this.weightIh = parameter([4 * hiddenSize, inputSize]);
    this.weightHh = parameter([4 * hiddenSize, hiddenSize]);
    this.bias = parameter([4 * hiddenSize]);
    this.#reverse = bidirectional
      ? new LSTM(inputSize, hiddenSize, { ...options, bidirectional: false })
      : null;
    this.weightIhReverse = this.#reverse?.weightIh ?? null;
    this.weightHhReverse = this.#reverse?.weightHh ?? null;
    this.biasReverse = this.#reverse?.bias ?? null;
  }

  /** Runs all T steps from states h0 and cells c0, [B, H] each (default zeros). */
  forward(x: LayerInput, start?: readonly [h0: LayerInput, c0: LayerInput]): LSTMOutput {
    checkSequence('LSTM', x, this.weightIh.shape[1], arguments.length);
    if (start !== undefined && !Array.isArray(start)) {
      throw new Error(`LSTM: the start must be [h0, c0], got ${kindOf(start)} alone`);
    }
    if (!this.#reverse) return this.#run(x, start?.[0], start?.[1]);
    const hidden = this.weightHh.shape[1];
    const [h0, h0Reverse] = startsOfBoth('LSTM', 'h0', start?.[0], hidden);
    const [c0, c0Reverse] = startsOfBoth('LSTM', 'c0', start?.[1], hidden);
    return new BidirectionalCells(
      this.#run(x, h0, c0),
      this.#reverse.#run(reversed(x), h0Reverse, c0Reverse),
    );
  }

  #run(x: LayerInput, givenState: LayerInput | undefined, givenCell: LayerInput | undefined): LSTMOutput {
    const h0 = startState('LSTM', 'h0', givenState, x, this.weightHh);
    const c0 = startState('LSTM', 'c0', givenCell, x, this.weightHh);
    return this.unrolled ? this.#unroll(x, h0, c0) : this.#sequence(x, h0, c0);
  }

  #sequence(x: LayerInput, h0: LayerInput, c0: LayerInput): LSTMOutput {
    const [states, last, lastCell] = lstm(x, this.weightIh, this.bias, this.weightHh, h0, c0);
    return new CellOutput(new SequenceOutput(states, last), lastCell);
  }

  /** The same cell by cell: what x_t brings to the gates is one product for all steps. */
  #unroll(x: LayerInput, h0: LayerInput, c0: LayerInput): LSTMOutput {
    const recurrent = this.weightHh.transpose();
    let [h, c] = [h0, c0];
    const states = unstack(affine(x, this.weightIh, this.bias)).map((input) => {
      const [i, f, g, o] = gatesOf(add(input, matmul(h, recurrent)), 4);
      const cell = add(f.sigmoid().mul(c), i.sigmoid().mul(g.tanh()));
      const state = o.sigmoid().mul(cell.tanh());
      [h, c] = [state, cell];
      return { state, cell };
    });
    return new CellOutput(
      new UnrolledOutput(states.map(({ state }) => state)),
      states[states.length - 1].cell,
    );
  }
}
