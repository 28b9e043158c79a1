/** A log that is being written: read as it grows, judged anew, told when the verdict changes. */

import { closeSync, openSync, readSync } from 'node:fs';
import { setTimeout as wait } from 'node:timers/promises';
import {
  type Cause,
  type JudgedLog,
  judgeLog,
  LogError,
  LogReader,
  logOf,
} from '../../../src/diagnose/index.js';
import { type AdviseOptions, alarmsIn, asSaidHere, namedColumns } from './options.js';
import { sourceOf, statOf } from './sources.js';
import { tellJudged } from './tell.js';
import { headlineOf, runInSentence } from './words.js';

/** Milliseconds between two looks at the file; judging may take a fifth of the time. */
const INTERVAL = 500;
const SHARE = 4;
/** Bytes read at a time, and bytes before the end that tell whether a file was written anew. */
const PIECE = 1 << 20;
const REMEMBERED = 64;
const CLEAR = '\u001b[2J\u001b[H';

/**
 * Follows a file, or stdin for `-`, until an alarm, the end of stdin or Ctrl-C. Returns the last judgement. Throws an
 * error where there was none.
 */
export async function follow(path: string, options: AdviseOptions, signal: AbortSignal): Promise<JudgedLog> {
  const watch = new Watch(path, options);
  for await (const piece of path === '-'
    ? piecesOfStdin(signal)
    : piecesOfFile(path, signal, () => watch.restart())) {
    if (piece.length > 0) watch.push(piece);
    if (watch.look(piece.length === 0)) break;
  }
  return watch.end(signal.aborted);
}

/** What was read so far and what was said of it. */
class Watch {
  readonly #path: string;
  readonly #options: AdviseOptions;
  #reader: LogReader;
  #judged: JudgedLog | null = null;
  #said = '';
  #isNew = false;
  /** Before this time nothing is judged: a long log must not be judged all the time. */
  #next = 0;

  constructor(path: string, options: AdviseOptions) {
    this.#path = path;
    this.#options = options;
    this.#reader = this.#newReader();
  }

  #newReader(): LogReader {
    return new LogReader(this.#path === '-' ? 'stdin' : this.#path, namedColumns(this.#options));
  }

  push(piece: Uint8Array): void {
    this.#reader.push(piece);
    this.#isNew = true;
  }

  restart(): void {
    this.#reader = this.#newReader();
  }

  /** Judges what is new, if it is time; returns whether there is an alarm. */
  look(isIdle: boolean): boolean {
    const start = performance.now();
    if (!this.#isNew || (start < this.#next && !isIdle) || start < this.#next - SHARE * INTERVAL)
      return false;
    this.#isNew = false;
    try {
      this.#judged = this.#judge(false, false);
    } catch (error) {
      if (!(error instanceof LogError)) throw error;
      // Too little yet.
      return false;
    }
    this.#say(this.#judged);
    const end = performance.now();
    this.#next = end + Math.max(INTERVAL, SHARE * (end - start));
    return alarmsIn(this.#judged, this.#options.failOn).length > 0;
  }

  /** The last word on what was read. */
  end(interrupted: boolean): JudgedLog {
    try {
      return this.#judge(true, interrupted);
    } catch (error) {
      if (this.#judged !== null && error instanceof LogError) return this.#judged;
      throw asSaidHere(error);
    }
  }

  #judge(isEnd: boolean, interrupted: boolean): JudgedLog {
    const columns = namedColumns(this.#options);
    return judgeLog(logOf([this.#reader], { columns, isEnd, interrupted }), { clip: this.#options.clip });
  }

  /** On a terminal the whole view, anew; in a pipe a line for each change of a verdict. */
  #say(log: JudgedLog): void {
    const { json, quiet } = this.#options;
    if (json || quiet) return;
    const causes = (log.judged.map(({ diagnosis }) => diagnosis.headline.cause) as readonly Cause[]).join();
    if (process.stdout.isTTY) {
      process.stdout.write(
        `${CLEAR}${tellJudged(log, process.stdout)}\nFollowing ${this.#path}; Ctrl-C ends.\n`,
      );
    } else if (causes !== this.#said) {
      for (const [i, each] of log.judged.entries()) {
        const who = log.judged.length > 1 ? `${runInSentence(each, i)}, ` : '';
        const steps = each.run.columns.column('step');
        process.stdout.write(
          `${who}step ${steps[steps.length - 1]}: ${headlineOf(each.diagnosis.headline)}\n`,
        );
      }
    }
    this.#said = causes;
  }
}

async function* piecesOfStdin(signal: AbortSignal): AsyncGenerator<Uint8Array> {
  for await (const piece of sourceOf('-', signal).chunks) yield piece;
}

/** What is appended to a file, as it comes; an empty piece when nothing did. A file that was written anew is read from its start. */
async function* piecesOfFile(
  path: string,
  signal: AbortSignal,
  restart: () => void,
): AsyncGenerator<Uint8Array> {
  let offset = 0;
  let last = Buffer.alloc(0);
  while (!signal.aborted) {
    const { size } = statOf(path);
    if (size < offset || (size > offset && !last.equals(read(path, offset - last.length, last.length)))) {
      [offset, last] = [0, Buffer.alloc(0)];
      restart();
    }
    if (size === offset) {
      yield Buffer.alloc(0);
      await wait(INTERVAL, undefined, { signal }).catch(() => {});
      continue;
    }
    const piece = read(path, offset, Math.min(PIECE, size - offset));
    offset += piece.length;
    last = Buffer.concat([last, piece.subarray(-REMEMBERED)]).subarray(-REMEMBERED);
    yield piece;
  }
}

function read(path: string, from: number, length: number): Buffer<ArrayBuffer> {
  const buffer = Buffer.alloc(length);
  const file = openSync(path, 'r');
  try {
    return buffer.subarray(0, readSync(file, buffer, 0, length, from));
  } finally {
    closeSync(file);
  }
}
