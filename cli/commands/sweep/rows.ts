/**
 * The file of a sweep: a JSON object a line, in the order of the tasks, written as far as that order is known. A sweep
 * that was killed goes on behind its last whole line.
 */

import { toJson } from '../../../src/index.js';
import { LineFile, printable } from '../../../src/persist/files/index.js';
import { UsageError } from '../../errors.js';
import { reviveNumber } from '../demo/json.js';
import { askedOf, type SweepRow, type SweepTask } from './tasks.js';

/** The rows that are there, and a writer of those to come. */
export class RowFile {
  readonly rows: SweepRow[] = [];
  readonly #file: LineFile;
  /** Rows that came before one that stands before them. */
  readonly #early = new Map<number, SweepRow>();

  /** Opens a file for the rows of these tasks. Throws UsageError where it holds those of another sweep. */
  constructor(path: string, tasks: readonly SweepTask[]) {
    this.#file = new LineFile('sweep', path, (text) => {
      const { rows, length } = wholeRows(text, path, tasks);
      this.rows.push(...rows);
      return length;
    });
  }

  /** Takes the row of task i, and writes all whose turn has come. */
  add(i: number, row: SweepRow): void {
    this.#early.set(i, row);
    for (let next = this.#early.get(this.rows.length); next; next = this.#early.get(this.rows.length)) {
      this.#early.delete(this.rows.length);
      this.#file.write(toJson(next));
      this.rows.push(next);
    }
  }

  close(): void {
    this.#file.close();
  }
}

/**
 * The rows at the beginning of a text, and how many characters they take. What follows them must be what a kill or a power
 * cut leaves: the beginning of the next row, and zeros where the disk had not got the bytes yet.
 */
function wholeRows(text: string, path: string, tasks: readonly SweepTask[]) {
  const zeros = text.indexOf('\0');
  const written = zeros < 0 ? text : text.slice(0, zeros);
  const length = written.lastIndexOf('\n') + 1;
  const lines = written.slice(0, length).split('\n').slice(0, -1);
  const rows = lines.map((line, i) => rowOf(line, path, i, tasks[i]));
  checkCut(written.slice(length), path, rows.length, tasks[rows.length]);
  // Zeros in front of something that is not ours are somebody's binary file.
  if (zeros >= 0 && length === 0 && /[^\0]/.test(text.slice(zeros))) throw foreign(path, 0);
  return { rows, length };
}

function rowOf(line: string, path: string, i: number, task: SweepTask | undefined): SweepRow {
  const row = parsed(line);
  if (row && task && isOf(row, task)) return row;
  throw foreign(path, i);
}

/** Throws unless what was cut off is the beginning of the row of a task: it will be written over. */
function checkCut(cut: string, path: string, i: number, task: SweepTask | undefined): void {
  const beginning = task ? toJson(askedOf(task)).slice(0, -1) : '';
  if (cut.startsWith(beginning.slice(0, cut.length)) && (task || cut === '')) return;
  throw foreign(path, i);
}

function foreign(path: string, i: number): UsageError {
  return new UsageError(
    `sweep: line ${i + 1} of '${printable(path)}' is not of this sweep; name another file with --out`,
  );
}

/** Whether a row answers all that a task asks for. */
function isOf({ demo, clip, lr, seed, settings }: SweepRow, task: SweepTask): boolean {
  return toJson({ demo, clip, lr, seed, settings }) === toJson(askedOf(task));
}

function parsed(line: string): SweepRow | null {
  try {
    return JSON.parse(line, reviveNumber) as SweepRow | null;
  } catch {
    return null;
  }
}
