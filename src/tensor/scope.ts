/**
 * The memory scope: what is allocated inside is released whole at its end, and what the function returns is
 * copied out. Separate from Tensor because it is the only place that decides how long memory lives.
 */

import { checkCount, checkFunction, checkSynchronous } from './arguments.js';
import type { Allocation, Backend, Memory } from './backend.js';
import { formatShape, type Shape } from './shape.js';
import type { DType } from './view.js';

/** Memory that is released whole: an open scope, or one that has ended (`alive` false: its tensors must not be read). */
export class Scope {
  alive = true;
  /** Of the blocks that live as long: see lost-memory.ts. */
  weights?: ArrayBuffer[];
  readonly #end: string;
  /** The memory that it allocates from, and how far that was used before; of further ones a list. */
  #first: Memory | null = null;
  #firstMark = 0;
  #others: Map<Memory, number> | null = null;

  /** `end`: what ends it, and what to do instead, for those who read its tensors later. */
  constructor(end = 'its scope ended; return it from the scope, or copy what you need inside') {
    this.#end = end;
  }

  /** Notes how far a memory is used before the scope's first allocation there; one that is never used is left alone. */
  mark(memory: Memory): void {
    if (memory === this.#first) return;
    if (this.#first === null) {
      this.#first = memory;
      this.#firstMark = memory.mark();
      return;
    }
    this.#others ??= new Map();
    if (!this.#others.has(memory)) this.#others.set(memory, memory.mark());
  }

  /** Throws an Error if a tensor of the scope, of that shape, can no longer be read. */
  check(shape: Shape): void {
    if (this.alive) return;
    throw new Error(`Tensor: this ${formatShape(shape)} tensor was released when ${this.#end}`);
  }

  /** Releases all that was allocated. */
  end(): void {
    this.alive = false;
    this.#first?.release(this.#firstMark);
    for (const [memory, mark] of this.#others ?? []) memory.release(mark);
  }
}

/** Key of the method that copies a value out of an ending scope. */
export const keep: unique symbol = Symbol('keep');

/** Implemented by values that a scope must copy out when they are returned from it. */
export interface Keepable {
  /** The same value in long-lived memory; itself where it does not belong to the scope that is ending. */
  [keep](ending: Scope): unknown;
}

/** How often memory was changed in place; shared by every view of it. */
export interface Changes {
  count: number;
}

let open: Scope | null = null;

/** The innermost open scope, or null where memory is long-lived. */
export function currentScope(): Scope | null {
  return open;
}

/** Memory for what is made now: the innermost open scope's, or long-lived. */
export function allocate(backend: Backend, dtype: DType, size: number): Allocation {
  checkDtype(backend, dtype);
  const { memory } = backend;
  open?.mark(memory);
  return memory.allocate(dtype, size, open ? 'scope' : 'long');
}

function checkDtype({ name, dtypes }: Backend, dtype: DType): void {
  if (dtypes.includes(dtype)) return;
  throw new Error(
    `${name}: computes in ${dtypes.join(', ')}, got ${dtype}; choose one of these, or another backend`,
  );
}

/**
 * Runs `fn` and releases all that it allocated; tensors and variables that it returns, alone or in plain arrays
 * and objects, are copied out. Scopes nest. Throws if `fn` returns a Promise: memory cannot outlast the call.
 */
export function scope<T>(fn: () => T): T {
  checkCount('scope', arguments.length, 1);
  checkFunction('scope', 'the argument', fn);
  const outer = open;
  const inner = new Scope();
  open = inner;
  try {
    const result = fn();
    checkSynchronous('scope', result, 'do the awaiting after the scope');
    open = null;
    return keepAll(result, inner) as T;
  } finally {
    open = outer;
    inner.end();
  }
}

/** Runs `fn` with long-lived allocation, whatever scope is open: for parameters and optimizer state. */
export function longLived<T>(fn: () => T): T {
  checkCount('longLived', arguments.length, 1);
  checkFunction('longLived', 'the argument', fn);
  const outer = open;
  open = null;
  try {
    const result = fn();
    checkSynchronous('longLived', result, 'do the awaiting before or after it');
    return result;
  } finally {
    open = outer;
  }
}

/** Copies what the ending scope would release, and the plain arrays and objects that lead to it; all else stays itself. */
function keepAll(root: unknown, ending: Scope): unknown {
  if (isKeepable(root)) return root[keep](ending);
  if (!isPlain(root)) return root;
  const kept = new Map<object, unknown>();
  const keepOne = (value: Keepable): unknown => {
    if (!kept.has(value)) kept.set(value, value[keep](ending));
    return kept.get(value);
  };
  const leadsToCopy = (value: unknown, seen: Set<unknown>): boolean => {
    if (isKeepable(value)) return keepOne(value) !== value;
    if (!isPlain(value) || seen.has(value)) return false;
    seen.add(value);
    return Object.values(value).some((part) => leadsToCopy(part, seen));
  };
  const copyOf = (value: unknown): unknown => {
    if (isKeepable(value)) return keepOne(value);
    if (!isPlain(value) || kept.has(value)) return kept.get(value as object) ?? value;
    if (!leadsToCopy(value, new Set())) return value;
    const copy: object = Array.isArray(value) ? [] : {};
    kept.set(value, copy);
    return Object.assign(copy, mapValues(value, copyOf));
  };
  return copyOf(root);
}

function mapValues(value: object, fn: (part: unknown) => unknown): object {
  return Object.fromEntries(Object.entries(value).map(([key, part]) => [key, fn(part)]));
}

function isKeepable(value: unknown): value is Keepable {
  return typeof value === 'object' && value !== null && keep in value;
}

/** Whether a value is an array or an object literal. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  return Array.isArray(value) || Object.getPrototypeOf(value) === Object.prototype;
}
