/** `tamegrad advise FILE`: reads anyone's training log, recommends a threshold, says what is the matter. */

import { toJson } from '../../../src/index.js';
import { writeWhole } from '../../../src/persist/files/index.js';
import { checkFiles } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { startProgress } from '../../terminal/progress.js';
import type { NamedRole } from './columns.js';
import { type Judged, judge } from './judge.js';
import { renderPage } from './page.js';
import { type Log, readLog } from './read.js';
import { tellJudged } from './tell.js';

/** What the options of `advise` parse to. */
export interface AdviseOptions extends Readonly<Partial<Record<NamedRole, string>>> {
  readonly report?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

const MEGABYTE = 1e6;
/** Logs of fewer megabytes are read before anyone asks how far it is. */
const LONG = 50;

/** Judges a log, or what was read of it before a Ctrl-C. Returns the exit code. */
export async function runAdvise(path: string, options: AdviseOptions): Promise<number> {
  const { report, json, quiet, ...named } = options;
  checkFiles({ report }, [path]);
  const interrupt = onInterrupt();
  try {
    const log = judge(path, await readAll(path, named, quiet || json || false, interrupt.signal));
    if (report) writeWhole('--report', report, await renderPage(log, wordsFor(path, options)));
    process.stdout.write(json ? renderJson(log) : tellJudged(log, process.stdout));
    if (report && !json) process.stdout.write(`\nReport: ${report}\n`);
    if (!log.interrupted) return 0;
    process.stderr.write('interrupted: this is what the log says until then\n');
    return interrupt.exitCode;
  } catch (error) {
    if (!interrupt.signal.aborted) throw error;
    process.stderr.write('interrupted: too little of the log was read to say anything\n');
    return interrupt.exitCode;
  } finally {
    interrupt.stopListening();
  }
}

async function readAll(
  path: string,
  named: Partial<Record<NamedRole, string>>,
  quiet: boolean,
  signal: AbortSignal,
): Promise<Log> {
  let progress: ReturnType<typeof startProgress> | null = null;
  const onRead = (bytes: number, size: number | null): void => {
    if (size === null || size < LONG * MEGABYTE) return;
    progress ??= startProgress({ label: 'advise', unit: 'MB', total: Math.ceil(size / MEGABYTE), quiet });
    progress.update({ done: Math.floor(bytes / MEGABYTE), note: 'read' });
  };
  try {
    return await readLog(path, { named, signal, onRead });
  } finally {
    (progress as ReturnType<typeof startProgress> | null)?.stop();
  }
}

/** One JSON document, ended by a line break; non-finite numbers are strings. */
function renderJson({ path, format, columns, stride, silent, broken, interrupted, judged }: Judged): string {
  const runs = judged.map(({ run, advice, lacking, diagnosis, cutAt, keptAt }) => ({
    run: run.label,
    rows: run.rows,
    threshold: advice ?? { lacking },
    clippedAlreadyAt: cutAt,
    keepThreshold: keptAt,
    diagnosis,
  }));
  const { norms: _, ...used } = columns;
  const read = { file: path, format, columns: used, stride, silent, broken };
  return `${toJson({ ...read, runs, ...(interrupted && { interrupted }) }, 2)}\n`;
}

/** The words that repeat the command. */
function wordsFor(path: string, { report, json: _, quiet: __, ...named }: AdviseOptions): string {
  const words = [path, ...Object.entries(named).flatMap(([role, name]) => [`--${role}`, name])];
  if (report) words.push('--report', report);
  return words
    .map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
