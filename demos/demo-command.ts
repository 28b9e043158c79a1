/** `tamegrad demo NAME`: trains, shows progress, writes log and report, prints the comparison. */

import { closeSync, existsSync, openSync, rmSync, writeFileSync } from 'node:fs';
import type { ClipSpec, StepRecord } from '../src/index.js';
import { setDefaultBackend } from '../src/index.js';
import { openRunLog, type RunLog } from '../src/node.js';
import { compare, type Watcher } from './compare.js';
import type { Demo } from './demo.js';
import { UsageError } from './errors.js';
import { renderJson } from './json.js';
import { type CommonOptions, commandFor, configOf } from './options.js';
import { renderPage } from './report-page.js';
import { renderComparison } from './terminal/comparison.js';
import { type Progress, startProgress } from './terminal/progress.js';

/** Exit code of a run that Ctrl-C ended. */
export const INTERRUPTED = 130;

/** Runs a demo from parsed options; returns the exit code. What was measured before a Ctrl-C is kept and shown. */
export async function runDemo(demo: Demo, options: CommonOptions): Promise<number> {
  const config = configOf(demo, options);
  setDefaultBackend(config.backend);
  if (options.report !== undefined) checkWritable('--report', options.report);
  if (options.report !== undefined && options.report === options.log) {
    throw new UsageError(`--log and --report: both name '${options.log}'; name two files`);
  }
  const log = options.log === undefined ? null : openLog(options.log);
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
    if (options.report) writeFileSync(options.report, renderPage(comparison, commandFor(demo, config)));
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

function openLog(path: string): RunLog {
  try {
    return openRunLog(path);
  } catch (error) {
    throw new UsageError(error instanceof Error ? error.message : String(error));
  }
}

/** Throws before any work if a file could not be written after it; tried, because permissions do not tell all. */
function checkWritable(option: string, path: string): void {
  const isNew = !existsSync(path);
  try {
    closeSync(openSync(path, 'a'));
  } catch {
    throw new UsageError(`${option}: '${path}' cannot be written; name a file in an existing folder`);
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
