/** Exercises: what a learner's code is called with, and how what comes back is judged. The tests stay in the page. */

import type { SessionClient } from './client.js';
import type { Session } from './session.js';

/** What came of one call of an export: its value, and its arguments as it left them; or the error it threw. */
export type Outcome =
  | { readonly value: unknown; readonly given: readonly unknown[] }
  | { readonly error: string };

/** One test. */
export interface Check<S extends Session = Session> {
  /** What must hold, in a sentence: "a gradient below the threshold stays as it is". */
  readonly name: string;
  /** The export that is called, or read where it is no function. */
  readonly call: string;
  readonly given?: readonly unknown[];
  /** Not shown until it fails. */
  readonly hidden?: boolean;
  /** Relative; default 1e-9. */
  readonly tolerance?: number;
  /** Judges what came back, where there is more than one right answer: null if it is right, else what is wrong. By default
   * it must equal what the reference gives. */
  readonly judge?: (value: unknown, lab: SessionClient<S>) => string | null | Promise<string | null>;
}

/** A known mistake. Its hint is given where a learner's code does what it does, and that is wrong. */
export interface Mistake {
  readonly source: string;
  readonly hint: string;
}

/** What `exercise.ts` exports by default. Sources are TypeScript modules. */
export interface Exercise<S extends Session = Session> {
  readonly starter: string;
  readonly reference: string;
  readonly checks: readonly Check<S>[];
  readonly mistakes: readonly Mistake[];
  /** How long the code may run, in ms. Default 2000. */
  readonly limit?: number;
}

/** Declares an exercise, with the types of its session. */
export function defineExercise<S extends Session>(exercise: Exercise<S>): Exercise {
  return exercise as Exercise;
}

/** What came of one check. */
export interface Result {
  readonly check: Check;
  readonly passed: boolean;
  /** What was wrong, in a sentence; empty where it passed. */
  readonly why: string;
}

/** What came of an attempt. */
export interface Grade {
  readonly passed: boolean;
  readonly results: readonly Result[];
  /** Where the code matches a known mistake. */
  readonly hint: string | null;
  /** Why nothing could be tested: a syntax error, an endless loop; null where it could. */
  readonly failure: string | null;
}

/** Whether two outcomes are the same: numbers within a relative tolerance, NaN equal to NaN, errors alike. */
export function agree(a: Outcome, b: Outcome, tolerance = 1e-9): boolean {
  if ('error' in a || 'error' in b) return 'error' in a && 'error' in b;
  return same(a.value, b.value, tolerance) && same(a.given, b.given, tolerance);
}

function same(a: unknown, b: unknown, tolerance: number): boolean {
  if (typeof a === 'number' && typeof b === 'number') {
    if (Object.is(a, b) || a === b) return true;
    const largest = Math.max(Math.abs(a), Math.abs(b));
    return Number.isFinite(largest) && Math.abs(a - b) <= tolerance * largest;
  }
  if (typeof a !== 'object' || typeof b !== 'object' || a === null || b === null) return a === b;
  if (Array.isArray(a) !== Array.isArray(b)) return false;
  const keys = Object.keys(a);
  if (keys.length !== Object.keys(b).length) return false;
  return keys.every((key) => same((a as never)[key], (b as never)[key], tolerance));
}

/** A value as a learner reads it. */
export function show(value: unknown): string {
  if (typeof value === 'number') return Object.is(value, -0) ? '-0' : String(Number(value.toPrecision(7)));
  if (value === undefined) return 'nothing (undefined)';
  if (Array.isArray(value)) return `[${value.map(show).join(', ')}]`;
  if (ArrayBuffer.isView(value)) return show(Array.from(value as unknown as ArrayLike<number>));
  if (typeof value === 'object' && value !== null) {
    return `{ ${Object.entries(value)
      .map(([key, entry]) => `${key}: ${show(entry)}`)
      .join(', ')} }`;
  }
  return JSON.stringify(value) ?? String(value);
}
