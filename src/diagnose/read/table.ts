/**
 * What readers fill: rows of named cells, kept by column. Only columns whose names may mean something to a diagnosis are
 * kept, so that a log of millions of rows or of a hundred thousand columns fits into little memory.
 */

import { isOfInterest, rankOf } from './names.js';
import { commaIn, copied, flagOf, nameOf, numberOf, stepOf } from './values.js';

/** Cells that are kept, of all columns together: beyond, every second step goes. */
const MOST_CELLS = 2 ** 23;
/** Columns whose cells are kept, and columns that are counted at all. */
const MOST_KEPT = 400;
const MOST_COLUMNS = 200_000;
/** Names that are kept of a column of names: more rarely come back. */
const MOST_NAMES = 200_000;
/** Cells by which a column that is not kept is told to hold numbers or text. */
export const LOOKED_AT = 200;
/** Rows whose norms per parameter are kept. */
const MOST_NORMS = 64;
/** Broken lines that are named. */
const NAMED = 5;

/** Lines that could not be read, and the numbers of the first few, from 1. */
export class Broken {
  count = 0;
  readonly lines: number[] = [];

  add(line: number): void {
    this.count++;
    if (this.lines.length < NAMED) this.lines.push(line);
  }
}

/** One column: its cells where they are kept, and what it holds. */
export class Column {
  readonly name: string;
  /** What is kept: numbers (NaN: silent, ∞: not finite), names (places in `names`) or nothing. */
  readonly keeps: 'number' | 'name' | null;
  readonly isStep: boolean;
  readonly isFlag: boolean;
  /** Whether an empty cell says that a number is missing: of a loss or a norm. */
  readonly isWatched: boolean;
  /** Cells with a number, with something else, and the place of the last number. */
  numbers = 0;
  texts = 0;
  values: Float64Array;
  /** Of a column of names, by place. */
  readonly names: (number | string)[] = [];
  readonly broken = new Broken();
  readonly #ids = new Map<number | string, number>();
  /** Rows whose comma may be of a decimal or of thousands, and what the other cells of the column say. */
  #either: number[] = [];
  #hasPoint = false;
  #hasThousands = false;
  #hasDecimalComma = false;
  #allEither = true;

  constructor(name: string, keeps: Column['keeps'], length: number) {
    this.name = copied(name);
    this.keeps = keeps;
    const isKept = keeps !== null;
    this.isStep = isKept && rankOf(name, 'step') !== null;
    this.isFlag = isKept && rankOf(name, 'clipped') !== null;
    this.isWatched = isKept && (rankOf(name, 'loss') !== null || rankOf(name, 'norm') !== null);
    this.values = new Float64Array(keeps === null ? 0 : Math.max(64, length)).fill(Number.NaN);
  }

  get kind(): 'number' | 'text' | 'empty' {
    if (this.numbers + this.texts === 0) return 'empty';
    // A few broken cells do not make a column of numbers text.
    return this.numbers > this.texts ? 'number' : 'text';
  }

  /** Takes the cell of a row; returns whether it was written but is empty. */
  put(row: number, cell: unknown, line: number): boolean {
    if (this.keeps === null) return this.#look(cell);
    if (this.keeps === 'name') return this.#name(row, cell);
    if (this.isFlag) {
      const flag = flagOf(cell);
      if (flag !== undefined) this.#set(row, Number(flag));
      return false;
    }
    const number = this.isStep ? stepOf(cell) : numberOf(cell);
    if (number === undefined) return true;
    if (number === null) {
      this.texts++;
      this.broken.add(line);
      return false;
    }
    if (typeof cell === 'string') this.#watchCommas(row, cell);
    this.#set(row, Number.isFinite(number) ? number : Number.POSITIVE_INFINITY);
    return false;
  }

  #set(row: number, value: number): void {
    if (row >= this.values.length) this.#grow(row);
    this.numbers++;
    this.values[row] = value;
  }

  #grow(row: number): void {
    const longer = new Float64Array(Math.max(2 * this.values.length, row + 1)).fill(Number.NaN);
    longer.set(this.values);
    this.values = longer;
  }

  #look(cell: unknown): boolean {
    if (this.numbers + this.texts >= LOOKED_AT) return false;
    const number = numberOf(cell);
    if (number === null) this.texts++;
    else if (number !== undefined) this.numbers++;
    return number === undefined;
  }

  #name(row: number, cell: unknown): boolean {
    const name = nameOf(cell);
    if (name === undefined || typeof cell === 'object') return true;
    let id = this.#ids.get(name);
    if (id === undefined) {
      if (this.names.length >= MOST_NAMES) return false;
      id = this.names.length;
      this.#ids.set(name, id);
      this.names.push(name);
    }
    this.#set(row, id);
    if (typeof name === 'string') {
      this.numbers--;
      this.texts++;
    }
    return false;
  }

  #watchCommas(row: number, cell: string): void {
    const comma = commaIn(cell);
    if (comma === 'either') this.#either.push(row);
    else {
      this.#allEither = false;
      if (comma === 'decimal') this.#hasDecimalComma = true;
      else if (comma === 'thousands') this.#hasThousands = true;
      else if (cell.includes('.')) this.#hasPoint = true;
    }
  }

  /**
   * Reads `1,010`, which was taken for 1.01, as the column does elsewhere: with a decimal comma, or with one between
   * thousands. Where nothing tells, a table whose cells are not separated by commas has decimal ones.
   */
  settleCommas(commaSeparated: boolean): void {
    if (this.#either.length === 0) return;
    const isDecimal =
      this.#hasDecimalComma || (!this.#hasThousands && !this.#hasPoint && this.#allEither && !commaSeparated);
    if (!isDecimal) for (const row of this.#either) this.values[row] = Math.round(1000 * this.values[row]);
    this.#either = [];
  }

  /** Keeps some rows only. */
  keep(rows: readonly number[] | Int32Array): void {
    if (this.keeps === null) return;
    const places = this.#either.length === 0 ? null : new Set(this.#either);
    const either: number[] = [];
    for (let i = 0; i < rows.length; i++) {
      this.values[i] = rows[i] < this.values.length ? this.values[rows[i]] : Number.NaN;
      if (places?.has(rows[i])) either.push(i);
    }
    this.values.fill(Number.NaN, rows.length);
    this.#either = either;
  }
}

/** Norms of single parameters, of a row. */
type Norms = Readonly<Record<string, number>>;

/** Names of columns that are kept whatever they are called, in small letters, and what is kept of them. */
export type Wanted = ReadonlyMap<string, 'number' | 'name'>;

/** Rows of named cells. */
export class Table {
  /** What it was read from, in words: `CSV`, `JSON lines`, `console text`. */
  form: string;
  readonly #wanted: Wanted;
  readonly columns = new Map<string, Column>();
  readonly broken = new Broken();
  /** Lines between its rows that are of another kind. */
  passed = 0;
  /** Of several runs in one document: which. */
  label = '';
  /** Whether its rows may be a long table, or one value a row. */
  isCommaSeparated = false;
  /** One row in so many is kept. */
  stride = 1;
  /** Rows in all, kept or not. */
  rows = 0;
  /** Norms per parameter of rows at the first step. */
  readonly norms = new Map<number, Norms>();
  /** Of each row, whether a loss or norm was written as nothing. */
  #empty = new Uint8Array(64);
  #length = 0;
  #line = 0;
  #kept = 0;
  #isOpen = false;
  #hasEmpty = false;
  #norms: Norms | undefined;
  #keptCells = 0;

  /** `wanted` are names that a caller asked for: they are kept whatever they are called. */
  constructor(form: string, wanted: Wanted = new Map()) {
    this.form = form;
    this.#wanted = wanted;
  }

  /** Rows that are kept. */
  get length(): number {
    return this.#length;
  }

  /** The column of a name; created if it does not exist. Null if the table has too many columns already. */
  column(name: string): Column | null {
    const known = this.columns.get(name);
    if (known !== undefined) return known;
    if (this.columns.size >= MOST_COLUMNS) return null;
    const wanted = this.#wanted.get(name.toLowerCase());
    const interest = wanted ?? isOfInterest(name);
    const keeps = interest !== null && this.#kept < MOST_KEPT ? interest : null;
    if (keeps !== null) this.#kept++;
    const column = new Column(name, keeps, this.#length);
    this.columns.set(column.name, column);
    return column;
  }

  /** Puts a cell into the row that is open; opens one where none is. */
  put(column: Column | null, cell: unknown, line: number): void {
    this.#isOpen = true;
    this.#line = line;
    if (column === null) return;
    if (column.put(this.#length, cell, line) && column.isWatched) this.#hasEmpty = true;
  }

  /** Norms per parameter of the row that is open; kept of the first step only, where they tell of the model's scale. */
  putNorms(norms: Norms | undefined): void {
    this.#isOpen = true;
    this.#norms = norms;
  }

  /** Ends the row that is open. */
  endRow(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.rows++;
    if (this.#norms !== undefined && this.norms.size < MOST_NORMS && this.#isAtStart()) {
      this.norms.set(this.#length, this.#norms);
    }
    this.#norms = undefined;
    if (this.#length === this.#empty.length) {
      const longer = new Uint8Array(2 * this.#empty.length);
      longer.set(this.#empty);
      this.#empty = longer;
    }
    this.#empty[this.#length] = Number(this.#hasEmpty);
    this.#hasEmpty = false;
    this.#length++;
    this.#keptCells += this.#kept;
    if (this.#keptCells > MOST_CELLS) this.#halve();
  }

  /** Whether the row that is open may be of the first step. */
  #isAtStart(): boolean {
    const steps = [...this.columns.values()].filter(({ isStep, keeps }) => isStep && keeps !== null);
    return steps.every((column) => !(column.values[this.#length] > 1));
  }

  /** The line of the last cell. */
  get line(): number {
    return this.#line;
  }

  /** Whether a row has a loss or norm that was written as nothing. */
  isEmptyAt(row: number): boolean {
    return this.#empty[row] === 1;
  }

  /** Whether a cell of the row that is open, or of one that is kept, has been filled. */
  has(column: Column, row = this.#length): boolean {
    return row < column.values.length && !Number.isNaN(column.values[row]);
  }

  /** Fills a cell of a row that is kept already. */
  fill(column: Column, row: number, cell: unknown): void {
    column.put(row, cell, this.#line);
  }

  /** Drops every second step: rows that share one stay together, since they may complete each other. */
  #halve(): void {
    const step = [...this.columns.values()]
      .filter((column) => column.isStep && column.numbers > this.#length / 2)
      .sort((a, b) => rankOf(a.name, 'step')! - rankOf(b.name, 'step')!)[0]?.values;
    const rows = new Int32Array(this.#length);
    let [count, group] = [0, -1];
    for (let i = 0; i < this.#length; i++) {
      if (i === 0 || step === undefined || step[i] !== step[i - 1]) group++;
      if (group % 2 === 0) rows[count++] = i;
    }
    // One step for all rows halves nothing: then rows are what is counted.
    if (count > 0.9 * this.#length) {
      count = 0;
      for (let i = 0; i < this.#length; i += 2) rows[count++] = i;
    }
    const kept = rows.subarray(0, count);
    for (const column of this.columns.values()) column.keep(kept);
    for (let i = 0; i < count; i++) this.#empty[i] = this.#empty[kept[i]];
    const norms = [...this.norms]
      .filter(([row]) => kept.includes(row))
      .map(([row, value]) => [kept.indexOf(row), value] as const);
    this.norms.clear();
    for (const [row, value] of norms) this.norms.set(row, value);
    this.#length = count;
    this.#keptCells = count * this.#kept;
    this.stride *= 2;
  }

  /** How much a table has to judge: rows with a loss or a norm, of the column that has most. */
  get worth(): number {
    let most = 0;
    for (const column of this.columns.values()) {
      if (column.isWatched && column.kind === 'number' && column.numbers > most) most = column.numbers;
    }
    return most;
  }
}
