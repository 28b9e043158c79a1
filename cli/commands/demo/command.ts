/** `tamegrad demo NAME`: trains, shows progress, writes log and report, prints the comparison. */

import { compare, type Watcher } from '../../../demos/compare.js';
import type { Demo, DemoConfig } from '../../../demos/demo.js';
import type { ClipSpec, StepRecord } from '../../../src/index.js';
import { setDefaultBackend } from '../../../src/index.js';
import { openRunLog, type RunLog } from '../../../src/node.js';
import { printable, writeWhole } from '../../../src/persist/files/index.js';
import { UsageError } from '../../errors.js';
import { checkFiles } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { type CommonOptions, configOf, ownOptions, wordsFor } from '../../options.js';
import { type Progress, startProgress, stepNote } from '../../terminal/progress.js';
import { renderComparison } from './comparison.js';
import { renderJson } from './json.js';
import { renderLinks } from './link.js';
import { renderPage } from './report-page.js';
import { runStudy } from './study.js';

/** Runs a demo from parsed options; returns the exit code. What was measured before a Ctrl-C is kept and shown. */
export async function runDemo(demo: Demo, options: CommonOptions): Promise<number> {
  const config = configOf(demo, options, ownOptions(demo));
  setDefaultBackend(config.backend);
  checkFiles({ log: options.log, report: options.report });
  if (demo.study && options.link) {
    throw new UsageError(
      `--link opens the trainings of a comparison in the lab, and ${demo.name} is a study of many: leave it out`,
    );
  }
  if (demo.study) return runStudy(demo, demo.study, config, options);
  const log = options.log === undefined ? null : openRunLog(options.log);
  const interrupt = onInterrupt();
  const quiet = options.quiet || options.json || false;
  if (!quiet) process.stderr.write(beginning(demo, config));
  const watcher = new DemoWatcher(demo, config.steps, quiet, log);
  try {
    const comparison = await compare(demo, config, watcher, interrupt.signal);
    if (options.report)
      writeWhole('--report', options.report, await renderPage(comparison, wordsFor(demo, config)));
    process.stdout.write(
      options.json ? renderJson(comparison, options.link) : renderComparison(comparison, process.stdout),
    );
    if (options.link && !options.json) process.stdout.write(`\n${renderLinks(comparison)}`);
    if (options.report && !options.json) process.stdout.write(`\nReport: ${printable(options.report)}\n`);
    if (comparison.interrupted) process.stderr.write('interrupted: this is what was measured until then\n');
    return comparison.interrupted ? interrupt.exitCode : 0;
  } finally {
    interrupt.stopListening();
    log?.close();
  }
}

/** What is about to happen, before anything takes time. */
function beginning({ name, summary }: Demo, { steps, clips }: DemoConfig): string {
  const each = clips.length === 1 ? `under ${clips[0]}` : `under each of ${clips.join(', ')}`;
  return `${name}: ${summary}\nup to ${steps} steps ${each}\n`;
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
    const { step, loss, normBefore } = record;
    this.#progress?.update({ done: step + 1, note: stepNote(loss, normBefore) });
    this.#log?.write(record, { demo: this.#demo.name, clip: text });
  }

  end(): void {
    this.#progress?.stop();
  }
}
