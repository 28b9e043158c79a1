/*
 * A memory for testing kernels: arrays at addresses of any alignment, each between guard zones that must stay as they
 * were, filled with numbers from a seed.
 */

import { expect } from 'vitest';
import { type LoadOptions, loadKernels } from '../../../kernels/simd/load.js';

/** Floats of guard before and after every array. */
const GUARD = 9;
/** What a guard holds: a number that nothing computes. */
const SENTINEL = -7.25e-19;

/** An array in the memory. */
export interface Block {
  /** Byte address of the first element. */
  readonly at: number;
  readonly data: Float32Array;
}

/** Kernels, their memory, and a bump allocator over it. */
export class Arena {
  readonly kernels;
  readonly memory: WebAssembly.Memory;
  /** 256 floats and more of scratch, aligned, without guards. */
  readonly scratch: number;
  readonly #floats: Float32Array;
  readonly #blocks: Block[] = [];
  readonly #start: number;
  #next: number;
  #seed: number;

  constructor(seed: number, options: LoadOptions = {}) {
    const { memory, exports } = loadKernels({ pages: 256, ...options });
    this.kernels = exports;
    this.memory = memory;
    this.#floats = new Float32Array(memory.buffer);
    this.#seed = seed;
    this.scratch = 64;
    this.#start = 64 + (2 << 20);
    this.#next = this.#start;
  }

  /** Forgets all arrays; their addresses are given out again. */
  reset(): void {
    this.#blocks.length = 0;
    this.#next = this.#start;
  }

  /** A number in [0, 1) from the seed (mulberry32). */
  random(): number {
    this.#seed = (this.#seed + 0x6d2b79f5) | 0;
    let t = Math.imul(this.#seed ^ (this.#seed >>> 15), 1 | this.#seed);
    t = (t + Math.imul(t ^ (t >>> 7), 61 | t)) ^ t;
    return ((t ^ (t >>> 14)) >>> 0) / 2 ** 32;
  }

  /** A whole number in [low, high]. */
  integer(low: number, high: number): number {
    return low + Math.floor(this.random() * (high - low + 1));
  }

  /** One of the choices. */
  pick<T>(choices: readonly T[]): T {
    return choices[this.integer(0, choices.length - 1)]!;
  }

  /** `size` random numbers in [−scale, scale], at any multiple of 4 bytes. */
  block(size: number, scale = 1): Block {
    const data = this.empty(size);
    for (let i = 0; i < size; i++) data.data[i] = (2 * this.random() - 1) * scale;
    return data;
  }

  /** `size` floats holding a value that no test expects. */
  empty(size: number): Block {
    const first = this.#next / 4 + GUARD + this.integer(0, 3);
    const end = first + size + GUARD;
    if (end > this.#floats.length) throw new Error(`Arena: full, got ${size} floats`);
    this.#floats.fill(SENTINEL, this.#next / 4, end);
    this.#next = end * 4;
    const block = { at: first * 4, data: this.#floats.subarray(first, first + size) };
    block.data.fill(1234.5);
    this.#blocks.push(block);
    return block;
  }

  /** These numbers. */
  of(values: ArrayLike<number>): Block {
    const block = this.empty(values.length);
    block.data.set(values);
    return block;
  }

  /** These int32 numbers; returns their address. */
  integers(values: readonly number[]): number {
    const block = this.empty(values.length);
    new Int32Array(this.memory.buffer, block.at, values.length).set(values);
    return block.at;
  }

  /** Fails if anything was written around an array. */
  checkGuards(): void {
    for (const { at, data } of this.#blocks) {
      const first = at / 4;
      for (let i = 1; i <= GUARD; i++) {
        if (this.#floats[first - i] !== Math.fround(SENTINEL))
          expect.fail(`written ${i} floats before an array`);
        if (this.#floats[first + data.length + i - 1] !== Math.fround(SENTINEL)) {
          expect.fail(`written ${i} floats after an array of ${data.length}`);
        }
      }
    }
  }
}

/** Fails unless the two hold the same bits (any NaN equals any other). */
export function expectSameBits(got: ArrayLike<number>, wanted: ArrayLike<number>, what = ''): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    if (!Object.is(got[i], Math.fround(wanted[i]!))) {
      expect.fail(`${what} element ${i}: got ${got[i]}, wanted ${Math.fround(wanted[i]!)}`);
    }
  }
}

/** Fails unless every |got − wanted| ≤ tolerance · max(1, |wanted|); NaN equals NaN, infinities must match. */
export function expectClose(
  got: ArrayLike<number>,
  wanted: ArrayLike<number>,
  tolerance: number,
  what = '',
): void {
  expect(got.length).toBe(wanted.length);
  for (let i = 0; i < wanted.length; i++) {
    const [g, w] = [got[i]!, wanted[i]!];
    const fine = Object.is(g, w) || g === w || Math.abs(g - w) <= tolerance * Math.max(1, Math.abs(w));
    if (!fine) expect.fail(`${what} element ${i}: got ${g}, wanted ${w}`);
  }
}

/** Distance of a float32 result from the truth in units in the last place of the truth. */
export function ulpError(got: number, truth: number): number {
  const size = Math.abs(truth);
  let unit = 2 ** -149;
  if (size >= 2 ** -126) {
    const exponent = Math.floor(Math.log2(size));
    unit = 2 ** (exponent - 23) / (2 ** exponent > size ? 2 : 1);
  }
  return Math.abs(got - truth) / unit;
}
