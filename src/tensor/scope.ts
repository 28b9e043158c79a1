/**
 * The memory scope: what is allocated inside is released whole at its end, and what the function returns is
 * copied out. Separate from Tensor because it is the only place that decides how long memory lives.
 */

import { allBackends, type Lifetime } from './backend.js';

/** An open scope, or one that has ended (`alive` false: its tensors must not be read). */
export interface Scope {
  alive: boolean;
}

/** Key of the method that copies a value out of an ending scope. */
export const keep: unique symbol = Symbol('keep');

/** Implemented by values that a scope must copy out when they are returned from it. */
export interface Keepable {
  /** The same value in long-lived memory; itself where it does not belong to the scope that is ending. */
  [keep](ending: Scope): unknown;
}

let open: Scope | null = null;

/** The innermost open scope, or null where memory is long-lived. */
export function currentScope(): Scope | null {
  return open;
}

/** Lifetime of what is allocated now. */
export function currentLifetime(): Lifetime {
  return open ? 'scope' : 'long';
}

/**
 * Runs `fn` and releases all that it allocated; tensors and variables that it returns, alone or in plain arrays
 * and objects, are copied out. Scopes nest. Throws if `fn` returns a Promise: memory cannot outlast the call.
 */
export function scope<T>(fn: () => T): T {
  const outer = open;
  const inner: Scope = { alive: true };
  const backends = allBackends();
  const marks = backends.map((backend) => backend.memory.mark());
  open = inner;
  try {
    const result = fn();
    if (isThenable(result)) {
      Promise.resolve(result).catch(() => undefined); // what it does next can only fail; this error says why
      throw new Error(
        'scope: takes a synchronous function, got one that returns a Promise; do the awaiting after the scope',
      );
    }
    open = null;
    return keepAll(result, inner) as T;
  } finally {
    open = outer;
    inner.alive = false;
    for (const [i, backend] of backends.entries()) backend.memory.release(marks[i]);
  }
}

/** Runs `fn` with long-lived allocation, whatever scope is open: for parameters and optimizer state. */
export function longLived<T>(fn: () => T): T {
  const outer = open;
  open = null;
  try {
    return fn();
  } finally {
    open = outer;
  }
}

function isThenable(value: unknown): value is PromiseLike<unknown> {
  return (
    typeof value === 'object' && value !== null && typeof (value as { then?: unknown }).then === 'function'
  );
}

function keepAll(value: unknown, ending: Scope): unknown {
  if (typeof value !== 'object' || value === null) return value;
  if (keep in value) return (value as Keepable)[keep](ending);
  if (Array.isArray(value)) return value.map((item) => keepAll(item, ending));
  if (Object.getPrototypeOf(value) !== Object.prototype) return value;
  return Object.fromEntries(Object.entries(value).map(([key, item]) => [key, keepAll(item, ending)]));
}
