/** What the options of `advise` mean. */

import { type Cause, type JudgedLog, LogError } from '../../../src/diagnose/index.js';
import { UsageError } from '../../errors.js';

/** Columns that the command line names. */
export interface NamedColumns {
  readonly step?: string;
  readonly loss?: string;
  readonly norm?: string;
  readonly lr?: string;
  readonly batch?: string;
}

/** What the options of `advise` parse to. */
export interface AdviseOptions extends NamedColumns {
  /** The norm at which the run was clipped. */
  readonly clip?: number;
  readonly follow?: boolean;
  readonly failOn?: readonly Cause[];
  readonly report?: string;
  readonly json?: boolean;
  readonly quiet?: boolean;
}

/** From here on a verdict is an alarm. */
const ENOUGH = 0.75;
/** Verdicts that are to end a job. */
export function alarmsIn({ judged }: JudgedLog, causes: readonly Cause[] = []): readonly Cause[] {
  return judged.flatMap(({ diagnosis }) =>
    diagnosis.verdicts.flatMap(({ cause, confidence }) =>
      confidence >= ENOUGH && causes.includes(cause) ? [cause] : [],
    ),
  );
}

/** The words of `readLog` as the command's. */
export function asSaidHere(error: unknown): unknown {
  if (!(error instanceof LogError)) return error;
  const message = error.message
    .replace(/^readLog: (step|loss|norm|lr|batch): /, 'advise: --$1: ')
    .replace(/^readLog: /, 'advise: ');
  return error.isUsage ? new UsageError(message) : new Error(message);
}

/** The columns that options name. */
export function namedColumns({ step, loss, norm, lr, batch }: NamedColumns): NamedColumns {
  const all = { step, loss, norm, lr, batch };
  return Object.fromEntries(Object.entries(all).filter(([, name]) => name !== undefined)) as NamedColumns;
}

/** The words that repeat the command. */
export function wordsFor(paths: readonly string[], options: AdviseOptions): string {
  const { report, clip } = options;
  const named = Object.entries(namedColumns(options)).flatMap(([role, name]) => [`--${role}`, String(name)]);
  const words = [...paths, ...named];
  if (clip !== undefined) words.push('--clip', String(clip));
  if (report) words.push('--report', report);
  return words
    .map((word) => (/^[\w./:=@%+-]+$/.test(word) ? word : `'${word.replaceAll("'", "'\\''")}'`))
    .join(' ');
}
