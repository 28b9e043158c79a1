/** Values by tag and step, as they come one by one: joined to rows of a step. */

import type { Broken, Table } from './table.js';

const STEP = 'step';

/** Joins values to the rows of a table. */
export class Series {
  readonly table: Table;
  /** Row at which the steps that rise began. */
  #start = 0;
  /** The step of the row that is open; NaN without one. */
  #step = Number.NaN;

  constructor(table: Table) {
    this.table = table;
  }

  get broken(): Broken {
    return this.table.broken;
  }

  /** Adds the value of a tag at a step, whatever was added before. */
  add(tag: string, step: number, value: number, line: number): void {
    const { table } = this;
    const column = table.column(tag);
    if (column === null) return;
    if (column.keeps === null) {
      column.put(0, value, line);
      return;
    }
    const isOfOpenRow = step === this.#step && !table.has(column);
    if (!isOfOpenRow) {
      this.end();
      if (this.#fills(column, step, value)) return;
    }
    if (Number.isNaN(this.#step)) {
      this.#step = step;
      table.put(table.column(STEP), step, line);
    }
    table.put(column, value, line);
  }

  /** Ends the row that is open. */
  end(): void {
    if (Number.isNaN(this.#step)) return;
    this.table.endRow();
    this.#step = Number.NaN;
  }

  /** Puts a value into the row of its step, if there is one that lacks it. A tag that comes again began anew: so do the rows. */
  #fills(column: NonNullable<ReturnType<Table['column']>>, step: number, value: number): boolean {
    const { table } = this;
    const steps = table.column(STEP)!.values;
    if (this.#start > table.length) this.#start = 0;
    if (table.length === this.#start || step > steps[table.length - 1]) return false;
    let [low, high] = [this.#start, table.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle] < step) low = middle + 1;
      else high = middle;
    }
    if (steps[low] === step && !table.has(column, low)) {
      table.fill(column, low, value);
      return true;
    }
    // A step between those that are known is a row at the end, which is sorted in later.
    this.#start = table.length;
    return false;
  }
}
