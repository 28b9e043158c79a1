/**
 * The file of a sweep: a JSON object a line, in the order of the tasks, written as far as that order is known. A sweep
 * that was killed goes on behind its last whole line.
 */

import { closeSync, existsSync, ftruncateSync, openSync, readFileSync, writeSync } from 'node:fs';
import { toJson } from '../../../src/index.js';
import { UsageError } from '../../errors.js';
import { reviveNumber } from '../demo/json.js';
import { askedOf, type SweepRow, type SweepTask } from './tasks.js';

/** The rows that are there, and a writer of those to come. */
export class RowFile {
  readonly rows: SweepRow[];
  readonly #file: number;
  /** Where the next row goes. */
  #at: number;
  /** Rows that came before one that stands before them. */
  readonly #early = new Map<number, SweepRow>();

  /** Opens a file for the rows of these tasks. Throws UsageError where it holds those of another sweep. */
  constructor(path: string, tasks: readonly SweepTask[]) {
    const text = existsSync(path) ? readFileSync(path, 'utf8') : '';
    // A line that was cut off by a kill has no end.
    const whole = text.slice(0, text.lastIndexOf('\n') + 1);
    this.rows = whole
      .split('\n')
      .slice(0, -1)
      .map((line, i) => rowOf(line, path, i, tasks[i]));
    checkCut(text.slice(whole.length), path, this.rows.length, tasks[this.rows.length]);
    this.#file = openSync(path, existsSync(path) ? 'r+' : 'w');
    ftruncateSync(this.#file, Buffer.byteLength(whole));
    this.#at = Buffer.byteLength(whole);
  }

  /** Takes the row of task i, and writes all whose turn has come. */
  add(i: number, row: SweepRow): void {
    this.#early.set(i, row);
    for (let next = this.#early.get(this.rows.length); next; next = this.#early.get(this.rows.length)) {
      this.#early.delete(this.rows.length);
      this.#at += writeSync(this.#file, `${toJson(next)}\n`, this.#at);
      this.rows.push(next);
    }
  }

  close(): void {
    closeSync(this.#file);
  }
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
    `sweep: line ${i + 1} of '${path}' is not of this sweep; name another file with --out`,
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
