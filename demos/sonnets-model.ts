/** The sonnets' network and data, and how the network is made to write. */

import {
  crossEntropy,
  Embedding,
  type IdArray,
  Linear,
  Module,
  noGrad,
  normal,
  orthogonal,
  Random,
  type RecurrentOutput,
  RNN,
  scope,
  type Tensor,
  type Variable,
  zeros,
} from '../src/index.js';
import type { CharacterText } from './data.js';
import type { DemoConfig, Training } from './demo.js';

const EMBEDDING = 16;
/** Standard deviation of an embedding's numbers: the units start neither idle nor saturated by their input. */
const EMBEDDING_SCALE = 0.7;
/** Recurrent units. */
export const HIDDEN = 64;
/** Characters of a crop. */
export const SEQUENCE = 64;
const BATCH = 16;
/** Longest line a model may write; the longest of Shakespeare's has 63 characters. */
const MAX_LINE = 70;

/** Characters [T, batch] and those that follow them. */
interface CharacterBatch {
  readonly x: IdArray;
  readonly next: IdArray;
}

/** Embedding, recurrent layer and head. */
export class SonnetModel extends Module {
  readonly embedding: Embedding;
  readonly rnn: RNN;
  readonly head: Linear;

  constructor(random: Random, characters: number, rho: number, backend: string) {
    super();
    this.embedding = new Embedding(characters, EMBEDDING, { random, backend });
    this.embedding.weight.assign(normal([characters, EMBEDDING], random, 0, EMBEDDING_SCALE, { backend }));
    this.rnn = new RNN(EMBEDDING, HIDDEN, { random, backend });
    this.rnn.weightIh.assign(orthogonal([HIDDEN, EMBEDDING], random, { backend }));
    this.rnn.weightHh.assign(orthogonal([HIDDEN, HIDDEN], random, { gain: rho, backend }));
    this.rnn.bias.assign(zeros([HIDDEN], { backend }));
    this.head = new Linear(HIDDEN, characters, { random, backend });
    this.head.bias!.assign(zeros([characters], { backend }));
  }

  /** Characters [T, batch] → the hidden states, and logits [T, batch, characters] of what follows each. */
  forward(x: IdArray, h0?: Tensor): { readonly states: RecurrentOutput; readonly logits: Variable } {
    const states = this.rnn.forward(this.embedding.forward(x), h0);
    return { states, logits: this.head.forward(states.output) };
  }
}

/** Batches of crops from anywhere in the text. */
function* cropBatches({ ids }: CharacterText, random: Random): Generator<CharacterBatch> {
  const shape = [SEQUENCE, BATCH];
  for (;;) {
    const starts = Array.from({ length: BATCH }, () => random.integer(ids.length - SEQUENCE));
    const crop = (shift: number): IdArray => ({
      data: Int32Array.from(
        { length: SEQUENCE * BATCH },
        (_, at) => ids[starts[at % BATCH] + Math.floor(at / BATCH) + shift],
      ),
      shape,
    });
    yield { x: crop(0), next: crop(1) };
  }
}

/** A training whose model can be made to write. */
export type SonnetTraining = Training<CharacterBatch> & { readonly model: SonnetModel };

/** A training from the weights and data of the seed. */
export function startSonnets({ seed, backend, own }: DemoConfig, text: CharacterText): SonnetTraining {
  const model = new SonnetModel(new Random(seed), text.vocabulary.length, Number(own.rho), backend);
  return {
    model,
    batches: cropBatches(text, new Random(seed + 1_000_000_007)),
    loss: ({ x, next }) => crossEntropy(model.forward(x).logits, next),
  };
}

/** How a model is made to write. */
export interface Writing {
  readonly random: Random;
  readonly temperature: number;
  readonly lines: number;
}

/** A state, and the probability of each character to come next. */
interface Moment {
  readonly state: Tensor;
  readonly chances: ArrayLike<number>;
}

/** What a model writes after a line's end, character drawn after character. Lines that go on and on are broken. */
export function write(model: SonnetModel, { vocabulary }: CharacterText, how: Writing): string[] {
  const lines = [''];
  let now = read(model, vocabulary.indexOf('\n'), how.temperature);
  for (let written = 0; written < how.lines * MAX_LINE && lines.length <= how.lines; written++) {
    const id = draw(now.chances, how.random);
    const last = lines.length - 1;
    if (vocabulary[id] !== '\n') lines[last] += vocabulary[id];
    // An empty line is only the pause between two sonnets.
    const ends = vocabulary[id] === '\n' && lines[last].trim() !== '';
    if (ends || lines[last].length >= MAX_LINE) lines.push('');
    now = read(model, id, how.temperature, now.state);
  }
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

function read(model: SonnetModel, id: number, temperature: number, before?: Tensor): Moment {
  return noGrad(() =>
    scope(() => {
      const { states, logits } = model.forward({ data: Int32Array.of(id), shape: [1, 1] }, before);
      return { state: states.last.value, chances: logits.div(temperature).softmax().value.data() };
    }),
  );
}

/** An index drawn with the probability that stands there. */
function draw(chances: ArrayLike<number>, random: Random): number {
  let left = random.uniform();
  for (let id = 0; id < chances.length - 1; id++) {
    left -= chances[id];
    if (left < 0) return id;
  }
  return chances.length - 1;
}
