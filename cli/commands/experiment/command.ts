/** `tamegrad experiment`: chooses experiments, runs them side by side, prints and writes what came of them. */

import type { Experiment } from '../../../experiments/experiment.js';
import { experiments } from '../../../experiments/index.js';
import { type Outcome, type Result, runExperiment, stands } from '../../../experiments/run.js';
import { printable, writeWhole } from '../../../src/persist/files/index.js';
import { nearestOf } from '../../../src/tensor/nearest.js';
import { UsageError } from '../../errors.js';
import { checkFiles } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { defaultJobs, runTasks } from '../../pool.js';
import { type Shard, shardOf } from '../../shard.js';
import { startProgress } from '../../terminal/progress.js';
import { columnsOf, shorten } from '../../terminal/stream.js';
import { renderClaims } from './claims.js';
import { joined, lackingOf, readDocument, renderDocument } from './document.js';
import { renderPage } from './page.js';
import { claimOf, tellAll, tellResults } from './tell.js';

/** What a thread of the pool runs: which experiment, and its seed. */
export interface Task {
  readonly number: number;
  readonly seed: number;
}

/** What the options of `experiment` parse to. */
export interface ExperimentOptions {
  readonly seed: number;
  readonly seeds: number;
  readonly jobs?: number;
  readonly shard?: Shard;
  readonly report?: string;
  /** Where to write the table of docs/claims.md. */
  readonly claims?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** How results are shown. */
type ResultOptions = Pick<ExperimentOptions, 'report' | 'claims' | 'json'>;

/** Those, and whether results are less than was asked for. */
type ShowOptions = ResultOptions & { readonly interrupted?: boolean };

/** Experiments that a message names. */
const SHOWN = 4;

/** Runs experiments by number or name, or `all`; without a word lists them. Returns the exit code. */
export async function runExperiments(words: readonly string[], options: ExperimentOptions): Promise<number> {
  const { report, claims, json } = options;
  if (words.length === 0) {
    if (report ?? claims ?? json) throw new UsageError('experiment: name those to run, or all of them: all');
    process.stdout.write(experiments.map((each) => `${listLine(each)}\n`).join(''));
    return 0;
  }
  const chosen = new Set(words.flatMap((word) => (word === 'all' ? experiments : [chosenBy(word)])));
  checkFiles({ report, claims });
  const tasks = [...chosen].flatMap(({ number }) =>
    Array.from({ length: options.seeds }, (_, i): Task => ({ number, seed: options.seed + i })),
  );
  const interrupt = onInterrupt();
  const outcomes: Outcome[] = [];
  const mine = shardOf(tasks, options.shard);
  const jobs = options.jobs ?? defaultJobs();
  const quiet = options.quiet || json || false;
  if (!quiet) process.stderr.write(beginning(mine.length, jobs));
  const progress = startProgress({ label: 'experiments', unit: 'run', total: mine.length, quiet });
  try {
    try {
      for await (const outcome of outcomesOf(mine, jobs, interrupt.signal)) {
        outcomes.push(outcome);
        progress.update({ done: outcomes.length, note: nameOf(outcome) });
      }
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
    } finally {
      progress.stop();
    }
    const results = joined(outcomes);
    const interrupted = interrupt.signal.aborted;
    await show(results, { ...options, interrupted }, wordsOf(words, options));
    if (interrupted) process.stderr.write('interrupted: this is what was measured until then\n');
    return interrupt.exitCode || (results.every(stands) ? 0 : 1);
  } finally {
    interrupt.stopListening();
  }
}

/** What is about to happen, before anything takes time. */
function beginning(count: number, jobs: number): string {
  const runs = count === 1 ? '1 run' : `${count} runs`;
  return `experiments: ${runs}${count > 1 ? `, ${Math.min(jobs, count)} at a time` : ''}\n`;
}

/** Joins what shards printed with `--json`, and says on stderr what they lack. Returns the exit code. */
export async function joinExperiments(files: readonly string[], options: ResultOptions): Promise<number> {
  checkFiles({ report: options.report, claims: options.claims }, files);
  const documents = files.map(readDocument);
  const results = joined(documents.flatMap(({ results: own }) => own).flatMap(({ outcomes }) => outcomes));
  const interrupted = documents.some((document) => document.interrupted);
  await show(results, { ...options, interrupted }, 'all');
  const lacking = lackingOf(results);
  if (lacking.length > 0) {
    const more = lacking.length > SHOWN ? `, and ${lacking.length - SHOWN} more` : '';
    process.stderr.write(`join: these files lack ${lacking.slice(0, SHOWN).join(', ')}${more}\n`);
  }
  return results.every(stands) ? 0 : 1;
}

async function show(
  results: readonly Result[],
  { report, claims, json, interrupted }: ShowOptions,
  words: string,
): Promise<void> {
  if (report) writeWhole('--report', report, await renderPage(results, words));
  if (claims) writeWhole('--claims', claims, renderClaims(results, `tamegrad experiment ${words}`));
  if (json) {
    process.stdout.write(renderDocument(results, interrupted));
    return;
  }
  process.stdout.write(tellResults(results, process.stdout));
  process.stdout.write(`${tellAll(results)}\n`);
  if (report) process.stdout.write(`\nReport: ${printable(report)}\n`);
}

/** In this process where one job is asked for: nothing is started for a single experiment. */
async function* outcomesOf(
  tasks: readonly Task[],
  jobs: number,
  signal: AbortSignal,
): AsyncGenerator<Outcome> {
  if (jobs > 1 && tasks.length > 1) {
    const worker = new URL('./experiment-worker.js', import.meta.url);
    for await (const { outcome } of runTasks<Task, Outcome>(worker, tasks, jobs, signal)) yield outcome;
    return;
  }
  for (const { number, seed } of tasks) {
    if (signal.aborted) return;
    yield await runExperiment(chosenBy(String(number)), seed);
  }
}

function chosenBy(word: string): Experiment {
  const found = experiments.find(({ number, name }) => word === name || word === String(number));
  if (found) return found;
  const names = experiments.map(({ name }) => name);
  const near = names.filter((name) => name.includes(word));
  const meant = near.length > 0 ? near.join(', ') : nearestOf(names, word);
  throw new UsageError(
    `experiment: no experiment is called '${printable(word)}'; did you mean ${meant}? \`tamegrad experiment\` lists them`,
  );
}

function nameOf({ number }: Outcome): string {
  return chosenBy(String(number)).name;
}

/** A terminal wraps what is too long, and a list is read down its left side; a pipe gets all of it. */
function listLine(experiment: Experiment): string {
  const line = `${String(experiment.number).padStart(2)}  ${experiment.name.padEnd(26)}${claimOf(experiment)}`;
  return process.stdout.isTTY ? shorten(line, columnsOf(process.stdout)) : line;
}

/** The words that repeat a run after `experiment`. */
function wordsOf(words: readonly string[], { seed, seeds }: ExperimentOptions): string {
  return `${words.join(' ')} --seed ${seed} --seeds ${seeds}`;
}
