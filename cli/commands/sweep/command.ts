/** `tamegrad sweep demo NAME`: trains under every clip spec with every learning rate and seed, side by side. */

import type { Demo } from '../../../demos/demo.js';
import { demos } from '../../../demos/index.js';
import { parseClipSpec } from '../../../src/index.js';
import { printable, writeWhole } from '../../../src/persist/files/index.js';
import { toJson } from '../../../src/persist/index.js';
import { UsageError } from '../../errors.js';
import { asUsage, checkFiles } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { type CommonOptions, configOf, DEFAULT_SPECS, isAxis, numbersOf, wordsFor } from '../../options.js';
import { defaultJobs, runTasks } from '../../pool.js';
import type { Shard } from '../../shard.js';
import { startProgress, timeLeft } from '../../terminal/progress.js';
import { joinShards } from './join.js';
import { renderPage } from './page.js';
import { expandSpec } from './range.js';
import { defaultName, type Placed, placed, RowFile } from './rows.js';
import { configFrom, type SweepRow, type SweepTask, tasksOf } from './tasks.js';
import { tellRows } from './tell.js';

/** What the options of `sweep` parse to. */
export interface SweepOptions extends Pick<CommonOptions, 'seed' | 'steps' | 'optimizer' | 'backend'> {
  readonly clip?: readonly string[];
  readonly report?: string;
  readonly quiet?: boolean;
  readonly lr: readonly number[];
  readonly seeds: number;
  readonly jobs?: number;
  readonly shard?: Shard;
  /** Another for every sweep by default. */
  readonly out?: string;
  /** A demo's own options. */
  readonly [own: string]: unknown;
}

/** Runs a sweep, or what is left of one; returns the exit code. */
export async function runSweep(demo: Demo, options: SweepOptions): Promise<number> {
  const { seeds, lr, report, shard, quiet } = options;
  const config = configOf(demo, { ...options, lr: 0, clip: options.clip ?? DEFAULT_SPECS });
  const axes = Object.fromEntries(
    demo.options.filter(isAxis).map(({ name }) => [name, once(`--${name}`, numbersOf(config.own[name]))]),
  );
  const tasks = tasksOf(
    demo.name,
    config,
    once('--clip', config.clips.flatMap(expanded)),
    once('--lr', lr),
    axes,
    seeds,
  );
  const { out = defaultName(tasks, shard), jobs = defaultJobs() } = options;
  checkFiles({ out, report });
  const mine = placed(tasks, shard);
  const file = asUsage(() => new RowFile(out, mine));
  const interrupt = onInterrupt();
  try {
    try {
      await runRest(file, mine, jobs, quiet ?? false, interrupt.signal);
    } catch (error) {
      if (!interrupt.signal.aborted) throw error;
    } finally {
      file.close();
    }
    const interrupted = interrupt.signal.aborted;
    await show(file.rows, { out, report }, wordsFor(demo, { ...config, seeds, lr }));
    if (interrupted) process.stderr.write('interrupted: the same command goes on from here\n');
    return interrupt.exitCode;
  } finally {
    interrupt.stopListening();
  }
}

/** What the options of `sweep join` parse to. */
export interface JoinOptions {
  readonly out?: string;
  readonly report?: string;
}

/** Joins what shards of a sweep wrote, and says on stderr how much they lack. Returns the exit code. */
export async function joinSweep(paths: readonly string[], { out, report }: JoinOptions): Promise<number> {
  checkFiles({ out, report }, paths);
  const { rows, total } = joinShards(paths);
  const demo = demos.find(({ name }) => name === rows[0].demo);
  if (!demo) throw new UsageError(`sweep join: there is no demo called '${printable(rows[0].demo)}'`);
  if (out) writeWhole('--out', out, rows.map((row) => `${toJson(row)}\n`).join(''));
  await show(rows, { out, report }, wordsFor(demo, configFrom(rows)));
  const lacking = total - rows.length;
  if (lacking > 0) process.stderr.write(`sweep join: these files lack ${lacking} of ${total} trainings\n`);
  return 0;
}

/** What there is to show: without a row there is no page. */
async function show(rows: readonly SweepRow[], { out, report }: JoinOptions, words: string): Promise<void> {
  const written = out ? [`Rows: ${printable(out)}`] : [];
  if (rows.length > 0) {
    if (report) {
      writeWhole('--report', report, await renderPage(rows, `demo ${words}`));
      written.push(`Report: ${printable(report)}`);
    }
    process.stdout.write(`${tellRows(rows, process.stdout)}\n`);
  }
  process.stdout.write(written.map((line) => `${line}\n`).join(''));
}

async function runRest(
  file: RowFile,
  tasks: readonly Placed[],
  jobs: number,
  quiet: boolean,
  signal: AbortSignal,
): Promise<void> {
  const before = file.rows.length;
  const rest = tasks.slice(before);
  if (!quiet) process.stderr.write(beginning(rest.length, before, Math.min(jobs, rest.length)));
  const progress = startProgress({ label: 'sweep', unit: 'training', total: tasks.length, quiet });
  const started = performance.now();
  let done = 0;
  try {
    const worker = new URL('./sweep-worker.js', import.meta.url);
    const inputs = rest.map(({ task }) => task);
    for await (const { index, outcome } of runTasks<SweepTask, SweepRow>(worker, inputs, jobs, signal)) {
      file.add(before + index, outcome);
      done += 1;
      const left = ((performance.now() - started) / done) * (rest.length - done);
      progress.update({ done: before + done, note: `${timeLeft(left)}${outcome.clip}, lr ${outcome.lr}` });
    }
  } finally {
    progress.stop();
  }
}

/** `sweep: 325 trainings, 8 at a time`. */
function beginning(count: number, before: number, jobs: number): string {
  const trainings = count === 1 ? '1 training' : `${count} trainings`;
  const more = before > 0 ? ' more' : '';
  return `sweep: ${trainings}${more}${count > 0 ? `, ${jobs} at a time` : ''}\n`;
}

function expanded(text: string): readonly string[] {
  const specs = expandSpec(text);
  if (!specs)
    throw new UsageError(
      `sweep: '${printable(text)}' is not a range; write norm:0.1..10x12 or norm:0.1,1,10`,
    );
  for (const spec of specs) check(spec);
  return specs;
}

function check(spec: string): void {
  try {
    parseClipSpec(spec);
  } catch (error) {
    throw new UsageError(`sweep: ${error instanceof Error ? error.message : String(error)}`);
  }
}

/** A cell that is swept twice would count twice. */
function once<Value>(option: string, values: readonly Value[]): readonly Value[] {
  const twice = values.find((value, i) => values.indexOf(value) < i);
  if (twice === undefined) return values;
  throw new UsageError(`sweep: ${option}: ${twice} is given twice; each is trained once for each seed`);
}
