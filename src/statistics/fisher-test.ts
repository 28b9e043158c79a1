/** Fisher's exact test, for counts that are too small for a normal distribution: shared by the monitor and by diagnosis. */

import { exp, log } from '../tensor/math.js';

/**
 * The probability that at least `hits` of `draws` are marked, if `marked` of `total` are and the draws have no preference:
 * the upper tail of the hypergeometric distribution (Fisher 1934, §21.02).
 */
export function hypergeometricTail(hits: number, draws: number, marked: number, total: number): number {
  const most = Math.min(draws, marked);
  if (hits <= Math.max(0, draws + marked - total)) return 1;
  if (hits > most) return 0;
  // Below the mean the other tail is summed: the terms of this one would rise, beyond float64 from one that is 0 there.
  if (hits <= (draws * marked) / total) {
    return 1 - hypergeometricTail(draws - hits + 1, draws, total - marked, total);
  }
  const start = logChoose(marked, hits) + logChoose(total - marked, draws - hits) - logChoose(total, draws);
  let [term, sum] = [1, 0];
  for (let k = hits; k <= most; k++) {
    sum += term;
    term *= ((marked - k) * (draws - k)) / ((k + 1) * (total - marked - draws + k + 1));
  }
  return Math.min(1, exp(start) * sum);
}

/** ln of the number of ways to choose k of n. */
function logChoose(n: number, k: number): number {
  const few = Math.min(k, n - k);
  let sum = 0;
  for (let i = 1; i <= few; i++) sum += log((n - few + i) / i);
  return sum;
}
