/**
 * Seeded random numbers: Mersenne Twister (pure-rand), and our own portable logarithm and cosine for the normal
 * distribution, so a seed gives the same bits in every engine.
 */

import { mersenne, mersenneFromState } from 'pure-rand/generator/mersenne';
import { checkCount, checkNumber, kindOf, wrongKind } from './arguments.js';
import { type TensorOptions, zeros } from './create.js';
import { cos, log } from './math.js';
import type { Shape } from './shape.js';
import type { Tensor } from './tensor.js';

/** A seeded generator; every random choice of the library takes one, so that runs can be repeated. */
export class Random {
  #generator: ReturnType<typeof mersenne>;

  /** `seed`: an integer in 0 … 2³² − 1; the same seed gives the same numbers, another seed others. */
  constructor(seed: number) {
    checkCount('Random', arguments.length, 1);
    if (seed !== seed >>> 0) {
      const got = typeof seed === 'number' ? String(seed) : kindOf(seed);
      throw new Error(`Random: seed must be an integer in 0 … ${2 ** 32 - 1}, got ${got}`);
    }
    this.#generator = mersenne(seed);
  }

  /** A generator that continues from a state taken with `state()`. */
  static from(state: readonly number[]): Random {
    const random = new Random(0);
    random.restore(state);
    return random;
  }

  /** The state as plain numbers, for checkpoints. */
  state(): readonly number[] {
    return this.#generator.getState();
  }

  /** Continues, bit for bit, from a state taken with `state()`. Throws an Error, and stays as it is, if it is not one. */
  restore(state: readonly number[]): void {
    if (!isState(state)) {
      throw new Error('Random.restore: takes what state() gave, 625 whole numbers, got something else');
    }
    this.#generator = mersenneFromState(state);
  }

  /** A number in [low, high), 53 random bits; stored as float32 it may round up to `high`. */
  uniform(low = 0, high = 1): number {
    checkCount('Random.uniform', arguments.length, 2);
    const upper = this.#generator.next() >>> 5;
    const lower = this.#generator.next() >>> 6;
    return low + (high - low) * ((upper * 67108864 + lower) / 9007199254740992);
  }

  /** A normally distributed number (Box & Muller 1958). */
  normal(mean = 0, deviation = 1): number {
    checkCount('Random.normal', arguments.length, 2);
    const radius = Math.sqrt(-2 * log(1 - this.uniform()));
    return mean + deviation * radius * cos(2 * Math.PI * this.uniform());
  }

  /** An integer in 0 … n − 1. */
  integer(n: number): number {
    if (!(Number.isInteger(n) && n >= 1)) {
      throw new Error(
        `Random.integer: n must be an integer ≥ 1, got ${typeof n === 'number' ? n : kindOf(n)}`,
      );
    }
    return Math.floor(this.uniform() * n);
  }

  /** Shuffles an array in place (Fisher–Yates) and returns it. */
  shuffle<T extends unknown[] | Int32Array>(items: T): T {
    if (!Array.isArray(items) && !(items instanceof Int32Array)) {
      throw wrongKind('Random.shuffle', 'items', 'an array or an Int32Array', items);
    }
    for (let i = items.length - 1; i > 0; i--) {
      const j = this.integer(i + 1);
      const item = items[i];
      items[i] = items[j];
      items[j] = item!;
    }
    return items;
  }
}

/** A position in 0 … 623 and the generator's 624 words. */
function isState(state: readonly number[]): boolean {
  return (
    Array.isArray(state) &&
    state.length === 625 &&
    state.every((word) => word === (word | 0)) &&
    state[0] >= 0 &&
    state[0] < 624
  );
}

/** Throws an Error unless a value is a Random. */
export function checkRandom(caller: string, value: Random): void {
  if (value instanceof Random) return;
  throw new Error(`${wrongKind(caller, 'random', 'a Random', value).message}; write new Random(seed)`);
}

/** Numbers of one distribution. */
function fill(
  caller: string,
  shape: Shape,
  random: Random,
  constants: readonly number[],
  options: TensorOptions,
  draw: () => number,
): Tensor {
  checkRandom(caller, random);
  for (const constant of constants) checkNumber(caller, 'mean, deviation or bound', constant);
  const out = zeros(shape, options);
  const { data, offset } = out.view();
  for (let i = 0; i < out.size; i++) data[offset + i] = draw();
  return out;
}

/** A tensor of numbers uniform in [low, high). */
export function uniform(
  shape: Shape,
  random: Random,
  low = 0,
  high = 1,
  options: TensorOptions = {},
): Tensor {
  checkCount('uniform', arguments.length, 5);
  return fill('uniform', shape, random, [low, high], options, () => random.uniform(low, high));
}

/** A tensor of normally distributed numbers. */
export function normal(
  shape: Shape,
  random: Random,
  mean = 0,
  deviation = 1,
  options: TensorOptions = {},
): Tensor {
  checkCount('normal', arguments.length, 5);
  return fill('normal', shape, random, [mean, deviation], options, () => random.normal(mean, deviation));
}
