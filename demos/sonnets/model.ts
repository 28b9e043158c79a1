/** The sonnets' network and data, and how the network is made to write. */

import {
  crossEntropy,
  Embedding,
  type IdArray,
  Linear,
  Module,
  noGrad,
  normal,
  Random,
  scope,
  type Variable,
  zeros,
} from '../../src/index.js';
import type { CharacterText } from '../data.js';
import type { DemoConfig, Training } from '../demo.js';
import { type CellName, EMBEDDING, HIDDEN, type Reader, readers, SEQUENCE } from './readers.js';

/** Standard deviation of an embedding's numbers: the units start neither idle nor saturated by their input. */
const EMBEDDING_SCALE = 0.7;
const BATCH = 16;
/** Longest line a model may write; the longest of Shakespeare's has 63 characters. */
const MAX_LINE = 70;

/** Characters [T, batch] and those that follow them. */
interface CharacterBatch {
  readonly x: IdArray;
  readonly next: IdArray;
}

/** Embedding, what reads the characters, and head. */
export class SonnetModel extends Module {
  readonly embedding: Embedding;
  readonly reader: Reader;
  readonly head: Linear;

  constructor(random: Random, characters: number, cell: CellName, rho: number, backend: string) {
    super();
    this.embedding = new Embedding(characters, EMBEDDING, { random, backend });
    this.embedding.weight.assign(normal([characters, EMBEDDING], random, 0, EMBEDDING_SCALE, { backend }));
    this.reader = readers[cell]({ random, rho, backend });
    this.head = new Linear(HIDDEN, characters, { random, backend });
    this.head.bias!.assign(zeros([characters], { backend }));
  }

  /** Characters [T, batch] → logits [T, batch, characters] of what follows each. */
  forward(x: IdArray): Variable {
    return this.head.forward(this.reader.forward(this.embedding.forward(x)));
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
  const model = new SonnetModel(
    new Random(seed),
    text.vocabulary.length,
    own.cell as CellName,
    Number(own.rho),
    backend,
  );
  return {
    model,
    batches: cropBatches(text, new Random(seed + 1_000_000_007)),
    loss: ({ x, next }) => crossEntropy(model.forward(x), next),
  };
}

/** How a model is made to write. */
export interface Writing {
  readonly random: Random;
  readonly temperature: number;
  readonly lines: number;
}

/** What a model writes after a line's end, character drawn after character. Lines that go on and on are broken. */
export function write(model: SonnetModel, { vocabulary }: CharacterText, how: Writing): string[] {
  const lines = [''];
  const ids = [vocabulary.indexOf('\n')];
  for (let written = 0; written < how.lines * MAX_LINE && lines.length <= how.lines; written++) {
    const id = draw(chancesAfter(model, ids.slice(-SEQUENCE), how.temperature), how.random);
    ids.push(id);
    const last = lines.length - 1;
    if (vocabulary[id] !== '\n') lines[last] += vocabulary[id];
    // An empty line is only the pause between two sonnets.
    const ends = vocabulary[id] === '\n' && lines[last].trim() !== '';
    if (ends || lines[last].length >= MAX_LINE) lines.push('');
  }
  return lines.map((line) => line.trim()).filter((line) => line !== '');
}

/** The probability of each character to come next after some. */
function chancesAfter(model: SonnetModel, ids: readonly number[], temperature: number): ArrayLike<number> {
  return noGrad(() =>
    scope(() => {
      const logits = model.forward({ data: Int32Array.from(ids), shape: [ids.length, 1] });
      const last = logits.slice([[ids.length - 1, ids.length]]).div(temperature);
      return last.softmax().value.data();
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
