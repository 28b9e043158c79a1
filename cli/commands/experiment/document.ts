/**
 * Results as one JSON document, and back: what `--json` prints, what shards of a list are joined from. It holds all that
 * the terminal and the page show, and not how long it took, so that the same seeds give the same document on every machine,
 * but for the one experiment that measures time.
 */

import { readFileSync } from 'node:fs';
import { experimentOf, experiments } from '../../../experiments/index.js';
import { heldCount, type Outcome, type Result, stands, verdictOf } from '../../../experiments/run.js';
import { toJson } from '../../../src/index.js';
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
  /** Whether Ctrl-C ended the run. */
  readonly interrupted: boolean;
}

/** The results of a document. Throws UsageError where the file is none. */
export function readDocument(path: string): ResultDocument {
  try {
    const { experiments: entries, interrupted = false } = JSON.parse(
      readFileSync(path, 'utf8'),
      reviveNumber,
    ) as {
      readonly experiments: readonly { readonly number: number; readonly outcomes: readonly Outcome[] }[];
      readonly interrupted?: boolean;
    };
    const results = entries.map(({ number, outcomes }) => ({
      experiment: experimentOf(number),
      outcomes,
    }));
    return { results, interrupted };
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new UsageError(`experiment join: '${path}' is no output of \`experiment --json\` (${reason})`);
  }
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
