/** The latest numbers and their percentiles: rings, so that a long run keeps no more than a window of them. */

import { quantileOfSorted } from './quantile.js';

/** The latest `capacity` numbers, in order of arrival. */
export class LatestWindow {
  readonly capacity: number;
  readonly #numbers: number[] = [];
  /** Where the oldest is once the ring is full. */
  #oldest = 0;

  constructor(capacity: number, numbers: readonly number[] = []) {
    this.capacity = capacity;
    for (const number of numbers) this.push(number);
  }

  /** How many are kept now. */
  get size(): number {
    return this.#numbers.length;
  }

  /** Adds a number; returns the oldest, which leaves a full window, or undefined. */
  push(number: number): number | undefined {
    if (this.#numbers.length < this.capacity) {
      this.#numbers.push(number);
      return undefined;
    }
    const leaving = this.#numbers[this.#oldest];
    this.#numbers[this.#oldest] = number;
    this.#oldest = (this.#oldest + 1) % this.capacity;
    return leaving;
  }

  /** From the oldest to the latest, a copy. */
  toArray(): number[] {
    return [...this.#numbers.slice(this.#oldest), ...this.#numbers.slice(0, this.#oldest)];
  }
}

/** The latest `capacity` numbers, kept in order of size as well. */
export class RankedWindow {
  readonly #latest: LatestWindow;
  readonly #sorted: number[] = [];

  constructor(capacity: number, numbers: readonly number[] = []) {
    this.#latest = new LatestWindow(capacity);
    for (const number of numbers) this.push(number);
  }

  /** How many are kept now. */
  get size(): number {
    return this.#latest.size;
  }

  /** Adds a number; the oldest leaves a full window. */
  push(number: number): void {
    const leaving = this.#latest.push(number);
    if (leaving !== undefined) this.#sorted.splice(this.#rank(leaving), 1);
    this.#sorted.splice(this.#rank(number), 0, number);
  }

  /** The value below which q percent lie, linear between two neighbours (NumPy's default); NaN before the first number. */
  percentile(q: number): number {
    return quantileOfSorted(this.#sorted, q / 100);
  }

  /** From the oldest to the latest, a copy. */
  toArray(): number[] {
    return this.#latest.toArray();
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
