/** The quantile of sorted numbers: what percentile clippers and the statistics of runs share. */

/** The q-quantile of sorted numbers, linear between neighbours (NumPy's default); NaN of none. */
export function quantileOfSorted(sorted: ArrayLike<number>, q: number): number {
  if (sorted.length === 0) return Number.NaN;
  const position = q * (sorted.length - 1);
  const below = Math.floor(position);
  const above = Math.min(below + 1, sorted.length - 1);
  // What needs no arithmetic gets none: of infinities it would make NaN.
  if (position === below || sorted[below] === sorted[above]) return sorted[below];
  return sorted[below] + (position - below) * (sorted[above] - sorted[below]);
}
