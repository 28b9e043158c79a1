/** The runs of a log, filled row by row: told apart, each with its steps in one count, and thinned where there are too many rows. */

import { LogColumns, type LoggedStep } from '../../../src/index.js';

/** Rows that are kept, of all runs together; where there are more, every second one goes. */
export const MOST_ROWS = 2 ** 20;
/** Runs that are told apart. */
const MOST_RUNS = 32;

/** A row of a log as it is read. */
export interface Row extends Omit<LoggedStep, 'step'> {
  readonly step?: number;
  readonly epoch?: number;
}

/** One run. */
export interface Run {
  /** What the columns say that name runs: `latch, norm:1`; empty where there are none. */
  readonly label: string;
  /** The rows that are kept. */
  readonly columns: LogColumns;
  /** Rows with a loss or a norm, kept or not. */
  readonly rows: number;
  /** Whether its steps start over with each epoch, and were counted on. */
  readonly isCountedOn: boolean;
}

/** All runs of a log. */
export class Runs {
  readonly #all: OpenRun[] = [];
  readonly #latest = new Map<string, OpenRun>();
  readonly #most: number;
  #kept = 0;
  #stride = 1;

  /** Keeps at most `most` rows. */
  constructor(most: number = MOST_ROWS) {
    this.#most = most;
  }

  get all(): readonly Run[] {
    return this.#all.filter(({ rows }) => rows > 0);
  }

  /** One row in so many is kept. */
  get stride(): number {
    return this.#stride;
  }

  /** Rows with neither loss nor norm. */
  get silent(): number {
    return this.#all.reduce((sum, run) => sum + run.silent, 0);
  }

  /** Adds a row of the run of this label. Throws an Error where there are more runs than anyone looks at. */
  add(row: Row, label: string): void {
    let run = this.#latest.get(label);
    if (!run?.goesOnWith(row)) {
      if (this.#all.length === MOST_RUNS) throw new Error(tooManyRuns);
      run = new OpenRun(label);
      this.#all.push(run);
      this.#latest.set(label, run);
    }
    this.#keep(run.add(row, this.#stride));
  }

  /** Adds what waits for more of its step. */
  end(): void {
    for (const run of this.#all) this.#keep(run.flush(this.#stride));
  }

  #keep(isKept: boolean): void {
    if (isKept) this.#kept++;
    if (this.#kept < this.#most) return;
    for (const run of this.#all) run.halve();
    this.#kept = this.#all.reduce((sum, { columns }) => sum + columns.length, 0);
    this.#stride *= 2;
  }
}

const tooManyRuns = `advise: the log falls into more than ${MOST_RUNS} runs, each time its steps start over or its name changes; name another column with --step, or none: rows are counted then`;

/** A run that is being read. */
class OpenRun implements Run {
  readonly label: string;
  columns = new LogColumns();
  rows = 0;
  silent = 0;
  isCountedOn = false;
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

  constructor(label: string) {
    this.label = label;
  }

  /** Whether a row is of this run: its step does not start over, or does so because an epoch began. */
  goesOnWith({ step = Infinity, epoch = Number.NaN }: Row): boolean {
    return !(step < this.#raw && step <= this.#first) || epoch > this.#epoch;
  }

  /** Takes a row; returns whether one more is kept. Rows of one step that complete each other are one row. */
  add(row: Row, stride: number): boolean {
    const step = this.#count(row);
    if (this.#pending?.step === step && completes(this.#pending, row)) {
      this.#pending = { ...known(this.#pending), ...known(row), step };
      return false;
    }
    const isKept = this.flush(stride);
    this.#pending = { ...row, step };
    return isKept;
  }

  /** The step of a row in one count. */
  #count({ step: raw = this.#raw + 1, epoch = Number.NaN }: Row): number {
    if (this.#pending === null) this.#first = raw;
    else if (epoch > this.#epoch && raw <= this.#first && raw <= this.#raw) {
      this.#offset = this.#step + this.#gap - raw;
      this.isCountedOn = true;
    }
    const step = raw + this.#offset;
    if (this.#pending !== null && step > this.#step) this.#gap = step - this.#step;
    [this.#raw, this.#step, this.#epoch] = [raw, step, epoch];
    return step;
  }

  /** Adds the row that waits; returns whether it is kept. */
  flush(stride: number): boolean {
    const row = this.#pending;
    if (row === null) return false;
    if (row.loss === undefined && row.norm === undefined) {
      this.silent++;
      return false;
    }
    const isKept = this.rows % stride === 0;
    if (isKept) this.columns.add(row);
    this.rows++;
    return isKept;
  }

  /** Keeps every second of the rows that are kept. */
  halve(): void {
    this.columns = LogColumns.from(everySecond(this.columns));
  }
}

const told = ['loss', 'norm', 'normAfter', 'clipped', 'lr', 'batch', 'norms'] as const;

/** Whether no two rows say the same thing twice. */
function completes(before: Row, row: Row): boolean {
  return told.every((name) => before[name] === undefined || row[name] === undefined);
}

function known(row: Row): Partial<Row> {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== undefined));
}

function* everySecond(columns: LogColumns): Generator<LoggedStep> {
  const { batches, firstNorms } = columns;
  const [steps, ...values] = (['step', 'loss', 'norm', 'normAfter', 'lr', 'clipped', 'batch'] as const).map(
    (name) => columns.column(name),
  );
  for (let i = 0; i < columns.length; i += 2) {
    const [loss, norm, normAfter, lr, clipped, batch] = values.map((column) =>
      Number.isNaN(column[i]) ? undefined : column[i],
    );
    yield {
      ...{ step: steps[i], loss, norm, normAfter, lr },
      clipped: clipped === undefined ? undefined : clipped === 1,
      batch: batch === undefined ? undefined : batches[batch],
      norms: i === 0 ? (firstNorms ?? undefined) : undefined,
    };
  }
}
