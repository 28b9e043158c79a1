/**
 * A lesson's side of the worker, where the engine lives: functions that compute something at once, and runs that take
 * step after step. Everything that passes in or out must be plain data (numbers, strings, arrays, typed arrays).
 */

import type { Module, Optimizer, OptimizerOptions, StepRecord, Variable } from '../../src/index.js';

/** A training at its start, ready to take steps. Made anew, from the same settings, for every reset and replay. */
export interface RunSource<Batch = unknown, Seen = unknown> {
  readonly model: Module;
  readonly optimizer: Optimizer<OptimizerOptions>;
  /** Must be the same in every replay: draw from a `Random` made with the run's seed. */
  readonly batches: Iterable<Batch>;
  loss(batch: Batch, step: number): Variable;
  /** Where the run ends. */
  readonly steps: number;
  /** Plain data to go with every step's record; called once the step is taken. */
  observe?(record: StepRecord): Seen;
}

/** What a lesson's `session.ts` exports by default. */
export interface Session {
  /** Computes at once. */
  readonly calls?: Readonly<Record<string, (given: never) => unknown>>;
  /** Makes a run. */
  readonly runs?: Readonly<Record<string, (settings: never) => RunSource>>;
}

/** Declares a session; the widget learns its types from it. */
export function defineSession<S extends Session>(session: S): S {
  return session;
}

/** A step as the page sees it: its record, and what the run observed beside it. */
export interface SeenStep<Seen = unknown> extends StepRecord {
  readonly seen: Seen;
}

/** What a run observes. */
export type SeenOf<S extends Session, K extends keyof NonNullable<S['runs']>> =
  ReturnType<NonNullable<S['runs']>[K]> extends { observe(record: StepRecord): infer Seen }
    ? Seen
    : undefined;

/** What a run is made from. */
export type RunSettings<S extends Session, K extends keyof NonNullable<S['runs']>> = Parameters<
  NonNullable<S['runs']>[K]
>[0];

/** What a call takes and gives. */
export type CallGiven<S extends Session, K extends keyof NonNullable<S['calls']>> = Parameters<
  NonNullable<S['calls']>[K]
>[0];
export type CallResult<S extends Session, K extends keyof NonNullable<S['calls']>> = Awaited<
  ReturnType<NonNullable<S['calls']>[K]>
>;
