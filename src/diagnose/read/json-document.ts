/**
 * Any JSON document, read character by character however long it is: each array of objects becomes a table, and so do an
 * object of arrays (Keras’ History), arrays of arrays (TensorBoard’s [time, step, value]) and objects keyed by a number
 * (pandas). Several documents one after the other are rows of one table. NaN and Infinity are read as Python writes them.
 */

import { isOfInterest, rankOf } from './names.js';
import { Series } from './series.js';
import type { Table } from './table.js';

/** Nesting beyond this is no log. */
const DEEPEST = 200;
/** Tables that are told apart: a document has a table for each place where rows stand. */
const MOST_TABLES = 256;
/** Characters of a key or a string that are kept. */
const LONGEST = 1 << 16;
const LONGEST_NAME = 300;
/** How deep columns are looked for in the objects of a row. */
const DEEPEST_COLUMN = 8;
/** Strings that hold the text of a program: outputs of a notebook, lines in a collector of logs; how much of one is kept. */
const textKey = /^(text|text\/html|text\/plain|log|message|msg|textPayload)$/;
const LONGEST_TEXT = 1 << 24;
/** Keys that say what the numbers beside them are of, and keys of steps and of values. */
const nameKey = /^(name|metric|tag|title|label|key)$/;
const stepsKey = /^(x|steps?|iterations?|epochs?)$/;
const valuesKey = /^(y|values?|data)$/;
const firstStepKey = /^(start_step|first_step|start)$/;
const everyKey = /^(step_interval|interval|every)$/;
const NORMS = 'norms';
const counted = /^(?:(?:epoch|step|iter|iteration)[ _-]?)?(\d{1,15})$/i;
const headers = /^(columns|header|headers|fields|names|keys)$/;
const rowsUnder = /^(data|rows|values|records)$/;

/** The error for text that is not a JSON document; the place is where it stops being one. */
export class NotJson extends Error {
  override name = 'NotJson';
}

/** What is open: an object or array, and what becomes of its parts. Used anew for each that is as deep. */
class Frame {
  isArray = false;
  /** Where it stands: `runs[].history`. */
  path = '';
  /** Name of its column in the row it is part of; null if it is no part of one. */
  prefix: string | null = null;
  /** The table whose row this object, or an object around it, is. */
  row: Table | null = null;
  /** Whether this object is the row itself, which ends with it. */
  isRow = false;
  depth = 0;
  /** The key that waits for its value. */
  key = '';
  /** Rows of an array of objects. */
  table: Table | null = null;
  /** Numbers of an array, or of an object that is keyed by numbers. */
  numbers: number[] | null = null;
  strings: string[] | null = null;
  count = 0;
  /** Of an object: its arrays of numbers by key, and names for the rows of arrays beside. */
  arrays: Map<string, number[]> | null = null;
  columns: string[] | null = null;
  /** Norms of single parameters. */
  norms: Record<string, number> | null = null;
  /** Of an object that is keyed by steps: those. */
  steps: number[] | null = null;
  /** Of an object of objects that are keyed by steps: those of each, by key. */
  keyed: Map<string, readonly number[]> | null = null;
  /** What an object says its numbers are of, and the steps of its list of values. */
  name = '';
  first = Number.NaN;
  every = 1;
  #partPath: string | null = null;

  /** Opens an object or array. */
  begin(isArray: boolean, path: string, row: Table | null, prefix: string | null, depth: number): void {
    this.isArray = isArray;
    this.path = path;
    this.#partPath = null;
    this.row = row;
    this.prefix = prefix;
    this.isRow = false;
    this.depth = depth;
    this.key = '';
    this.table = null;
    this.numbers = null;
    this.strings = null;
    this.count = 0;
    this.arrays = null;
    this.columns = null;
    this.norms = null;
    this.steps = null;
    this.keyed = null;
    this.name = '';
    this.first = Number.NaN;
    this.every = 1;
  }

  /** The path of objects and arrays in this one. */
  pathOfParts(): string {
    if (!this.isArray) return `${this.path}.${this.key}`;
    this.#partPath ??= `${this.path}[]`;
    return this.#partPath;
  }
}

/** What comes next. */
const [VALUE, AFTER_VALUE, KEY, COLON, IN_STRING, IN_BARE] = [0, 1, 2, 3, 4, 5];

/** Names of the cells of a row that has none. */
const PLACES = Array.from({ length: 16 }, (_, i) => String(i + 1));

/** Reads a document piece by piece. */
export class JsonDocument {
  readonly tables = new Map<string, Table>();
  readonly #newTable: (form: string, wanted?: readonly string[]) => Table;
  readonly #frames: Frame[] = [];
  /** How many of them are open, and the innermost. */
  #depth = 0;
  #frame: Frame | undefined;
  #state = VALUE;
  #isKey = false;
  #escape = false;
  #text = '';
  #line = 1;

  readonly #onText: (text: string) => void;
  /** Values by name and step, wherever in the document they stand. */
  #series: Series | null = null;

  /** `onText` hears of strings that hold the text of a program. */
  constructor(
    newTable: (form: string, wanted?: readonly string[]) => Table,
    onText: (text: string) => void = () => {},
  ) {
    this.#newTable = newTable;
    this.#onText = onText;
  }

  /** Whether rows were found. */
  get hasRows(): boolean {
    for (const table of this.tables.values()) if (table.length > 0) return true;
    return false;
  }

  /** Whether no document is open. */
  get isComplete(): boolean {
    return this.#depth === 0 && this.#state !== IN_STRING;
  }

  get line(): number {
    return this.#line;
  }

  /** Takes a piece of text. Throws NotJson for what is no JSON. */
  push(text: string): void {
    for (let i = 0; i < text.length; ) {
      if (this.#state === IN_STRING) i = this.#string(text, i);
      else if (this.#state === IN_BARE) i = this.#bare(text, i);
      else i = this.#structure(text, i);
    }
  }

  /** Ends what a document that was cut off left open. */
  end(): void {
    const value = this.#state === IN_BARE ? scalarIn(this.#text) : undefined;
    if (value !== undefined) this.#scalar(value);
    while (this.#depth > 0) this.#close();
  }

  #structure(text: string, at: number): number {
    const c = text.charCodeAt(at);
    if (c === 10) this.#line++;
    if (c <= 32) return at + 1;
    const frame = this.#frame;
    switch (c) {
      case 34: // "
        if (this.#state !== VALUE && this.#state !== KEY) throw new NotJson();
        this.#isKey = this.#state === KEY;
        if (frame === undefined) throw new NotJson();
        this.#state = IN_STRING;
        this.#text = '';
        return at + 1;
      case 123: // {
      case 91: // [
        if (this.#state !== VALUE) throw new NotJson();
        this.#begin(c === 91);
        return at + 1;
      case 125: // }
      case 93: // ]
        if (frame === undefined || frame.isArray !== (c === 93)) throw new NotJson();
        if (
          this.#state !== AFTER_VALUE &&
          !(frame.count === 0 && (frame.isArray ? this.#state === VALUE : this.#state === KEY))
        )
          throw new NotJson();
        this.#close();
        return at + 1;
      case 44: // ,
        if (frame === undefined || this.#state !== AFTER_VALUE) throw new NotJson();
        this.#state = frame.isArray ? VALUE : KEY;
        return at + 1;
      case 58: // :
        if (this.#state !== COLON) throw new NotJson();
        this.#state = VALUE;
        return at + 1;
      default:
        if (this.#state !== VALUE || frame === undefined) throw new NotJson();
        this.#state = IN_BARE;
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
    if (this.#text.length < (this.#isText() ? LONGEST_TEXT : LONGEST)) this.#text += text.slice(from, at);
    if (at === text.length) return at;
    const value = this.#text.includes('\\') ? unescaped(this.#text) : this.#text;
    if (this.#isKey) {
      this.#frame!.key = value;
      this.#state = COLON;
    } else {
      if (this.#isText()) this.#onText(value);
      this.#scalar(value);
    }
    return at + 1;
  }

  /** Whether the value that is read is the text of a program, or a part of it. */
  #isText(): boolean {
    if (this.#isKey) return false;
    const frame = this.#frame!;
    const holder = frame.isArray ? this.#frames[this.#depth - 2] : frame;
    return holder !== undefined && !holder.isArray && textKey.test(holder.key);
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

  #begin(isArray: boolean): void {
    const parent = this.#frame;
    if (this.#depth >= DEEPEST) throw new NotJson();
    if (parent !== undefined) parent.count++;
    if (this.#depth === this.#frames.length) this.#frames.push(new Frame());
    const frame = this.#frames[this.#depth++];
    if (isArray) frame.begin(true, parent?.pathOfParts() ?? '', null, null, 0);
    else this.#beginObject(frame, parent);
    this.#frame = frame;
    this.#state = isArray ? VALUE : KEY;
  }

  #beginObject(frame: Frame, parent: Frame | undefined): void {
    const step = parent === undefined || parent.isArray ? null : stepIn(parent.key);
    if (parent === undefined || parent.isArray || step !== null) {
      const path = parent?.path ?? '';
      if (parent !== undefined) parent.table ??= this.#tableAt(path);
      const row = parent?.table ?? this.#tableAt(path);
      if (step !== null && row !== null) row.put(row.column('step'), step, this.#line);
      frame.begin(false, parent?.isArray ? parent.pathOfParts() : `${path}[]`, row, '', 0);
      frame.isRow = true;
      return;
    }
    const { row, prefix, depth, key } = parent;
    const inRow = prefix !== null && row !== null && depth + 1 < DEEPEST_COLUMN;
    frame.begin(
      false,
      parent.pathOfParts(),
      inRow ? row : null,
      inRow ? `${prefix}${key}.` : null,
      depth + 1,
    );
    if (inRow && key === NORMS) frame.norms = {};
  }

  #scalar(value: string | number | boolean | null): void {
    const frame = this.#frame!;
    frame.count++;
    this.#state = AFTER_VALUE;
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
    else if (typeof value !== 'string' && stepIn(frame.key) !== null) {
      frame.numbers ??= [];
      frame.numbers.push(numeric(value));
      frame.steps ??= [];
      frame.steps.push(stepIn(frame.key)!);
    } else {
      if (typeof value === 'string') {
        if (nameKey.test(frame.key)) frame.name = value.slice(0, LONGEST_NAME);
      } else if (typeof value === 'number') {
        if (firstStepKey.test(frame.key)) frame.first = value;
        else if (everyKey.test(frame.key)) frame.every = value;
      }
      this.#put(frame, value);
    }
  }

  #put(frame: Frame, value: string | number | boolean | null): void {
    if (frame.row !== null && frame.prefix !== null) {
      frame.row.put(
        frame.row.column(frame.prefix === '' ? frame.key : frame.prefix + frame.key),
        value,
        this.#line,
      );
    }
  }

  #close(): void {
    const frame = this.#frames[--this.#depth];
    const parent = this.#depth === 0 ? undefined : this.#frames[this.#depth - 1];
    this.#frame = parent;
    this.#state = parent === undefined ? VALUE : AFTER_VALUE;
    if (frame.isArray || (frame.numbers !== null && frame.numbers.length === frame.count))
      this.#closeArray(frame, parent);
    if (frame.norms !== null && parent?.row) parent.row.putNorms(frame.norms);
    if (frame.arrays !== null && !this.#seriesOf(frame)) this.#tableOf(frame);
    if (frame.isRow) frame.row?.endRow();
  }

  #closeArray({ numbers, strings, count, steps }: Frame, parent: Frame | undefined): void {
    if (steps !== null && numbers !== null && parent !== undefined && !parent.isArray && count > 1) {
      if (valuesKey.test(parent.key)) this.#addSeries(this.#nameOf(parent), steps, numbers);
      else if (isOfInterest(parent.key) !== null) {
        parent.arrays ??= new Map();
        parent.arrays.set(parent.key, numbers);
        parent.keyed ??= new Map();
        parent.keyed.set(parent.key, steps);
      }
      return;
    }
    if (parent === undefined || (numbers === null && strings === null)) return;
    if (parent.isArray) this.#rowOfArray(parent, numbers, strings);
    else if (numbers !== null && numbers.length === count) {
      if (count === 1 && parent.row !== null && parent.prefix !== null) {
        parent.row.put(parent.row.column(parent.prefix + parent.key), numbers[0], this.#line);
      } else if (
        count > 1 &&
        (isOfInterest(parent.key) !== null || stepsKey.test(parent.key) || valuesKey.test(parent.key))
      ) {
        parent.arrays ??= new Map();
        parent.arrays.set(parent.key, numbers);
      }
    } else if (strings !== null && headers.test(parent.key)) parent.columns = strings;
  }

  /** What the values under a key are of: the key, or where that says `values` what the object or those around it are called. */
  #nameOf(frame: Frame): string {
    if (!valuesKey.test(frame.key)) return frame.key;
    const names = [frame.name];
    for (let i = this.#frames.indexOf(frame) - 1; i >= 0; i--) names.push(this.#frames[i].key);
    return names.find((name) => name !== '' && isOfInterest(name) !== null) ?? frame.key;
  }

  /** An object with a list of values and one of their steps, or the first step and the distance: `{name, x, y}`. */
  #seriesOf(frame: Frame): boolean {
    const arrays = [...frame.arrays!];
    const { keyed } = frame;
    if (keyed !== null) {
      // Where one of the objects holds the steps, the keys number the rows.
      if (arrays.some(([key]) => rankOf(key, 'step') !== null)) return false;
      for (const [key, numbers] of arrays) this.#addSeries(key, keyed.get(key) ?? [], numbers);
      return true;
    }
    const values = arrays.find(([key]) => valuesKey.test(key));
    const steps = arrays.find(([key]) => stepsKey.test(key));
    if (values === undefined || arrays.length > 2) return false;
    const name = this.#nameOf(Object.assign(frame, { key: values[0] }));
    if (valuesKey.test(name) || isOfInterest(name) === null) return false;
    const places = steps?.[1] ?? values[1].map((_, i) => frame.first + i * frame.every);
    if (Number.isNaN(places[0])) return false;
    this.#addSeries(name, places, values[1]);
    return true;
  }

  #addSeries(name: string, steps: readonly number[], values: readonly number[]): void {
    if (this.#series === null) {
      const table = this.#newTable('JSON document');
      this.tables.set(' series', table);
      this.#series = new Series(table);
    }
    for (let i = 0; i < values.length && i < steps.length; i++) {
      if (values[i] !== EMPTY) this.#series.add(name, steps[i], values[i], this.#line);
    }
    this.#series.end();
  }

  /** An array within an array: a row of cells, or the names of those that follow. */
  #rowOfArray(parent: Frame, numbers: number[] | null, strings: string[] | null): void {
    if (parent.table === null) {
      const around = this.#frames[this.#depth - 2];
      const names =
        around !== undefined && !around.isArray && rowsUnder.test(around.key) ? around.columns : null;
      if (names === null && numbers === null) {
        parent.columns = strings;
        return;
      }
      parent.columns ??= names;
      parent.table = this.#tableAt(parent.path, PLACES);
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

  #tableAt(path: string, wanted: readonly string[] = []): Table | null {
    let table = this.tables.get(path);
    if (table === undefined) {
      if (this.tables.size >= MOST_TABLES) return null;
      table = this.#newTable('JSON document', wanted);
      table.label = path.replace(/\[\]|\{\}/g, '').replace(/^\./, '');
      this.tables.set(path, table);
    }
    return table;
  }
}

/** The number of a key such as `12` or `epoch_3`; null of any other. */
function stepIn(key: string): number | null {
  // Such a key ends in a digit: for most keys this check is enough.
  const last = key.charCodeAt(key.length - 1);
  if (!(last >= 48 && last <= 57)) return null;
  const digits = counted.exec(key)?.[1];
  return digits === undefined ? null : Number(digits);
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
  const value = scalarIn(text);
  if (value === undefined) throw new NotJson();
  return value;
}

/** What a word means; undefined if it is not one of JSON's, nor of Python's numbers. */
function scalarIn(text: string): number | boolean | null | undefined {
  if (text === 'null') return null;
  if (text === 'true') return true;
  if (text === 'false') return false;
  if (text === 'NaN' || text === '-NaN') return Number.NaN;
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isNaN(value) ? undefined : value;
}

function unescaped(text: string): string {
  try {
    return JSON.parse(`"${text}"`) as string;
  } catch {
    return text;
  }
}
