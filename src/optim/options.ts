/** Options by name: merged, and refused where there is none of that name. */

import { told } from '../clip/checks.js';

/** The later of two sets of options wins; what is undefined is left out. */
export function mergeOptions(options: object, over: object): object {
  const given = Object.entries(over).filter(([, value]) => value !== undefined);
  return { ...options, ...Object.fromEntries(given) };
}

/** Throws where an option has a name that is not known, and says which is nearest. */
export function checkNames(caller: string, options: object, known: readonly string[]): void {
  for (const name of Object.keys(options)) {
    if (known.includes(name)) continue;
    const [nearest] = known.toSorted((a, b) => distance(name, a) - distance(name, b));
    throw new Error(
      `${caller}: there is no option '${name}'; the nearest is '${nearest}' of ${known.join(', ')}`,
    );
  }
}

/** Letters to insert, delete or replace until one name is the other, without regard to case and underscores. */
function distance(a: string, b: string): number {
  const [from, to] = [a, b].map((name) => name.toLowerCase().replaceAll('_', ''));
  let row = Array.from({ length: to.length + 1 }, (_, j) => j);
  for (let i = 1; i <= from.length; i++) {
    const next = [i];
    for (let j = 1; j <= to.length; j++) {
      next[j] = Math.min(next[j - 1] + 1, row[j] + 1, row[j - 1] + (from[i - 1] === to[j - 1] ? 0 : 1));
    }
    row = next;
  }
  return row[to.length];
}

/** Throws unless an option is a finite number ≥ 0. */
export function checkNonNegative(caller: string, option: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new Error(`${caller}: ${option} must be a finite number ≥ 0, got ${told(value)}`);
}

/** Throws unless an option lies in [0, 1). */
export function checkFraction(caller: string, option: string, value: number): void {
  if (typeof value === 'number' && value >= 0 && value < 1) return;
  throw new Error(`${caller}: ${option} must lie in [0, 1), got ${told(value)}`);
}
