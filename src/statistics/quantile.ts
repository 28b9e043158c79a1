/** Quantiles, the median and the mean, as all of tamegrad uses them. */

/** The q-quantile of sorted numbers, linear between neighbours (NumPy's default); NaN for an empty list. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  // No arithmetic unless it is needed: on infinities it would make NaN.
  if (position === below || sorted[below] === sorted[above]) return sorted[below];
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}

/**
 * What a NaN among numbers means: `missing`, an unknown number that is left out, or `largest`, a value worse than any number,
 * such as the loss of a run that diverged.
 */
export type NaNMeaning = 'missing' | 'largest';

/** The q-quantile of numbers in any order; NaN for an empty list. */
export function quantile(values: ArrayLike<number>, q: number, nan: NaNMeaning = 'missing'): number {
  // A typed array sorts NaN last.
  const sorted = new Float64Array(values).sort();
  let known = sorted.length;
  while (nan === 'missing' && Number.isNaN(sorted[known - 1])) known--;
  return quantileOfSorted(sorted.subarray(0, known), q);
}

/** The middle value, the mean of the two middle ones for an even count; NaN for an empty list. */
export function median(values: ArrayLike<number>, nan: NaNMeaning = 'missing'): number {
  return quantile(values, 0.5, nan);
}

/** The arithmetic mean; NaN for an empty list. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}
