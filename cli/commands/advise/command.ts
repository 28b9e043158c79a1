/** `tamegrad advise FILE…`: reads anyone's training log, recommends a threshold, says what is the matter. */

import { type JudgedLog, judgeLog, type Log, readLog } from '../../../src/diagnose/index.js';
import { writeWhole } from '../../../src/persist/files/index.js';
import { toJson } from '../../../src/persist/index.js';
import { UsageError } from '../../errors.js';
import { checkFiles } from '../../files.js';
import { onInterrupt } from '../../interrupt.js';
import { startProgress } from '../../terminal/progress.js';
import { readFolder } from './folder.js';
import { follow } from './follow.js';
import { type AdviseOptions, alarmsIn, asSaidHere, namedColumns, wordsFor } from './options.js';
import { renderPage } from './page.js';
import { sourceOf, statOf } from './sources.js';
import { tellJudged } from './tell.js';

/** Exit code where a verdict is one of those that `--fail-on` names. */
export const ALARM = 3;
const MEGABYTE = 1e6;
/** Logs of fewer megabytes are read before anyone asks how far it is. */
const LONG = 50;

/** Judges logs, or what was read of them before a Ctrl-C. Returns the exit code. */
export async function runAdvise(paths: readonly string[], options: AdviseOptions): Promise<number> {
  const { report, json } = options;
  checkPaths(paths, options);
  checkFiles({ report }, paths);
  const interrupt = onInterrupt();
  try {
    const log = options.follow
      ? await follow(paths[0], options, interrupt.signal)
      : judgeLog(await readAll(paths, options, interrupt.signal), { clip: options.clip });
    if (report)
      writeWhole('--report', report, await renderPage(log, titleOf(paths), wordsFor(paths, options)));
    process.stdout.write(json ? renderJson(log) : tellJudged(log, process.stdout));
    if (report && !json) process.stdout.write(`\nReport: ${report}\n`);
    if (alarmsIn(log, options.failOn).length > 0) return ALARM;
    if (!log.interrupted) return 0;
    process.stderr.write('interrupted: this is what the log says until then\n');
    return interrupt.exitCode;
  } catch (error) {
    if (!interrupt.signal.aborted) throw asSaidHere(error);
    process.stderr.write('interrupted: too little of the log was read to say anything\n');
    return interrupt.exitCode;
  } finally {
    interrupt.stopListening();
  }
}

function checkPaths(paths: readonly string[], { follow: follows }: AdviseOptions): void {
  if (follows && paths.length > 1)
    throw new UsageError(`--follow: follows one file, got ${paths.length}; name one`);
  if (follows && paths[0] !== '-' && statOf(paths[0]).isDirectory()) {
    throw new UsageError(`--follow: '${paths[0]}' is a folder; name the file that is being written`);
  }
  if (paths.length > 1 && paths.includes('-'))
    throw new UsageError('advise: - means stdin and must be the only name; give files, or - alone');
}

async function readAll(paths: readonly string[], options: AdviseOptions, signal: AbortSignal): Promise<Log> {
  const columns = namedColumns(options);
  const folders = paths.filter((path) => path !== '-' && statOf(path).isDirectory());
  if (folders.length > 0 && paths.length > 1) {
    throw new UsageError(`advise: '${folders[0]}' is a folder; name it alone, or the files in it`);
  }
  if (folders.length > 0) return readFolder(folders[0], { columns }, signal);
  const sources = paths.map((path) => sourceOf(path, signal));
  const size = sources.reduce<number | null>(
    (sum, each) => (sum === null || each.size === null ? null : sum + each.size),
    0,
  );
  let progress: ReturnType<typeof startProgress> | null = null;
  let bytes = 0;
  const onRead = (more: number): void => {
    bytes += more;
    if (size === null || size < LONG * MEGABYTE) return;
    progress ??= startProgress({
      label: 'advise',
      unit: 'MB',
      total: Math.ceil(size / MEGABYTE),
      quiet: options.quiet || options.json || false,
    });
    progress.update({ done: Math.floor(bytes / MEGABYTE), note: 'read' });
  };
  try {
    return await readLog(sources, { columns, signal, onRead });
  } finally {
    (progress as ReturnType<typeof startProgress> | null)?.stop();
  }
}

/** One JSON document, ended by a line break; non-finite numbers are strings. */
function renderJson(log: JudgedLog): string {
  const {
    files,
    form,
    framework,
    objective,
    columns,
    parts,
    left,
    stride,
    others,
    silent,
    stepless,
    broken,
    notes,
  } = log;
  const runs = log.judged.map(({ run, advice, lacking, diagnosis, cutAt, keptAt, inForce }) => ({
    run: run.label,
    rows: run.rows,
    resumedAt: run.resumedAt,
    repeated: run.repeated,
    threshold: advice ?? { lacking },
    inForce,
    clippedAlreadyAt: cutAt,
    keepThreshold: keptAt,
    diagnosis,
  }));
  const read = {
    files,
    format: form,
    framework: framework?.name ?? null,
    objective,
    columns,
    parts,
    left,
    stride,
  };
  const out = { validation: others, silent, stepless, broken, notes };
  const text = toJson({ ...read, ...out, runs, ...(log.interrupted && { interrupted: true }) }, 2);
  // JSON has escapes of its own for the rest.
  return `${text.replace(/[\p{Cf}\u007f-\u009f\u2028\u2029]/gu, escaped)}\n`;
}

/** A character as JSON spells it. */
function escaped(character: string): string {
  return Array.from(
    { length: character.length },
    (_, i) => `\\u${character.charCodeAt(i).toString(16).padStart(4, '0')}`,
  ).join('');
}

function titleOf(paths: readonly string[]): string {
  if (paths[0] === '-') return 'a log';
  return paths.length === 1 ? paths[0] : `${paths.length} logs`;
}
