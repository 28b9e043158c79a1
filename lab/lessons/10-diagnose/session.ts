/** Blind runs and what `diagnose` says of them; logs of the reader's own, judged as `tamegrad advise` does. */

import {
  diagnose,
  type JudgedRun,
  judgeLog,
  LogColumns,
  LogError,
  type LoggedStep,
  readLog,
  type Verdict,
} from '../../../src/diagnose/index.js';
import { defineSession } from '../../core/session.js';
import { blindRuns } from './blind.js';
import { type Course, courseOf } from './course.js';
import type { Fault } from './faults.js';

/** A run that was made with a fault, or none. */
export interface Blind {
  readonly course: Course;
  /** The norm it was clipped at; null where it was not. */
  readonly threshold: number | null;
  readonly fault: Fault;
  /** What was planted, in a sentence. */
  readonly how: string;
  /** The headline first. */
  readonly verdicts: readonly Verdict[];
}

/** Files, and columns by name where the guess is wrong. */
export interface Files {
  readonly files: readonly { readonly name: string; readonly blob: Blob }[];
  readonly loss?: string;
  readonly norm?: string;
}

/** A run of a log. */
export interface OwnRun {
  readonly label: string;
  readonly course: Course;
  readonly verdicts: readonly Verdict[];
  /** What to clip at, and why, in sentences. */
  readonly advice: readonly string[];
  readonly threshold: number | null;
}

/** What a log says. */
export type OwnLog =
  | {
      readonly form: string;
      readonly columns: Readonly<Record<string, string>>;
      readonly notes: readonly string[];
      readonly runs: readonly OwnRun[];
      /** Runs that are not told of. */
      readonly more: number;
    }
  | { readonly error: string };

/** Runs of a log that are told of. */
const TOLD = 4;
/** How long reading may take, in ms; what was read until then is judged. */
const PATIENCE = 8_000;

async function read({ files, loss, norm }: Files): Promise<OwnLog> {
  const end = performance.now() + PATIENCE;
  const signal = {
    get aborted() {
      return performance.now() > end;
    },
  };
  const columns = { ...(loss && { loss }), ...(norm && { norm }) };
  const sources = files.map(({ name, blob }) => ({ name, chunks: blob.stream() }));
  try {
    const log = judgeLog(await readLog(sources, { columns, signal }));
    const notes = [
      ...(log.interrupted
        ? [`Reading took longer than ${PATIENCE / 1000} s: what was read until then is judged.`]
        : []),
      ...(log.broken.count > 0 ? [`${log.broken.count} lines could not be read.`] : []),
      ...(log.stride > 1 ? [`One row in ${log.stride} is used.`] : []),
      ...(log.left.length > 0
        ? [`Not taken: ${log.left.slice(0, 4).join(', ')}. Name one of them as loss or norm if it is.`]
        : []),
      // What an option of a command line would change, the fields of the page do.
      ...log.notes.map((note) => note.replace(/ \(`--[^)]*\)/, '')),
    ];
    return {
      form: log.form,
      columns: Object.fromEntries(Object.entries(log.columns).map(([role, name]) => [role, String(name)])),
      notes,
      runs: log.judged.slice(0, TOLD).map(ownRun),
      more: Math.max(0, log.judged.length - TOLD),
    };
  } catch (error) {
    if (error instanceof LogError) return { error: plain(error.message) };
    if (error instanceof Error && /^\w+(\.\w+)?: /.test(error.message))
      return { error: plain(error.message) };
    throw error;
  }
}

/** Without the name of the function, and without what only a command line can do. */
function plain(message: string): string {
  const said = message.replace(/^[\w.]+: /, '');
  return `${said.replace(/name one, as in tamegrad advise .*$/, 'name the column below')}.`;
}

function ownRun({ run, advice, lacking, diagnosis, keptAt, inForce, cutAt }: JudgedRun): OwnRun {
  const short = (value: number): string => String(Number(value.toPrecision(3)));
  const percent = (share: number): string => `${short(100 * share)} %`;
  const told: string[] = [];
  if (keptAt !== null) told.push(`It was clipped at ${short(keptAt)} and is healthy: keep that.`);
  else if (advice === null) told.push(lacking!);
  else {
    const { threshold, name } = advice.recommended;
    told.push(`Clip at ${short(threshold)}, the ${name}. ${advice.why}`);
  }
  if (inForce && keptAt === null)
    told.push(
      `The threshold in force ${inForce.source === 'assumed' ? 'was probably' : 'was'} ${short(inForce.threshold)}; it clipped ${percent(inForce.rate)} of the steps.`,
    );
  if (cutAt !== null)
    told.push(
      `Many norms equal the largest, ${short(cutAt)}: they look clipped already. Log the norm before clipping.`,
    );
  told.push(...(advice?.warnings ?? []));
  if (diagnosis.missing.length > 0)
    told.push(`The log lacks: ${diagnosis.missing.join(', ')}. With it more could be said.`);
  return {
    label: run.label,
    course: courseOf(run.columns),
    verdicts: diagnosis.verdicts,
    advice: told,
    threshold: keptAt ?? advice?.recommended.threshold ?? null,
  };
}

/** A log that is described: a norm that falls, and what leaps out of it. */
export interface Described {
  readonly steps: number;
  /** Steps at which norm and loss are so many times the usual. */
  readonly leaps: Readonly<Record<number, number>>;
  /** Batches of an epoch; 0 where the log does not name them. */
  readonly batches: number;
  readonly clipped?: boolean;
}

export default defineSession({
  calls: {
    async blind({ seed }: { readonly seed: number }): Promise<readonly Blind[]> {
      return (await blindRuns(seed)).map(({ log, fault, how, threshold }) => {
        const columns = LogColumns.from(log);
        return { course: courseOf(columns), fault, how, threshold, verdicts: diagnose(columns).verdicts };
      });
    },

    read,

    /** What is said of a log that is described. */
    describe({ steps, leaps, batches, clipped }: Described): Verdict {
      const log: LoggedStep[] = Array.from({ length: steps }, (_, step) => {
        // Some scatter, the same each time.
        const usual = (1 + 0.2 * Math.sin(7.3 * step)) * (0.2 + Math.exp(-step / 60));
        const height = leaps[step] ?? 1;
        return {
          step,
          loss: usual * height,
          norm: 2 * usual * height,
          ...(batches > 0 && { batch: step % batches }),
          ...(clipped !== undefined && { clipped }),
        };
      });
      return diagnose(log).headline;
    },
  },
});
