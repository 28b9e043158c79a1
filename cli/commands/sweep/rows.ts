/**
 * The file of a sweep: a JSON object a line, in the order of the tasks, written as far as that order is known. A sweep
 * that was killed goes on behind its last whole line. Lines of a part of a sweep begin with their place in the whole.
 */

import { createHash } from 'node:crypto';
import { LineFile, printable } from '../../../src/persist/files/index.js';
import { toJson } from '../../../src/persist/index.js';
import { UsageError } from '../../errors.js';
import { type Shard, shardOf } from '../../shard.js';
import { reviveNumber } from '../demo/json.js';
import { askedOf, type Place, type SweepRow, type SweepTask } from './tasks.js';

/** A training of this run, and its place where the run is a part of a sweep. */
export interface Placed {
  readonly task: SweepTask;
  readonly place?: Place;
}

/** The trainings of a part of a sweep, or all of them. */
export function placed(tasks: readonly SweepTask[], shard: Shard | undefined): readonly Placed[] {
  if (!shard) return tasks.map((task) => ({ task }));
  const sweep = markOf(tasks);
  const all = tasks.map((task, i) => ({ task, place: { task: i, of: tasks.length, sweep } }));
  return shardOf(all, shard);
}

/** The file of a sweep where none is named: another for every sweep and part, the same for the same. */
export function defaultName(tasks: readonly SweepTask[], shard: Shard | undefined): string {
  const part = shard ? `.${shard.index}-of-${shard.count}` : '';
  return `sweep-${tasks[0].demo}-${markOf(tasks)}${part}.jsonl`;
}

/** Eight digits of a hash over all that a sweep asks for. */
function markOf(tasks: readonly SweepTask[]): string {
  return createHash('sha256')
    .update(toJson(tasks.map(askedOf)))
    .digest('hex')
    .slice(0, 8);
}

/** The rows that are there, and a writer of those to come. */
export class RowFile {
  readonly rows: SweepRow[] = [];
  readonly #tasks: readonly Placed[];
  readonly #file: LineFile;
  /** Rows that arrived before an earlier one of the list. */
  readonly #early = new Map<number, SweepRow>();

  /** Opens a file for the rows of these tasks. Throws UsageError if it holds those of another sweep. */
  constructor(path: string, tasks: readonly Placed[]) {
    this.#tasks = tasks;
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
      this.#file.write(toJson({ ...this.#tasks[this.rows.length].place, ...next }));
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
function wholeRows(text: string, path: string, tasks: readonly Placed[]) {
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

function rowOf(line: string, path: string, i: number, task: Placed | undefined): SweepRow {
  const row = parseRow(line);
  if (row && task && toJson(headOf(row)) === headFor(task)) return row.row;
  throw foreign(path, i);
}

/** Throws unless what was cut off is the beginning of the row of a task: it will be written over. */
function checkCut(cut: string, path: string, i: number, task: Placed | undefined): void {
  const beginning = task ? headFor(task).slice(0, -1) : '';
  if (cut.startsWith(beginning.slice(0, cut.length)) && (task || cut === '')) return;
  throw foreign(path, i);
}

function foreign(path: string, i: number): UsageError {
  return new UsageError(
    `sweep: line ${i + 1} of '${printable(path)}' is not of this sweep; name another file with --out`,
  );
}

/** How the line of a training begins: its place and what it was asked for. */
function headFor({ task, place }: Placed): string {
  return toJson({ ...place, ...askedOf(task) });
}

function headOf({ row: { demo, clip, lr, seed, settings }, place }: PlacedRow) {
  return { ...place, demo, clip, lr, seed, settings };
}

/** A row, and its place where its line says one. */
export interface PlacedRow {
  readonly row: SweepRow;
  readonly place?: Place;
}

/** The row of a line; null where the line is not one. */
export function parseRow(line: string): PlacedRow | null {
  try {
    const found = JSON.parse(line, reviveNumber) as unknown;
    if (typeof found !== 'object' || found === null) return null;
    const { task, of, sweep, ...row } = found as SweepRow & Partial<Place>;
    const isPart = task !== undefined && of !== undefined && sweep !== undefined;
    return isPart ? { row, place: { task, of, sweep } } : { row };
  } catch {
    return null;
  }
}
