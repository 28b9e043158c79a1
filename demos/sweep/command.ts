/** `tamegrad sweep demo NAME`: trains under every clip spec with every learning rate and seed, side by side. */

import { writeFileSync } from 'node:fs';
import { parseClipSpec } from '../../src/index.js';
import type { Demo } from '../demo.js';
import { UsageError } from '../errors.js';
import { defaultJobs, runTasks } from '../experiments/pool.js';
import { checkFiles } from '../files.js';
import { INTERRUPTED, onInterrupt } from '../interrupt.js';
import { type CommonOptions, configOf } from '../options.js';
import { startProgress } from '../terminal/progress.js';
import { renderPage, tellSweep } from './page.js';
import { expandSpec } from './range.js';
import { RowFile } from './rows.js';
import { type SweepRow, type SweepTask, tasksOf } from './tasks.js';

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

/** Specs that are swept when none is named. */
export const DEFAULT_SPECS = ['none', 'norm:0.1..10x7'];

/** Runs a sweep, or what is left of one; returns the exit code. */
export async function runSweep(demo: Demo, options: SweepOptions): Promise<number> {
  checkFiles({ report: options.report, log: options.out });
  const {
    clips: specs,
    lr: _,
    ...config
  } = configOf(demo, { ...options, lr: 0, clip: options.clip ?? DEFAULT_SPECS });
  const tasks = tasksOf(demo.name, config, specs.flatMap(expanded), options.lr, options.seeds);
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
  if (options.report && file.rows.length > 0) {
    writeFileSync(options.report, await renderPage(file.rows, wordsFor(demo, options, specs)));
  }
  if (file.rows.length > 0) process.stdout.write(`${tellSweep(file.rows)}\n`);
  process.stdout.write(`\nRows: ${options.out}\n${options.report ? `Report: ${options.report}\n` : ''}`);
  if (!interrupt.signal.aborted) return 0;
  process.stderr.write('interrupted: the same command goes on from here\n');
  return INTERRUPTED;
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

function wordsFor(demo: Demo, options: SweepOptions, specs: readonly string[]): string {
  const { seed, seeds, steps, lr, optimizer } = options;
  const words = Object.entries({ seed, seeds, steps, optimizer, lr: lr.join(',') }).map(
    ([name, value]) => `--${name} ${value}`,
  );
  return ['demo', demo.name, ...words, ...specs.map((spec) => `--clip ${spec}`)].join(' ');
}
