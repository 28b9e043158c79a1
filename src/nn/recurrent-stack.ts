/** Recurrent layers one upon another. Separate from Sequential because the whole sequence of states goes up, with a start for each layer. */

import { checkArray, checkCount, wrongKind } from '../tensor/arguments.js';
import { checkNames } from '../tensor/options.js';
import { checkInput, checkLayer } from './checks.js';
import { Dropout } from './dropout.js';
import { type LayerInput, Module } from './module.js';
import { type RecurrentOutput, StackedOutput } from './recurrent-output.js';

/** A layer that a stack takes: RNN, LSTM, GRU, another stack, or one of your own, with whatever it starts from. */
export type RecurrentLayer<Start = never> = Module & {
  forward(x: LayerInput, start?: Start): RecurrentOutput;
};

/** What each layer starts from, the second argument of its forward. */
export type StartsOf<Layers extends readonly RecurrentLayer[]> = {
  readonly [K in keyof Layers]: Parameters<Layers[K]['forward']>[1];
};

/** What each layer returns. */
export type OutputsOf<Layers extends readonly RecurrentLayer[]> = {
  readonly [K in keyof Layers]: ReturnType<Layers[K]['forward']>;
};

/** What a stack returns: the states of the top layer, and in `layers` the whole output of each, from below. */
export interface StackOutput<Layers extends readonly RecurrentLayer[] = readonly RecurrentLayer[]>
  extends RecurrentOutput {
  readonly layers: OutputsOf<Layers>;
}

/** Options of `RecurrentStack`. */
export interface RecurrentStackOptions {
  /** Applied to what goes from one layer to the next, and not above the last; in training only, as always. */
  readonly dropout?: Dropout;
}

/**
 * Layers one upon another, of any kinds: each reads the states of the one below as its sequence (PyTorch's `num_layers`).
 * Parameters are named by position: `layers.0.weightIh`. Throws an Error for no layers.
 */
export class RecurrentStack<const Layers extends readonly RecurrentLayer[]> extends Module {
  readonly layers: Layers;
  readonly dropout: Dropout | null;

  constructor(layers: Layers, options: RecurrentStackOptions = {}) {
    super();
    checkCount('RecurrentStack', arguments.length, 2);
    checkArray('RecurrentStack', 'layers', layers, 'layers');
    checkNames('RecurrentStack', options, ['dropout']);
    if (layers.length === 0) throw new Error('RecurrentStack: needs at least one layer, got none');
    for (const layer of layers) checkLayer('RecurrentStack', layer);
    this.layers = layers;
    if (options.dropout !== undefined && !(options.dropout instanceof Dropout)) {
      throw wrongKind('RecurrentStack', 'dropout', 'a Dropout layer', options.dropout);
    }
    this.dropout = options.dropout ?? null;
  }

  /** Runs x [T, B, I] up through all layers, each from its own start where one is given. */
  forward(x: LayerInput, starts?: StartsOf<Layers>): StackOutput<Layers> {
    checkInput('RecurrentStack', x, arguments.length, 2);
    if (starts !== undefined) checkArray('RecurrentStack.forward', 'starts', starts, 'starts');
    if (starts && starts.length !== this.layers.length) {
      throw new Error(
        `RecurrentStack: starts must have one entry for each of ${this.layers.length} layers, got ${starts.length}; undefined means zeros`,
      );
    }
    const outputs: RecurrentOutput[] = [];
    let input = x;
    for (const [i, layer] of this.layers.entries()) {
      if (i > 0 && this.dropout) input = this.dropout.forward(input);
      const output = layer.forward(input, starts?.[i] as never);
      outputs.push(output);
      input = output.output;
    }
    return new StackedOutput(outputs) as RecurrentOutput as StackOutput<Layers>;
  }
}
