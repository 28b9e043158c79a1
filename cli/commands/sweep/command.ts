/** `tamegrad sweep demo NAME`: trains under every clip spec with every learning rate and seed, side by side. */

import type { Demo } from '../../../demos/demo.js';
import { parseClipSpec } from '../../../src/index.js';
import { writeWhole } from '../../../src/persist/files/index.js';
import { UsageError } from '../../errors.js';
import { checkFiles } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { type CommonOptions, configOf, DEFAULT_SPECS, wordsFor } from '../../options.js';
import { defaultJobs, runTasks } from '../../pool.js';
import { startProgress } from '../../terminal/progress.js';
import { renderPage } from './page.js';
import { expandSpec } from './range.js';
import { RowFile } from './rows.js';
import { type SweepRow, type SweepTask, tasksOf } from './tasks.js';
import { tellRows } from './tell.js';

/** What the options of `sweep` parse to. */
export interface SweepOptions extends Pick<CommonOptions, 'seed' | 'steps' | 'optimizer' | 'backend'> {
  readonly clip?: readonly string[];
  readonly report?: string;
  readonly quiet?: boolean;
  readonly lr: readonly number[];
  readonly seeds: number;
  readonly jobs?: number;
  readonly out: string;
  /** A demo's own options. */
  readonly [own: string]: unknown;
}

/** Runs a sweep, or what is left of one; returns the exit code. */
export async function runSweep(demo: Demo, options: SweepOptions): Promise<number> {
  checkFiles({ out: options.out, report: options.report });
  const { seeds, lr } = options;
  const config = configOf(demo, { ...options, lr: 0, clip: options.clip ?? DEFAULT_SPECS });
  const tasks = tasksOf(
    demo.name,
    config,
    once('--clip', config.clips.flatMap(expanded)),
    once('--lr', lr),
    seeds,
  );
  const file = new RowFile(options.out, tasks);
  const interrupt = onInterrupt();
  try {
    await runRest(file, tasks, options, interrupt.signal);
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
  } finally {
    interrupt.stopListening();
    file.close();
  }
  await show(file.rows, options, wordsFor(demo, { ...config, seeds, lr }));
  if (!interrupt.signal.aborted) return 0;
  process.stderr.write('interrupted: the same command goes on from here\n');
  return interrupt.exitCode;
}

/** What there is to show: without a row there is no page. */
async function show(rows: readonly SweepRow[], { out, report }: SweepOptions, words: string): Promise<void> {
  if (rows.length > 0) {
    if (report) writeWhole('--report', report, await renderPage(rows, `demo ${words}`));
    process.stdout.write(`${tellRows(rows, process.stdout)}\n`);
  }
  process.stdout.write(`Rows: ${out}\n${report && rows.length > 0 ? `Report: ${report}\n` : ''}`);
}

async function runRest(
  file: RowFile,
  tasks: readonly SweepTask[],
  { jobs = defaultJobs(), quiet }: SweepOptions,
  signal: AbortSignal,
): Promise<void> {
  const rest = tasks.map((task, i) => ({ task, i })).slice(file.rows.length);
  const progress = startProgress({ label: 'sweep', unit: 'training', total: tasks.length, quiet });
  let done = file.rows.length;
  try {
    const worker = new URL('./sweep-worker.js', import.meta.url);
    const inputs = rest.map(({ task }) => task);
    for await (const { index, outcome } of runTasks<SweepTask, SweepRow>(worker, inputs, jobs, signal)) {
      file.add(rest[index].i, outcome);
      done += 1;
      progress.update({ done, note: `${outcome.clip}, lr ${outcome.lr}` });
    }
  } finally {
    progress.stop();
  }
}

function expanded(text: string): readonly string[] {
  const specs = expandSpec(text);
  if (!specs) throw new UsageError(`sweep: '${text}' is no range; write norm:0.1..10x12 or norm:0.1,1,10`);
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
