/**
 * A log by columns: a few dozen bytes a step however it was written, so that a log of millions of rows can be added
 * row by row and then judged whole.
 */

import type { LoggedStep } from './logged-step.js';

/** Distinct batches beyond which their names are no longer kept: so many rarely come back, and each costs memory. */
const MOST_BATCHES = 100_000;

/** Two float32 norms of the same gradients, summed in another order, differ by less than this share of themselves. */
const ROUNDING = 1e-5;

/** The numeric columns: NaN where the log is silent, ∞ where it says NaN or ±∞. */
const names = ['step', 'loss', 'norm', 'normAfter', 'lr', 'clipped', 'batch'] as const;

type Column = (typeof names)[number];

/** The rows added so far. */
export class LogColumns {
  #length = 0;
  #capacity = 1024;
  /** Columns that hold a number; the others share one that is silent. */
  readonly #columns: Partial<Record<Column, Float64Array>> = {};
  #silent: Float64Array = new Float64Array(0);
  readonly #batchIds = new Map<number | string, number>();
  #tooManyBatches = false;
  #firstNorms: LoggedStep['norms'] | null = null;
  /** What was made of the rows so far, by name. */
  readonly #made = new Map<string, unknown>();

  /** The columns of a log, or the log itself where it is columns already. */
  static from(log: Iterable<LoggedStep> | LogColumns): LogColumns {
    if (log instanceof LogColumns) return log;
    const columns = new LogColumns();
    for (const step of log) columns.add(step);
    return columns;
  }

  get length(): number {
    return this.#length;
  }

  /** Names of the batches; the column `batch` holds places in this list. Empty if there are none or too many. */
  get batches(): readonly (number | string)[] {
    return this.#tooManyBatches ? [] : [...this.#batchIds.keys()];
  }

  /** Norms per parameter of the first row; null where it has none. */
  get firstNorms(): LoggedStep['norms'] | null {
    return this.#firstNorms;
  }

  /** One column: NaN where the log is silent, ∞ where it says NaN or ±∞; `clipped` is 0 or 1. A view, not to be kept. */
  column(name: Column): Float64Array {
    const values = this.#columns[name];
    if (values !== undefined) return values.subarray(0, this.#length);
    if (this.#silent.length < this.#length) this.#silent = silentColumn(this.#capacity);
    return this.#silent.subarray(0, this.#length);
  }

  /** What `make` makes of the rows, made once: several checks ask for the same, and a log may have millions of rows. */
  once<T>(name: string, make: () => T): T {
    if (!this.#made.has(name)) this.#made.set(name, make());
    return this.#made.get(name) as T;
  }

  /** Adds a row. Where it does not say whether it was clipped, the norms before and after do. */
  add(row: LoggedStep): void {
    if (this.#length === this.#capacity) this.#grow();
    if (this.#made.size > 0) this.#made.clear();
    const { norm, normAfter, clipped = isShortened(row), norms = null } = row;
    if (this.#length === 0) this.#firstNorms = norms;
    this.#set('step', row.step);
    this.#set('loss', row.loss);
    this.#set('norm', norm);
    this.#set('normAfter', normAfter);
    this.#set('lr', row.lr);
    this.#set('clipped', clipped === undefined ? undefined : Number(clipped));
    this.#set('batch', row.batch === undefined ? undefined : this.#batchId(row.batch));
    this.#length++;
  }

  /** Says of each row that does not say it whether a threshold clipped it. */
  markClipped(threshold: number): void {
    const { norm } = this.#columns;
    if (norm === undefined) return;
    this.#made.clear();
    this.#columns.clipped ??= silentColumn(this.#capacity);
    const { clipped } = this.#columns;
    for (let i = 0; i < this.#length; i++) {
      if (Number.isNaN(clipped[i]) && !Number.isNaN(norm[i])) clipped[i] = Number(norm[i] > threshold);
    }
  }

  /** Forgets the rows from a place on, as those that a run went back behind. */
  cut(length: number): void {
    this.#length = Math.min(this.#length, length);
    this.#made.clear();
  }

  #set(name: Column, value: number | undefined): void {
    const known =
      value === undefined ? Number.NaN : Number.isFinite(value) ? value : Number.POSITIVE_INFINITY;
    let values = this.#columns[name];
    if (values === undefined) {
      if (value === undefined) return;
      values = silentColumn(this.#capacity);
      this.#columns[name] = values;
    }
    values[this.#length] = known;
  }

  #batchId(batch: number | string): number | undefined {
    let id = this.#batchIds.get(batch);
    if (id === undefined && !this.#tooManyBatches) {
      id = this.#batchIds.size;
      this.#batchIds.set(batch, id);
      this.#tooManyBatches = id >= MOST_BATCHES;
      if (this.#tooManyBatches) this.#batchIds.clear();
    }
    return this.#tooManyBatches ? undefined : id;
  }

  #grow(): void {
    this.#capacity *= 2;
    for (const name of names) {
      const values = this.#columns[name];
      if (values === undefined) continue;
      const longer = silentColumn(this.#capacity);
      longer.set(values);
      this.#columns[name] = longer;
    }
  }
}

const silentColumn = (length: number): Float64Array => new Float64Array(length).fill(Number.NaN);

/** Whether the norm after clipping is below the one before, by more than rounding; undefined where the row has not both. */
function isShortened({ norm, normAfter }: LoggedStep): boolean | undefined {
  return norm === undefined || normAfter === undefined ? undefined : normAfter < norm * (1 - ROUNDING);
}
