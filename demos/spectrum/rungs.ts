/** The rungs of the ladder: values of ρ, closer to each other near 1, where things change. */

const STANDARD = [0.5, 0.6, 0.7, 0.8, 0.9, 0.95, 1, 1.05, 1.1, 1.15, 1.2, 1.3, 1.4, 1.5, 1.75, 2] as const;
/** A gradient grows by ρ to the power of a hundred: beyond this not even its square root fits float32. */
const LARGEST = 2;
const MOST = 40;

/** What `--rho` takes, in words. */
export const RUNGS_FORM = `a number, a list or a range: 1, 0.9,1,1.1 or 0.7..1.5; from 0 to ${LARGEST}, at most ${MOST} values`;

/**
 * The values of one word: a number, a list, or a range `0.7..1.5`, which stands for its ends and the standard values between.
 * Sorted, each once; null where the word is no such.
 */
export function parseRungs(text: string): readonly number[] | null {
  const ends = text.split('..');
  const values =
    ends.length === 2 ? between(toNumber(ends[0]), toNumber(ends[1])) : text.split(',').map(toNumber);
  const rungs = [...new Set(values)].sort((a, b) => a - b);
  const allowed =
    rungs.length > 0 && rungs.length <= MOST && rungs.every((rho) => rho >= 0 && rho <= LARGEST);
  return allowed ? rungs : null;
}

function between(low: number, high: number): readonly number[] {
  return low < high ? [low, ...STANDARD.filter((rho) => rho > low && rho < high), high] : [];
}

function toNumber(text: string): number {
  return text.trim() === '' ? Number.NaN : Number(text);
}

/** The values that a configuration holds as one word. */
export function rungsOf(word: string | number): readonly number[] {
  return parseRungs(String(word)) ?? [];
}
