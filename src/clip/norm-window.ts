/** The latest norms and their percentiles: a ring, so that a long run keeps no more than a window of them. */

import { quantileOfSorted } from './quantile.js';

/** The latest `capacity` numbers, in order of arrival and, kept beside it, in order of size. */
export class NormWindow {
  readonly #capacity: number;
  readonly #norms: number[] = [];
  readonly #sorted: number[] = [];
  /** Where the oldest stands once the ring is full. */
  #oldest = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many are kept now. */
  get size(): number {
    return this.#norms.length;
  }

  /** Adds a number; the oldest leaves a full window. */
  push(norm: number): void {
    if (this.#norms.length < this.#capacity) {
      this.#norms.push(norm);
    } else {
      this.#sorted.splice(this.#rank(this.#norms[this.#oldest]), 1);
      this.#norms[this.#oldest] = norm;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
    this.#sorted.splice(this.#rank(norm), 0, norm);
  }

  /** The value below which q percent lie, between two neighbours linearly, as NumPy's; NaN where there is none. */
  percentile(q: number): number {
    return quantileOfSorted(this.#sorted, q / 100);
  }

  /** From the oldest to the latest, a copy. */
  toArray(): number[] {
    return [...this.#norms.slice(this.#oldest), ...this.#norms.slice(0, this.#oldest)];
  }

  /** How many are smaller. */
  #rank(norm: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle] < norm) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
