/** Reads what a hook saved: JSON from a file, which may hold anything. For every hook with a memory. */

import type { HookState } from './hook.js';

/** What is wrong with a saved state, and what to do. */
export function wrong(hook: string, key: string, rule: string): Error {
  return new Error(`${hook}: ${key} of a saved state must be ${rule}; give restore() what state() returned`);
}

/** An integer ≥ 0. Throws an Error that names the hook and the key if the value is something else. */
export function countIn(hook: string, state: HookState, key: string): number {
  const value = state[key];
  if (Number.isInteger(value) && (value as number) >= 0) return value as number;
  throw wrong(hook, key, 'an integer ≥ 0');
}

/** Finite numbers, copied. Throws as `countIn` does. */
export function numbersIn(hook: string, state: HookState, key: string): number[] {
  const value = state[key];
  if (Array.isArray(value) && value.every(Number.isFinite)) return [...value];
  throw wrong(hook, key, 'a list of finite numbers');
}

/** Finite numbers by name, copied. Throws as `countIn` does. */
export function namedNumbersIn(hook: string, state: HookState, key: string): Map<string, number> {
  const value = state[key];
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) {
    const entries = Object.entries(value);
    if (entries.every(([, number]) => Number.isFinite(number))) return new Map(entries);
  }
  throw wrong(hook, key, 'finite numbers by name');
}

/** A part of a state with these keys and no others, or the state itself without `key`. Throws as `countIn` does. */
export function partIn(hook: string, state: unknown, keys: readonly string[], key?: string): HookState {
  const part: unknown = key === undefined ? state : (state as HookState)[key];
  const rule = `an object of ${keys.join(', ')}, and nothing else`;
  if (typeof part !== 'object' || part === null || Array.isArray(part)) throw wrong(hook, key ?? 'all', rule);
  const own = Object.keys(part);
  if (own.length === keys.length && keys.every((each) => Object.hasOwn(part, each))) return part as HookState;
  throw wrong(hook, key ?? 'all', rule);
}
