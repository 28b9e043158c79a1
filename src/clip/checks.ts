/** Checks of the numbers and words that clippers, optimizers and schedules are given as options. Each throws an Error that says the rule and what was given. */

/** A value as messages show it: the string '0.1' is no number. */
export function told(value: unknown): string {
  return typeof value === 'string' ? `'${value}'` : String(value);
}

/** Throws unless parameters come in a list: a model is none. */
export function checkListed(caller: string, parameters: Iterable<unknown>, what = 'Parameters'): void {
  if (typeof parameters?.[Symbol.iterator] === 'function') return;
  throw new Error(`${caller}: takes ${what}; pass model.parameters()`);
}

/** Throws unless an option is a number ≥ 0; Infinity is one. */
export function checkBound(caller: string, option: string, value: number): void {
  if (value >= 0) return;
  throw new Error(`${caller}: ${option} must be a number ≥ 0, got ${value}`);
}

/** Throws unless an option is a finite number ≥ 0. */
export function checkFinite(caller: string, option: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new Error(`${caller}: ${option} must be a finite number ≥ 0, got ${told(value)}`);
}

/** Throws unless an option lies in [0, 1): the share of the old in an exponential average. */
export function checkDecay(caller: string, option: string, value: number): void {
  if (value >= 0 && value < 1) return;
  throw new Error(`${caller}: ${option} must be a number in [0, 1), got ${value}`);
}

/** Throws unless an option is an integer of at least `least`. */
export function checkCount(caller: string, option: string, value: number, least: number): void {
  if (Number.isInteger(value) && value >= least) return;
  throw new Error(`${caller}: ${option} must be an integer ≥ ${least}, got ${value}`);
}

/** Throws unless an option is one of the words there are. */
export function checkWord(caller: string, option: string, value: string, words: readonly string[]): void {
  if (words.includes(value)) return;
  throw new Error(`${caller}: ${option} must be one of ${words.join(', ')}, got '${value}'`);
}
