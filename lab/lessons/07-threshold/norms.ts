/** What a threshold does to some norms. Plain numbers for page and session. */

/** Steps that are measured, and steps that are clipped afterwards. */
export const STEPS = 300;

/** The smallest of the norms that so many percent of them do not exceed. */
export function percentileOf(norms: ArrayLike<number>, percent: number): number {
  const sorted = Float64Array.from(norms).sort();
  return sorted[Math.max(0, Math.ceil((percent / 100) * sorted.length) - 1)];
}

/** Of steps with these norms: the share that is clipped, the share at least halved, the share of all length lost. */
export function effectOf(norms: ArrayLike<number>, c: number) {
  const all = Array.from(norms);
  const share = (count: number): number => count / Math.max(1, all.length);
  const total = all.reduce((sum, norm) => sum + norm, 0);
  const cut = all.reduce((sum, norm) => sum + Math.max(0, norm - c), 0);
  return {
    rate: share(all.filter((norm) => norm > c).length),
    halved: share(all.filter((norm) => norm >= 2 * c).length),
    lost: total > 0 ? cut / total : 0,
  };
}
