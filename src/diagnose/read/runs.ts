/** The runs that a table holds: told apart, each with its steps in one count, and what was left out of each. */

import { LogColumns } from '../log-columns.js';
import type { LoggedStep } from '../logged-step.js';
import { type Chosen, countsEpochs, type Parts } from './columns.js';
import { type Role, splitOf } from './names.js';
import type { Column, Table } from './table.js';

/** Runs that are told apart by their steps; more beginnings are those of epochs. */
const MOST_RUNS = 32;
/** Rows from which newest-first is told. */
const FEW = 3;
/** Share of pairs of neighbours that fall where the newest row is the first. */
const FALLING = 0.9;
/** Share of rows at which steps go back, beyond which they are in disorder and are sorted. */
const DISORDER = 0.02;
const MOST_RESUMES = 20;
/** Rows without a number at the end that are no accident, and the share of such rows before that makes them ordinary. */
const FEWEST_SILENT = 2;
const ORDINARY = 0.1;
/** Rows of one epoch, beyond which the epoch is no step. */
const ROWS_OF_EPOCH = 1.5;

/** A row of a log as it is read. */
interface Row {
  readonly step?: number;
  readonly epoch?: number;
  readonly loss?: number;
  readonly norm?: number;
  readonly normAfter?: number;
  readonly clipped?: boolean;
  readonly lr?: number;
  readonly batch?: number | string;
  readonly norms?: LoggedStep['norms'];
}

/** One run. */
export interface Run {
  /** What tells it from the others: `clip norm:1`, the name of its file; empty where it is alone. */
  readonly label: string;
  /** The rows that are kept. */
  readonly columns: LogColumns;
  /** Rows with a loss or a norm, kept or not. */
  readonly rows: number;
  /** Whether its steps start over with each epoch, and were counted on. */
  readonly isCountedOn: boolean;
  /** Steps from which it went on from a checkpoint, and how many rows that undid. */
  readonly resumedAt: readonly number[];
  readonly repeated: number;
  /** Rows that repeat the step before, as those of several processes do. */
  readonly sameStep: number;
  /** Rows at its end that lack what all rows before have. */
  readonly silentTail: number;
}

/** The runs of a table and what was left out. */
export interface Runs {
  readonly runs: readonly Run[];
  /** Rows of other data than training's, without loss and norm, without a step where others have one. */
  readonly others: number;
  readonly silent: number;
  readonly stepless: number;
  readonly isReversed: boolean;
  readonly isSorted: boolean;
  /** Whether the column of steps counts epochs with several rows each: then rows are counted. */
  readonly countsRows: boolean;
}

/** Makes runs of the rows of a table. */
export function runsIn(table: Table, chosen: Chosen): Runs {
  const cells = new Cells(table, chosen);
  const order = new Order(cells);
  const groups = new Map<string, RunBuilder>();
  const all: RunBuilder[] = [];
  let [others, stepless] = [0, 0];
  const counted = new Set<string>();
  let beginnings = 0;
  const add = (i: number): void => {
    if (cells.isOther(i)) {
      others++;
      return;
    }
    const row = cells.row(i, order.countsRows);
    if (row.step === undefined && order.needsSteps && (row.loss !== undefined || row.norm !== undefined)) {
      stepless++;
      return;
    }
    const label = cells.label(i);
    let run = groups.get(label);
    const isBeginning = run !== undefined && !run.goesOnWith(row);
    if (isBeginning && !counted.has(label) && ++beginnings >= MOST_RUNS) {
      // So many beginnings are those of epochs that nothing names.
      counted.add(label);
    }
    if (run === undefined || (isBeginning && !counted.has(label))) {
      run = new RunBuilder(label, order.isSorted);
      all.push(run);
      groups.set(label, run);
    } else if (isBeginning) run.countOn(row);
    run.add(row, table.isEmptyAt(i));
  };
  order.forEach(add);
  for (const run of all) run.end();
  const runs = all.filter(({ rows }) => rows > 0);
  return {
    runs,
    others,
    silent: all.reduce((sum, run) => sum + run.silent, 0),
    stepless,
    isReversed: order.isReversed,
    isSorted: order.isSorted,
    countsRows: order.countsRows,
  };
}

/** The cells of the columns chosen. */
class Cells {
  readonly table: Table;
  readonly chosen: Chosen;
  readonly #values: Partial<Record<Role, Float64Array>>;
  readonly #parts: Partial<Record<'loss' | 'norm', Parts>>;
  readonly #batch: Column | undefined;

  constructor(table: Table, chosen: Chosen) {
    this.table = table;
    this.chosen = chosen;
    this.#values = Object.fromEntries(
      Object.entries(chosen.columns).map(([role, { column }]) => [role, column.values]),
    );
    this.#parts = Object.fromEntries(chosen.parts.map((parts) => [parts.role, parts]));
    this.#batch = chosen.columns.batch?.column;
  }

  at(role: Role, i: number): number | undefined {
    const value = this.#values[role]?.[i];
    return value === undefined || Number.isNaN(value) ? undefined : value;
  }

  /** A loss or norm, or what its parts make. */
  judged(role: 'loss' | 'norm', i: number): number | undefined {
    const parts = this.#parts[role];
    if (parts === undefined) return this.at(role, i);
    let [sum, known] = [0, 0];
    for (const { column } of parts.columns) {
      const value = i < column.values.length ? column.values[i] : Number.NaN;
      if (Number.isNaN(value)) continue;
      known++;
      sum += role === 'norm' ? value * value : value;
    }
    // A part that is missing would make a loss that falls.
    if (known < parts.columns.length) return undefined;
    return role === 'norm' ? Math.sqrt(sum) : sum;
  }

  isOther(i: number): boolean {
    const { split } = this.chosen;
    if (split === null || i >= split.values.length || Number.isNaN(split.values[i])) return false;
    return splitOf(split.names[split.values[i]]) === 'other';
  }

  label(i: number): string {
    const { labels } = this.chosen;
    if (labels.length === 0) return '';
    return labels
      .map(
        ({ name, column }) =>
          `${name} ${(i < column.values.length ? column.names[column.values[i]] : undefined) ?? 'none'}`,
      )
      .join(', ');
  }

  row(i: number, countsRows: boolean): Row {
    const clipped = this.at('clipped', i);
    const batch =
      this.#batch === undefined
        ? undefined
        : this.#batch.keeps === 'name'
          ? this.#batch.names[this.#batch.values[i]]
          : this.at('batch', i);
    return {
      step: countsRows ? undefined : this.at('step', i),
      epoch: countsRows ? undefined : this.at('epoch', i),
      loss: this.judged('loss', i),
      norm: this.judged('norm', i),
      normAfter: this.at('normAfter', i),
      clipped: clipped === undefined ? undefined : clipped === 1,
      lr: this.at('lr', i),
      batch,
      norms: this.table.norms.get(i),
    };
  }

  isJudged(i: number): boolean {
    return !this.isOther(i) && (this.judged('loss', i) !== undefined || this.judged('norm', i) !== undefined);
  }
}

/** In which order rows are to be taken, and what their steps are worth. */
class Order {
  readonly isReversed: boolean;
  readonly isSorted: boolean;
  readonly needsSteps: boolean;
  readonly countsRows: boolean;
  readonly #cells: Cells;

  constructor(cells: Cells) {
    this.#cells = cells;
    const { length } = cells.table;
    const last = new Map<string, number>();
    const first = new Map<string, number>();
    let [rows, stepped, rises, falls, same, back] = [0, 0, 0, 0, 0, 0];
    for (let i = 0; i < length; i++) {
      if (!cells.isJudged(i)) continue;
      rows++;
      const step = cells.at('step', i);
      if (step === undefined) continue;
      stepped++;
      const label = cells.label(i);
      const before = last.get(label);
      if (before === undefined) first.set(label, step);
      else if (step > before) rises++;
      else if (step === before) same++;
      else {
        falls++;
        if (step > first.get(label)!) back++;
      }
      last.set(label, step);
    }
    this.isReversed = rows >= FEW && falls >= FALLING * (rises + falls) && falls > 1;
    this.isSorted = !this.isReversed && back > Math.max(MOST_RESUMES, DISORDER * rows);
    this.countsRows =
      countsEpochs(cells.chosen) &&
      stepped > ROWS_OF_EPOCH * (stepped - same) &&
      !completesItself(cells, length);
    this.needsSteps = !this.countsRows && stepped > 0 && 2 * stepped >= rows;
  }

  forEach(take: (i: number) => void): void {
    const { length } = this.#cells.table;
    if (this.isReversed) for (let i = length - 1; i >= 0; i--) take(i);
    else if (this.isSorted) {
      const rows = Int32Array.from({ length }, (_, i) => i);
      const step = (i: number): number => this.#cells.at('step', i) ?? Infinity;
      rows.sort((a, b) => step(a) - step(b) || a - b);
      rows.forEach(take);
    } else for (let i = 0; i < length; i++) take(i);
  }
}

/** Whether rows of one step hardly ever say the same thing twice: they are one row. */
function completesItself(cells: Cells, length: number): boolean {
  let [repeated, last, loss, norm] = [0, Number.NaN, false, false];
  for (let i = 0; i < length; i++) {
    if (!cells.isJudged(i)) continue;
    const step = cells.at('step', i) ?? Number.NaN;
    const [hasLoss, hasNorm] = [cells.judged('loss', i) !== undefined, cells.judged('norm', i) !== undefined];
    if (step === last && ((loss && hasLoss) || (norm && hasNorm))) repeated++;
    if (step !== last) [loss, norm] = [false, false];
    [last, loss, norm] = [step, loss || hasLoss, norm || hasNorm];
  }
  return repeated === 0;
}

/** A run that is being filled. */
class RunBuilder implements Run {
  readonly label: string;
  readonly columns = new LogColumns();
  rows = 0;
  isCountedOn = false;
  readonly resumedAt: number[] = [];
  repeated = 0;
  sameStep = 0;
  /** Rows without loss and norm. */
  silent = 0;
  silentTail = 0;
  readonly #isSorted: boolean;
  /** The last row, which the next one may complete. */
  #pending: (Row & { readonly step: number }) | null = null;
  #first = 0;
  /** Of the last row: its step as the log has it, and in one count; its distance to the step before; its epoch. */
  #raw = -1;
  #step = -1;
  #gap = 1;
  #epoch = Number.NaN;
  /** What makes one count of steps that start over. */
  #offset = 0;
  /** Rows since the last number that lack loss and norm, and all such rows. */
  #tail: number[] = [];
  #empty = 0;

  constructor(label: string, isSorted: boolean) {
    this.label = label;
    this.#isSorted = isSorted;
  }

  /** Whether a row is of this run: its step does not start over, or does so because an epoch began. */
  goesOnWith({ step = Infinity, epoch = Number.NaN, loss, norm }: Row): boolean {
    if (loss === undefined && norm === undefined) return true;
    return !(step < this.#raw && step <= this.#first) || epoch > this.#epoch;
  }

  /** Counts on from here, though the step starts over. */
  countOn({ step = 0 }: Row): void {
    this.#offset = this.#step + this.#gap - step;
    this.isCountedOn = true;
  }

  /** Takes a row. Rows of one step that complete each other are one row. */
  add(row: Row, isEmpty: boolean): void {
    const isSilent = row.loss === undefined && row.norm === undefined;
    const step = isSilent ? (row.step ?? this.#raw + 1) + this.#offset : this.#count(row);
    const pending = this.#pending;
    if (pending !== null && pending.step === step && completes(pending, row)) {
      this.#pending = { ...known(pending), ...known(row), step };
      return;
    }
    if (isSilent) {
      if (isEmpty) this.#silent(step);
      if (isEmpty || pending?.step === step || !this.#waitsFor(row, step)) this.silent++;
      return;
    }
    if (pending !== null && pending.step === step && isJudged(pending) && !this.#isSorted) {
      // The same step again, as of several processes: the first is taken.
      this.sameStep++;
      return;
    }
    this.#flush();
    this.#pending = { ...row, step };
  }

  /** Whether a row has a rate or a batch but no loss yet: the next row of the step may have it. */
  #waitsFor(row: Row, step: number): boolean {
    const { lr, batch, norms, normAfter } = row;
    if (row.step === undefined || [lr, batch, norms, normAfter].every((each) => each === undefined))
      return false;
    this.#flush();
    this.#pending = { ...row, step };
    return true;
  }

  #silent(step: number): void {
    this.#flush();
    this.#empty++;
    if (this.#tail.length < 1e5) this.#tail.push(step);
  }

  /** The step of a row in one count. */
  #count({ step: raw = this.#raw + 1, epoch = Number.NaN }: Row): number {
    if (this.#raw === -1 && this.#step === -1) this.#first = raw;
    else if (epoch > this.#epoch && raw <= this.#first && raw <= this.#raw) {
      this.#offset = this.#step + this.#gap - raw;
      this.isCountedOn = true;
    }
    const step = raw + this.#offset;
    if (this.#step !== -1 && step > this.#step) this.#gap = step - this.#step;
    if (step < this.#step) this.#resume(step);
    [this.#raw, this.#step, this.#epoch] = [raw, step, epoch];
    return step;
  }

  /** Goes back to a step that is known: what was read from there on was undone. */
  #resume(step: number): void {
    this.#flush();
    const steps = this.columns.column('step');
    let [low, high] = [0, steps.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if (steps[middle] < step) low = middle + 1;
      else high = middle;
    }
    const undone = steps.length - low;
    if (undone === 0) return;
    this.repeated += undone;
    this.rows -= undone;
    if (this.resumedAt.length < 100) this.resumedAt.push(step);
    this.columns.cut(low);
  }

  #flush(): void {
    const row = this.#pending;
    this.#pending = null;
    if (row !== null && !isJudged(row)) this.silent++;
    if (row === null || !isJudged(row)) return;
    this.#tail = [];
    this.columns.add(row);
    this.rows++;
  }

  /** Ends the run: rows at its end that lack what all others have are part of it. */
  end(): void {
    this.#flush();
    const inside = this.#empty - this.#tail.length;
    if (this.#tail.length < FEWEST_SILENT || inside > ORDINARY * this.rows || this.rows < FEW) return;
    for (const step of this.#tail) this.columns.add({ step });
    this.silentTail = this.#tail.length;
  }
}

const isJudged = ({ loss, norm }: Row): boolean => loss !== undefined || norm !== undefined;
const told = ['loss', 'norm', 'normAfter', 'clipped', 'lr', 'batch', 'norms'] as const;

/** Whether no two rows say the same thing twice, but for the rate, which belongs to the step. */
function completes(before: Row, row: Row): boolean {
  return told.every(
    (name) =>
      before[name] === undefined || row[name] === undefined || (name === 'lr' && before.lr === row.lr),
  );
}

function known(row: Row): Partial<Row> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}
