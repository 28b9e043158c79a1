/** What may read the sonnets' characters: a vanilla RNN, an LSTM, a GRU, or a Transformer of two blocks. */

import {
  GRU,
  LayerNorm,
  LearnedPositions,
  Linear,
  LSTM,
  Module,
  orthogonal,
  type Random,
  type RecurrentLayer,
  RNN,
  TransformerBlock,
  type Variable,
  zeros,
} from '../../src/index.js';

/** Numbers by which a character is known to the network. */
export const EMBEDDING = 16;
/** Recurrent units, or the width of the Transformer. */
export const HIDDEN = 64;
/** Characters of a crop. */
export const SEQUENCE = 64;
const HEADS = 4;

/** How a reader is made. */
interface ReaderOptions {
  readonly random: Random;
  /** Spectral norm of the vanilla RNN's recurrent matrix. */
  readonly rho: number;
  readonly backend: string;
}

/** Reads embedded characters [T, batch, EMBEDDING], at most SEQUENCE of them, into [T, batch, HIDDEN]. */
export type Reader = Module & { forward(x: Variable): Variable };

/** A recurrent layer, of whose output only the states count. */
class RecurrentReader extends Module {
  readonly layer: RecurrentLayer;

  constructor(layer: RecurrentLayer) {
    super();
    this.layer = layer;
  }

  forward(x: Variable): Variable {
    return this.layer.forward(x).output;
  }
}

/** Two causal pre-norm blocks on characters that know their place. */
class TransformerReader extends Module {
  readonly widen: Linear;
  readonly positions: LearnedPositions;
  readonly blocks: readonly TransformerBlock[];
  readonly norm: LayerNorm;

  constructor({ random, backend }: ReaderOptions) {
    super();
    this.widen = new Linear(EMBEDDING, HIDDEN, { random, backend });
    this.positions = new LearnedPositions(SEQUENCE, HIDDEN, { random, backend });
    this.blocks = [1, 2].map(() => new TransformerBlock(HIDDEN, HEADS, { random, backend }));
    this.norm = new LayerNorm(HIDDEN, { backend });
  }

  forward(x: Variable): Variable {
    const placed = this.positions.forward(this.widen.forward(x));
    return this.norm.forward(this.blocks.reduce((h, block) => block.forward(h), placed));
  }
}

function vanilla({ random, rho, backend }: ReaderOptions): RNN {
  const rnn = new RNN(EMBEDDING, HIDDEN, { random, backend });
  rnn.weightIh.assign(orthogonal([HIDDEN, EMBEDDING], random, { backend }));
  rnn.weightHh.assign(orthogonal([HIDDEN, HIDDEN], random, { gain: rho, backend }));
  rnn.bias.assign(zeros([HIDDEN], { backend }));
  return rnn;
}

/** How each is made. */
export const readers = {
  rnn: (options: ReaderOptions): Reader => new RecurrentReader(vanilla(options)),
  lstm: ({ random, backend }: ReaderOptions): Reader =>
    new RecurrentReader(new LSTM(EMBEDDING, HIDDEN, { random, backend })),
  gru: ({ random, backend }: ReaderOptions): Reader =>
    new RecurrentReader(new GRU(EMBEDDING, HIDDEN, { random, backend })),
  transformer: (options: ReaderOptions): Reader => new TransformerReader(options),
} as const;

/** What `--cell` may be. */
export type CellName = keyof typeof readers;

/** How they are named in a sentence. */
export const cellTitles: Readonly<Record<CellName, string>> = {
  rnn: 'A vanilla RNN',
  lstm: 'An LSTM',
  gru: 'A GRU',
  transformer: 'A Transformer of two blocks',
};
