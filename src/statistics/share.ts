/** Shares of a whole. Every clip rate in tamegrad is one of these: clipped updates divided by all updates. */

/** The share of a count in a whole; 0 if the whole is 0. */
export function shareOf(count: number, whole: number): number {
  return whole > 0 ? count / whole : 0;
}

/** The share of true entries among the last `window`, at every position: a clip rate as it develops. */
export function runningShare(flags: readonly boolean[], window: number): readonly number[] {
  let count = 0;
  return flags.map((flag, i) => {
    count += Number(flag) - (i >= window ? Number(flags[i - window]) : 0);
    return shareOf(count, Math.min(i + 1, window));
  });
}
