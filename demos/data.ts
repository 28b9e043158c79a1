/** The real data that demos train on, read from `data/` beside this file (beside the bundle once built). */

import { readFileSync } from 'node:fs';
import { Random } from '../src/index.js';

/** Pixels of one digit: 8 rows of 8, each 0 … 16. */
export const PIXELS = 64;
/** Digits for training; the other 297 of the 1,797 are for testing. */
const TRAINING_DIGITS = 1500;
/** Shuffles the rows of digits.csv before they are split. It belongs to the file: no option changes it. */
const SPLIT_SEED = 1797;

/** Handwritten digits: `count` images of `PIXELS` values each, one after another, and what each shows (0 … 9). */
export interface Digits {
  readonly count: number;
  readonly pixels: Float32Array;
  readonly labels: Int32Array;
  /** Row of each image in the file. */
  readonly rows: Int32Array;
}

/** The digits, 1,500 to train on and 297 to test on: the same split for every seed, so that accuracies compare. */
export function loadDigits(): { readonly train: Digits; readonly test: Digits } {
  const images = readData('digits.csv')
    .trim()
    .split('\n')
    .map((line) => line.split(',').map(Number));
  const order = new Random(SPLIT_SEED).shuffle(Int32Array.from(images.keys()));
  return {
    train: pick(images, order.slice(0, TRAINING_DIGITS)),
    test: pick(images, order.slice(TRAINING_DIGITS)),
  };
}

function pick(images: readonly (readonly number[])[], rows: Int32Array): Digits {
  const pixels = new Float32Array(rows.length * PIXELS);
  rows.forEach((row, i) => {
    pixels.set(images[row].slice(0, PIXELS), i * PIXELS);
  });
  return { count: rows.length, pixels, labels: rows.map((row) => images[row][PIXELS]), rows };
}

/** A text as numbers: `ids[i]` is the place of its i-th character in `vocabulary`. */
export interface CharacterText {
  readonly text: string;
  /** Every character that occurs, once, in code point order. */
  readonly vocabulary: readonly string[];
  readonly ids: Int32Array;
}

/** Shakespeare's sonnets, character by character. */
export function loadSonnets(): CharacterText {
  const text = readData('sonnets.txt');
  const vocabulary = [...new Set(text)].sort();
  const places = new Map(vocabulary.map((character, id) => [character, id]));
  return { text, vocabulary, ids: Int32Array.from(text, (character) => places.get(character)!) };
}

function readData(name: string): string {
  return readFileSync(new URL(`./data/${name}`, import.meta.url), 'utf8');
}
