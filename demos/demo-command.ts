/** `tamegrad demo NAME`: trains, shows progress, writes log and report, prints the comparison. */

import { closeSync, existsSync, openSync, realpathSync, rmSync, writeFileSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import type { ClipSpec, StepRecord } from '../src/index.js';
import { setDefaultBackend } from '../src/index.js';
import { openRunLog, type RunLog } from '../src/node.js';
import { compare, type Watcher } from './compare.js';
import type { Demo } from './demo.js';
import { UsageError } from './errors.js';
import { renderJson } from './json.js';
import { type CommonOptions, configOf, wordsFor } from './options.js';
import { renderPage } from './report-page.js';
import { renderComparison } from './terminal/comparison.js';
import { type Progress, startProgress } from './terminal/progress.js';

/** Exit code of a run that Ctrl-C ended. */
const INTERRUPTED = 130;

/** Runs a demo from parsed options; returns the exit code. What was measured before a Ctrl-C is kept and shown. */
export async function runDemo(demo: Demo, options: CommonOptions): Promise<number> {
  const config = configOf(demo, options);
  setDefaultBackend(config.backend);
  checkFiles(options);
  const log = options.log === undefined ? null : openRunLog(options.log);
  const interrupt = new AbortController();
  // Stays listening: without a listener the progress bar would pass the signal on, and it would end the process.
  const onInterrupt = (): void => {
    if (interrupt.signal.aborted) process.exit(INTERRUPTED);
    interrupt.abort();
  };
  process.on('SIGINT', onInterrupt);
  const watcher = new DemoWatcher(demo, config.steps, options.quiet || options.json || false, log);
  try {
    const comparison = await compare(demo, config, watcher, interrupt.signal);
    if (options.report) writeFileSync(options.report, await renderPage(comparison, wordsFor(demo, config)));
    process.stdout.write(
      options.json ? renderJson(comparison) : renderComparison(comparison, process.stdout),
    );
    if (options.report && !options.json) process.stdout.write(`\nReport: ${options.report}\n`);
    if (comparison.interrupted) process.stderr.write('interrupted: this is what was measured until then\n');
    return comparison.interrupted ? INTERRUPTED : 0;
  } finally {
    process.off('SIGINT', onInterrupt);
    log?.close();
  }
}

/** Throws before any work if a file that is asked for could not be written after it. */
function checkFiles({ log, report }: CommonOptions): void {
  if (log !== undefined) checkWritable('--log', log);
  if (report !== undefined) checkWritable('--report', report);
  if (log !== undefined && report !== undefined && placeOf(log) === placeOf(report)) {
    const names = log === report ? `'${log}'` : `one file, '${log}' and '${report}'`;
    throw new UsageError(`--log and --report: both name ${names}; name two files`);
  }
}

/** Where a path leads to, links resolved as far as it exists. */
function placeOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const full = resolve(path);
  return join(realpathSync(dirname(full)), basename(full));
}

/** Tried, because permissions do not tell all. */
function checkWritable(option: string, path: string): void {
  const isNew = !existsSync(path);
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new UsageError(`${option}: '${path}' cannot be written${code}; name a file in an existing folder`);
  }
  if (isNew) rmSync(path);
}

/** Shows progress and writes the log, one training after another. */
class DemoWatcher implements Watcher {
  readonly #demo: Demo;
  readonly #total: number;
  readonly #quiet: boolean;
  readonly #log: RunLog | null;
  #progress: Progress | null = null;

  constructor(demo: Demo, total: number, quiet: boolean, log: RunLog | null) {
    this.#demo = demo;
    this.#total = total;
    this.#quiet = quiet;
    this.#log = log;
  }

  begin({ text }: ClipSpec): void {
    this.#progress = startProgress({ label: text, total: this.#total, quiet: this.#quiet });
  }

  step({ text }: ClipSpec, record: StepRecord): void {
    this.#progress?.update({ done: record.step + 1, loss: record.loss, norm: record.normBefore });
    this.#log?.write(record, { demo: this.#demo.name, clip: text });
  }

  end(): void {
    this.#progress?.stop();
  }
}
