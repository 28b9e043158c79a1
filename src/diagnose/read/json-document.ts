/**
 * Any JSON document, read character by character however long it is: each array of objects becomes a table, and so do an
 * object of arrays (Keras’ History), arrays of arrays (TensorBoard’s [time, step, value]) and objects keyed by a number
 * (pandas). Several documents one after the other are rows of one table. NaN and Infinity are read as Python writes them.
 */

import { isOfInterest } from './names.js';
import type { Table } from './table.js';

/** Nesting beyond this is no log. */
const DEEPEST = 200;
/** Tables that are told apart: a document has a table for each place where rows stand. */
const MOST_TABLES = 256;
/** Characters of a key or a string that are kept. */
const LONGEST = 1 << 16;
/** How deep columns are looked for in the objects of a row. */
const DEEPEST_COLUMN = 4;
const NORMS = 'norms';
const counted = /^(?:(?:epoch|step|iter|iteration)[ _-]?)?(\d{1,15})$/i;
const headers = /^(columns|header|headers|fields|names|keys)$/;
const rowsUnder = /^(data|rows|values|records)$/;

/** A document that is none; the place is where it stops being one. */
export class NotJson extends Error {
  override name = 'NotJson';
}

/** What is open: an object or array, and what becomes of its parts. */
interface Frame {
  readonly isArray: boolean;
  /** Where it stands: `runs[].history`. */
  readonly path: string;
  /** Name of its column in the row it is part of; null where it is no part of one. */
  readonly prefix: string | null;
  /** The table whose row this object, or an object around it, is. */
  readonly row: Table | null;
  /** Whether this object is the row itself, which ends with it. */
  readonly isRow: boolean;
  readonly depth: number;
  /** The key that waits for its value. */
  key: string;
  /** Rows of an array of objects. */
  table: Table | null;
  /** Numbers of an array, or of an object that is keyed by numbers. */
  numbers: number[] | null;
  strings: string[] | null;
  count: number;
  /** Of an object: its arrays of numbers by key, and names for the rows of arrays beside. */
  arrays: Map<string, number[]> | null;
  columns: string[] | null;
  /** Norms of single parameters. */
  norms: Record<string, number> | null;
}

enum State {
  Value,
  AfterValue,
  Key,
  Colon,
  String,
  Bare,
}

/** Reads a document piece by piece. */
export class JsonDocument {
  readonly tables = new Map<string, Table>();
  readonly #newTable: (form: string) => Table;
  readonly #frames: Frame[] = [];
  #state: State = State.Value;
  #isKey = false;
  #escape = false;
  #text = '';
  #line = 1;

  constructor(newTable: (form: string) => Table) {
    this.#newTable = newTable;
  }

  /** Whether rows were found. */
  get hasRows(): boolean {
    for (const table of this.tables.values()) if (table.length > 0) return true;
    return false;
  }

  /** Whether no document is open. */
  get isComplete(): boolean {
    return this.#frames.length === 0 && this.#state !== State.String;
  }

  get line(): number {
    return this.#line;
  }

  /** Takes a piece of text. Throws NotJson for what is no JSON. */
  push(text: string): void {
    for (let i = 0; i < text.length; ) {
      if (this.#state === State.String) i = this.#string(text, i);
      else if (this.#state === State.Bare) i = this.#bare(text, i);
      else i = this.#structure(text, i);
    }
  }

  /** Ends what a document that was cut off left open. */
  end(): void {
    if (this.#state === State.Bare && this.#text !== '') this.#scalar(scalarOf(this.#text));
    while (this.#frames.length > 0) this.#close();
  }

  #structure(text: string, at: number): number {
    const c = text.charCodeAt(at);
    if (c === 10) this.#line++;
    if (c <= 32) return at + 1;
    const frame = this.#frames.at(-1);
    switch (c) {
      case 34: // "
        if (this.#state !== State.Value && this.#state !== State.Key) throw new NotJson();
        this.#isKey = this.#state === State.Key;
        if (frame === undefined) throw new NotJson();
        this.#state = State.String;
        this.#text = '';
        return at + 1;
      case 123: // {
      case 91: // [
        if (this.#state !== State.Value) throw new NotJson();
        this.#open(c === 91);
        return at + 1;
      case 125: // }
      case 93: // ]
        if (frame === undefined || frame.isArray !== (c === 93)) throw new NotJson();
        if (
          this.#state !== State.AfterValue &&
          !(frame.count === 0 && (frame.isArray ? this.#state === State.Value : this.#state === State.Key))
        )
          throw new NotJson();
        this.#close();
        return at + 1;
      case 44: // ,
        if (frame === undefined || this.#state !== State.AfterValue) throw new NotJson();
        this.#state = frame.isArray ? State.Value : State.Key;
        return at + 1;
      case 58: // :
        if (this.#state !== State.Colon) throw new NotJson();
        this.#state = State.Value;
        return at + 1;
      default:
        if (this.#state !== State.Value || frame === undefined) throw new NotJson();
        this.#state = State.Bare;
        this.#text = '';
        return at;
    }
  }

  /** To the end of a string, however many pieces it spans. */
  #string(text: string, from: number): number {
    let at = from;
    for (; at < text.length; at++) {
      const c = text.charCodeAt(at);
      if (this.#escape) this.#escape = false;
      else if (c === 92) this.#escape = true;
      else if (c === 34) break;
      else if (c === 10) this.#line++;
    }
    if (this.#text.length < LONGEST) this.#text += text.slice(from, at);
    if (at === text.length) return at;
    const value = this.#text.includes('\\') ? unescaped(this.#text) : this.#text;
    if (this.#isKey) {
      this.#frames.at(-1)!.key = value;
      this.#state = State.Colon;
    } else this.#scalar(value);
    return at + 1;
  }

  #bare(text: string, from: number): number {
    let at = from;
    while (at < text.length && isBare(text.charCodeAt(at))) at++;
    this.#text += text.slice(from, Math.min(at, from + 64));
    if (this.#text.length > 64) throw new NotJson();
    if (at === text.length) return at;
    this.#scalar(scalarOf(this.#text));
    return at;
  }

  #open(isArray: boolean): void {
    const parent = this.#frames.at(-1);
    if (this.#frames.length >= DEEPEST) throw new NotJson();
    if (parent !== undefined) parent.count++;
    this.#frames.push(isArray ? arrayIn(parent) : this.#objectIn(parent));
    this.#state = isArray ? State.Value : State.Key;
  }

  #objectIn(parent: Frame | undefined): Frame {
    const isCounted = parent !== undefined && !parent.isArray && counted.test(parent.key);
    if (parent === undefined || parent.isArray || isCounted) {
      const path = parent?.path ?? '';
      if (parent !== undefined) parent.table ??= this.#tableAt(path);
      const row = parent?.table ?? this.#tableAt(path);
      if (isCounted && row !== null)
        row.put(row.column('step'), Number(counted.exec(parent.key)![1]), this.#line);
      return { ...blank, isArray: false, path: `${path}[]`, prefix: '', row, isRow: true, depth: 0 };
    }
    const { row, prefix, depth, key } = parent;
    const inRow = prefix !== null && row !== null && depth + 1 < DEEPEST_COLUMN;
    const norms = inRow && key === NORMS ? {} : null;
    return {
      ...blank,
      isArray: false,
      path: `${parent.path}.${key}`,
      prefix: inRow ? `${prefix}${key}.` : null,
      row: inRow ? row : null,
      isRow: false,
      depth: depth + 1,
      norms,
    };
  }

  #scalar(value: string | number | boolean | null): void {
    const frame = this.#frames.at(-1)!;
    frame.count++;
    this.#state = State.AfterValue;
    if (frame.isArray) {
      if (typeof value === 'string') {
        frame.strings ??= [];
        if (frame.strings.length < LONGEST) frame.strings.push(value);
      } else {
        frame.numbers ??= [];
        frame.numbers.push(numeric(value));
      }
      return;
    }
    if (frame.norms !== null && typeof value === 'number') frame.norms[frame.key] = value;
    else if (typeof value !== 'string' && counted.test(frame.key)) {
      frame.numbers ??= [];
      frame.numbers.push(numeric(value));
    } else if (frame.row !== null && frame.prefix !== null) {
      frame.row.put(
        frame.row.column(frame.prefix === '' ? frame.key : frame.prefix + frame.key),
        value,
        this.#line,
      );
    }
  }

  #close(): void {
    const frame = this.#frames.pop()!;
    const parent = this.#frames.at(-1);
    this.#state = parent === undefined ? State.Value : State.AfterValue;
    if (frame.isArray || (frame.numbers !== null && frame.numbers.length === frame.count))
      this.#closeArray(frame, parent);
    if (frame.norms !== null && parent?.row) parent.row.putNorms(frame.norms);
    if (frame.arrays !== null) this.#tableOf(frame);
    if (frame.isRow) frame.row?.endRow();
  }

  #closeArray({ numbers, strings, count }: Frame, parent: Frame | undefined): void {
    if (parent === undefined || (numbers === null && strings === null)) return;
    if (parent.isArray) this.#rowOfArray(parent, numbers, strings);
    else if (numbers !== null && numbers.length === count) {
      if (count === 1 && parent.row !== null && parent.prefix !== null) {
        parent.row.put(parent.row.column(parent.prefix + parent.key), numbers[0], this.#line);
      } else if (count > 1 && isOfInterest(parent.key) !== null) {
        parent.arrays ??= new Map();
        parent.arrays.set(parent.key, numbers);
      }
    } else if (strings !== null && headers.test(parent.key)) parent.columns = strings;
  }

  /** An array within an array: a row of cells, or the names of those that follow. */
  #rowOfArray(parent: Frame, numbers: number[] | null, strings: string[] | null): void {
    if (parent.table === null) {
      const around = this.#frames.at(-2);
      const names =
        around !== undefined && !around.isArray && rowsUnder.test(around.key) ? around.columns : null;
      if (names === null && numbers === null) {
        parent.columns = strings;
        return;
      }
      parent.columns ??= names;
      parent.table = this.#tableAt(parent.path);
    }
    const { table, columns } = parent;
    if (table === null || numbers === null) return;
    for (let i = 0; i < numbers.length && i < LONGEST; i++)
      table.put(table.column(columns?.[i] ?? String(i + 1)), cell(numbers[i]), this.#line);
    table.endRow();
  }

  /** An object of arrays: a row for each place. */
  #tableOf(frame: Frame): void {
    const arrays = [...frame.arrays!];
    const table = this.#tableAt(`${frame.path}{}`);
    if (table === null || table.length > 0) return;
    const length = arrays.reduce((most, [, values]) => Math.max(most, values.length), 0);
    const columns = arrays.map(([name, values]) => ({ column: table.column(name), values }));
    for (let i = 0; i < length; i++) {
      for (const { column, values } of columns)
        if (i < values.length) table.put(column, cell(values[i]), this.#line);
      table.endRow();
    }
    frame.arrays = null;
  }

  #tableAt(path: string): Table | null {
    let table = this.tables.get(path);
    if (table === undefined) {
      if (this.tables.size >= MOST_TABLES) return null;
      table = this.#newTable('JSON document');
      table.label = path.replace(/\[\]|\{\}/g, '').replace(/^\./, '');
      this.tables.set(path, table);
    }
    return table;
  }
}

const blank = {
  key: '',
  table: null,
  numbers: null,
  strings: null,
  count: 0,
  arrays: null,
  columns: null,
  norms: null,
} as const;

function arrayIn(parent: Frame | undefined): Frame {
  const path =
    parent === undefined ? '' : parent.isArray ? `${parent.path}[]` : `${parent.path}.${parent.key}`;
  return { ...blank, isArray: true, path, prefix: null, row: null, isRow: false, depth: 0 };
}

/** What is not there and what is no number, in an array of numbers. */
const EMPTY = Number.MIN_VALUE;
const numeric = (value: number | boolean | null): number => (value === null ? EMPTY : Number(value));
const cell = (value: number): number | undefined => (value === EMPTY ? undefined : value);

/** Letters, digits, signs and dots: numbers, true, false, null, NaN, Infinity. */
function isBare(c: number): boolean {
  return (
    (c >= 48 && c <= 57) || (c >= 97 && c <= 122) || (c >= 65 && c <= 90) || c === 43 || c === 45 || c === 46
  );
}

function scalarOf(text: string): number | boolean | null {
  if (text === 'null') return null;
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (text === 'NaN' || text === '-NaN') return Number.NaN;
  const value = text === '' ? Number.NaN : Number(text);
  if (Number.isNaN(value)) throw new NotJson();
  return value;
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
