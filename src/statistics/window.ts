/** The latest numbers and their percentiles: a ring, so that a long run keeps no more than a window of them. */

import { quantileOfSorted } from './quantile.js';

/** The latest `capacity` numbers, in order of arrival and, kept beside it, in order of size. */
export class RankedWindow {
  readonly #capacity: number;
  readonly #numbers: number[] = [];
  readonly #sorted: number[] = [];
  /** Where the oldest stands once the ring is full. */
  #oldest = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  /** How many are kept now. */
  get size(): number {
    return this.#numbers.length;
  }

  /** Adds a number; the oldest leaves a full window. */
  push(number: number): void {
    if (this.#numbers.length < this.#capacity) {
      this.#numbers.push(number);
    } else {
      this.#sorted.splice(this.#rank(this.#numbers[this.#oldest]), 1);
      this.#numbers[this.#oldest] = number;
      this.#oldest = (this.#oldest + 1) % this.#capacity;
    }
    this.#sorted.splice(this.#rank(number), 0, number);
  }

  /** The value below which q percent lie, between two neighbours linearly, as NumPy's; NaN if there is none. */
  percentile(q: number): number {
    return quantileOfSorted(this.#sorted, q / 100);
  }

  /** From the oldest to the latest, a copy. */
  toArray(): number[] {
    return [...this.#numbers.slice(this.#oldest), ...this.#numbers.slice(0, this.#oldest)];
  }

  /** How many are smaller. */
  #rank(number: number): number {
    let [low, high] = [0, this.#sorted.length];
    while (low < high) {
      const middle = (low + high) >>> 1;
      if (this.#sorted[middle] < number) low = middle + 1;
      else high = middle;
    }
    return low;
  }
}
