import { describe, expect, it } from 'vitest';
import {
  Dropout,
  Embedding,
  GRU,
  LayerNorm,
  LearnedPositions,
  Linear,
  LSTM,
  MultiheadAttention,
  Random,
  RecurrentStack,
  RNN,
  TransformerBlock,
} from '../../src/index.js';

type Make = (options: object) => unknown;
type Options = ConstructorParameters<typeof Linear>[2];

const layers: readonly (readonly [string, Make])[] = [
  ['Linear', (options) => new Linear(2, 4, options as Options)],
  ['RNN', (options) => new RNN(2, 4, options as Options)],
  ['LSTM', (options) => new LSTM(2, 4, options as Options)],
  ['GRU', (options) => new GRU(2, 4, options as Options)],
  ['Embedding', (options) => new Embedding(2, 4, options as Options)],
  ['Dropout', (options) => new Dropout(0.5, options as Options)],
  ['LearnedPositions', (options) => new LearnedPositions(2, 4, options as Options)],
  ['MultiheadAttention', (options) => new MultiheadAttention(4, 2, options as Options)],
  ['TransformerBlock', (options) => new TransformerBlock(4, 2, options as Options)],
];
const plain: readonly (readonly [string, Make])[] = [
  ['LayerNorm', (options) => new LayerNorm(4, options)],
  ['RecurrentStack', (options) => new RecurrentStack([new RNN(1, 1, { random: new Random(1) })], options)],
];
const random = new Random(1);

describe("a layer's options", () => {
  it.each(layers)('must name a Random: %s', (name, make) => {
    const message = `${name}: options must name a Random: { random: new Random(seed) }`;
    expect(() => make(undefined as unknown as object)).toThrow(message);
    expect(() => make({ random: 7 })).toThrow(message);
  });

  it.each([...layers, ...plain])('have names that exist: %s', (name, make) => {
    expect(() => make({ random, drop_out: 1 })).toThrow(`${name}: there is no option '`);
  });

  it('say which name is nearest', () => {
    const misspelt = { random, unroled: true };
    expect(() => new LSTM(2, 4, misspelt)).toThrow(
      "LSTM: there is no option 'unroled'; the nearest is 'unrolled'",
    );
  });

  it.each([...layers, plain[0]])('may be shared by layers that need less: %s', (_, make) => {
    expect(() => make({ random, dtype: 'float64', backend: 'reference' })).not.toThrow();
  });
});
