/** Percentiles of any number of norms in bounded memory: DDSketch, Masson, Rim & Lee 2019 (VLDB 12). */

import { exp, log } from '../tensor/math.js';

/** Logarithm of the ratio of a bin's edges: the middle of a bin is within 1 % of every number in it. */
const LN_RATIO = log(1.01 / 0.99);

/**
 * Counts of norms in bins of equal ratio. A percentile is right to 1 % for any input. 600 decades are 71,000 bins,
 * and empty bins take no memory.
 */
export class QuantileSketch {
  #bins = new Map<number, number>();
  #zeros = 0;
  #count = 0;

  /** How many norms were added. */
  get count(): number {
    return this.#count;
  }

  /** How many of them were 0. */
  get zeros(): number {
    return this.#zeros;
  }

  /** Adds a norm: finite and ≥ 0. */
  add(norm: number): void {
    this.#count++;
    if (norm === 0) {
      this.#zeros++;
      return;
    }
    const bin = Math.ceil(log(norm) / LN_RATIO);
    this.#bins.set(bin, (this.#bins.get(bin) ?? 0) + 1);
  }

  /** The norm below which a share q in [0, 1] lies, to 1 %; NaN before the first. */
  quantile(q: number): number {
    if (this.#count === 0) return Number.NaN;
    let rank = Math.floor(q * (this.#count - 1)) - this.#zeros;
    if (rank < 0) return 0;
    const bins = [...this.#bins].sort(([a], [b]) => a - b);
    const found = bins.find(([, count]) => {
      rank -= count;
      return rank < 0;
    });
    return exp((found![0] - 0.5) * LN_RATIO);
  }

  /** All it remembers, as plain JSON. */
  state(): { readonly zeros: number; readonly bins: Readonly<Record<string, number>> } {
    return { zeros: this.#zeros, bins: Object.fromEntries(this.#bins) };
  }

  /** Continues from how many zeros there were and how many numbers in each bin. */
  restore(zeros: number, bins: ReadonlyMap<string, number>): void {
    this.#zeros = zeros;
    this.#bins = new Map([...bins].map(([bin, count]) => [Number(bin), count]));
    this.#count = [...bins.values()].reduce((sum, count) => sum + count, zeros);
  }
}
