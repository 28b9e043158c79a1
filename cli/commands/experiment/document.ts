/**
 * Results as one JSON document, and back: what `--json` prints, what shards of a list are joined from. It holds all that
 * the terminal and the page show, and not how long it took, so that the same seeds give the same document on every machine.
 */

import { experimentOf, experiments } from '../../../experiments/index.js';
import { heldCount, type Outcome, type Result, stands, verdictOf } from '../../../experiments/run.js';
import { FileError, printable, readWhole } from '../../../src/persist/files/index.js';
import { toJson } from '../../../src/persist/json.js';
import type { Figure } from '../../../src/report/index.js';
import { UsageError } from '../../errors.js';
import { reviveNumber } from '../demo/json.js';

/** The document of some results, ended by a line break; non-finite numbers are strings. */
export function renderDocument(results: readonly Result[], interrupted = false): string {
  const entries = results.map((result) => {
    const { number, name, claim, source } = result.experiment;
    const counts = { held: heldCount(result), seeds: result.outcomes.length, stands: stands(result) };
    return { number, name, claim, source, verdict: verdictOf(result), ...counts, outcomes: result.outcomes };
  });
  return `${toJson({ experiments: entries, ...(interrupted && { interrupted }) }, 1)}\n`;
}

/** What a document holds. */
export interface ResultDocument {
  readonly results: readonly Result[];
  /** Whether a signal ended the run. */
  readonly interrupted: boolean;
}

/** The results of a document. Throws UsageError if the file is not such a document, naming the first place that does not fit. */
export function readDocument(path: string): ResultDocument {
  try {
    const text = readWhole('experiment join', path).toString('utf8');
    return documentOf(JSON.parse(text, reviveNumber));
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    if (cause instanceof FileError) throw new UsageError(reason);
    throw new UsageError(
      `experiment join: '${printable(path)}' is not the output of \`experiment --json\` (${printable(reason)})`,
    );
  }
}

function documentOf(document: unknown): ResultDocument {
  const { experiments: entries, interrupted = false } = record(document, 'the document');
  if (typeof interrupted !== 'boolean') throw wrong('interrupted', 'true or false');
  const results = list(entries, 'experiments').map((entry, i) => resultOf(entry, `experiments[${i}]`));
  return { results, interrupted };
}

function resultOf(entry: unknown, at: string): Result {
  const { number, outcomes } = record(entry, at);
  const experiment = experiments.find((each) => each.number === number);
  if (!experiment) throw wrong(`${at}.number`, 'the number of an experiment');
  const all = list(outcomes, `${at}.outcomes`);
  return {
    experiment,
    outcomes: all.map((outcome, i) => outcomeOf(outcome, experiment.number, `${at}.outcomes[${i}]`)),
  };
}

function outcomeOf(value: unknown, own: number, at: string): Outcome {
  const { number, seed, held, checks, error, figure } = record(value, at);
  if (number !== own) throw wrong(`${at}.number`, `${own}, as its experiment's`);
  if (!(Number.isSafeInteger(seed) && (seed as number) >= 0)) throw wrong(`${at}.seed`, 'an integer ≥ 0');
  if (typeof held !== 'boolean') throw wrong(`${at}.held`, 'true or false');
  for (const [i, check] of list(checks, `${at}.checks`).entries()) checkCheck(check, `${at}.checks[${i}]`);
  if (error !== undefined && typeof error !== 'string') throw wrong(`${at}.error`, 'text');
  if (figure !== undefined && !kinds.includes(record(figure, `${at}.figure`).kind)) {
    throw wrong(`${at}.figure.kind`, `one of ${kinds.join(', ')}`);
  }
  return value as Outcome;
}

const kinds: readonly unknown[] = ['lines', 'panels', 'bars', 'heat'] satisfies readonly Figure['kind'][];

function checkCheck(check: unknown, at: string): void {
  const { what, value, rule, holds } = record(check, at);
  if (typeof what !== 'string') throw wrong(`${at}.what`, 'text');
  if (typeof value !== 'number') throw wrong(`${at}.value`, 'a number');
  if (typeof rule !== 'string') throw wrong(`${at}.rule`, 'text');
  if (typeof holds !== 'boolean') throw wrong(`${at}.holds`, 'true or false');
}

function record(value: unknown, at: string): Readonly<Record<string, unknown>> {
  if (typeof value === 'object' && value !== null && !Array.isArray(value)) return { ...value };
  throw wrong(at, 'an object');
}

function list(value: unknown, at: string): readonly unknown[] {
  if (Array.isArray(value)) return value;
  throw wrong(at, 'a list');
}

function wrong(at: string, kind: string): Error {
  return new Error(`${at} must be ${kind}`);
}

/** Results by experiment, in the order of the list, the seeds of each in order; what is there twice counts once. */
export function joined(outcomes: readonly Outcome[]): Result[] {
  const numbers = [...new Set(outcomes.map(({ number }) => number))].sort((a, b) => a - b);
  return numbers.map((number) => {
    const own = outcomes.filter((outcome) => outcome.number === number);
    const bySeed = new Map(own.map((outcome) => [outcome.seed, outcome]));
    const inOrder = [...bySeed.values()].sort((a, b) => a.seed - b.seed);
    return { experiment: experimentOf(number), outcomes: inOrder.map(withFigureOnce) };
  });
}

/** What a whole run would have: names of experiments that are not there, or with fewer seeds than another. */
export function lackingOf(results: readonly Result[]): readonly string[] {
  const seedsOf = new Map(results.map(({ experiment, outcomes }) => [experiment.number, outcomes.length]));
  const most = Math.max(0, ...seedsOf.values());
  return experiments.flatMap(({ number, name }) => {
    const seeds = seedsOf.get(number) ?? 0;
    return seeds < most ? [`${name} (${seeds} of ${most} seeds)`] : [];
  });
}

/** Only the first seed's figure is shown, and only it is kept. */
function withFigureOnce({ figure, ...outcome }: Outcome, i: number): Outcome {
  return i === 0 && figure ? { ...outcome, figure } : outcome;
}
