/**
 * Statistics that a few wild values cannot move, and the tests that use them, for advice and diagnosis. They take and return
 * plain numbers.
 */

import { erf } from '../tensor/math.js';
import { median, quantileOfSorted } from './quantile.js';

/** 1 / Φ⁻¹(¾): times the median absolute deviation it estimates a normal distribution's σ. */
export const MAD_TO_SIGMA = 1.4826;

/** The finite numbers among some, in their order: unlike `filter`, in one array of the right size. */
export function finiteOf(values: Float64Array): Float64Array {
  const kept = new Float64Array(values.length);
  let count = 0;
  for (let i = 0; i < values.length; i++) if (Number.isFinite(values[i])) kept[count++] = values[i];
  return kept.subarray(0, count);
}

/**
 * The median of the `width` values around each, fewer at the ends; NaN is left out. A sorted window is kept by insertion,
 * so that a million values take a fraction of a second.
 */
export function runningMedian(values: ArrayLike<number>, width: number): Float64Array {
  const half = width >> 1;
  const window = new Float64Array(2 * half + 1);
  const out = new Float64Array(values.length);
  let size = 0;
  let next = 0;
  /** Moves a free place of the sorted window to where a value belongs, and puts it there. */
  const insert = (value: number, free: number): void => {
    let place = free;
    while (place > 0 && window[place - 1] > value) {
      window[place] = window[place - 1];
      place--;
    }
    while (place < size - 1 && window[place + 1] < value) {
      window[place] = window[place + 1];
      place++;
    }
    window[place] = value;
  };
  for (let i = 0; i < values.length; i++) {
    const leaving = i - half - 1;
    let free = -1;
    if (leaving >= 0 && !Number.isNaN(values[leaving])) {
      free = 0;
      while (window[free] !== values[leaving]) free++;
    }
    for (; next < values.length && next <= i + half; next++) {
      if (Number.isNaN(values[next])) continue;
      insert(values[next], free >= 0 ? free : size++);
      free = -1;
    }
    if (free >= 0) window.copyWithin(free, free + 1, size--);
    out[i] = size % 2 === 1 ? window[size >> 1] : quantileOfSorted(window.subarray(0, size), 0.5);
  }
  return out;
}

/** The probability that a standard normal number is at least z. */
export function normalTail(z: number): number {
  return (1 - erf(z / Math.SQRT2)) / 2;
}

/** A trend in a short series. */
export interface Trend {
  /** Median of the slopes between all pairs, per place (Theil 1950; Sen 1968). */
  readonly slope: number;
  /** One-sided probability of as many rising pairs if the order meant nothing (Mann 1945; Kendall 1975). */
  readonly p: number;
}

/** Whether a series rises, by ranks alone, and how steeply; O(n²), for series of block medians or layers. */
export function trendOf(series: readonly number[]): Trend {
  const n = series.length;
  const slopes: number[] = [];
  let score = 0;
  for (let i = 0; i < n; i++) {
    for (let j = i + 1; j < n; j++) {
      score += Math.sign(series[j] - series[i]);
      slopes.push((series[j] - series[i]) / (j - i));
    }
  }
  const deviation = Math.sqrt((n * (n - 1) * (2 * n + 5)) / 18);
  return { slope: median(slopes), p: n < 4 ? 1 : normalTail((score - 1) / deviation) };
}
