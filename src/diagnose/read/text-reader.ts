/**
 * Text of any form: each line goes to the reader that knows it, and what the most rows were made of is the log. So the form
 * is told by the whole file, wherever its first number stands.
 */

import { ConsoleReader } from './console.js';
import { DelimitedReader } from './delimited.js';
import { HtmlRows, hasCells } from './html-rows.js';
import { JsonDocument, NotJson } from './json-document.js';
import { parseList } from './loose.js';
import { isOfInterest } from './names.js';
import { type ObjectListener, parsedJson, readObjects } from './objects.js';
import { Series } from './series.js';
import { Table } from './table.js';
import { Lines, plain } from './text.js';
import { numberOf } from './values.js';

/** Characters of what looks like a document beyond which no more is kept, should it be none. */
const KEPT = 1 << 20;
/** Rows after which a form is settled, if it has nearly all rows. */
const SETTLED = 5000;
/** Numbers of a list that is more than a setting, and lists that are kept. */
const FEWEST_LISTED = 5;
const MOST_LISTS = 100;
/** Columns of a table without a header. */
const MOST_NUMBERS = 16;

/** Reads text piece by piece. */
export class TextReader {
  readonly #newTable: (form: string) => Table;
  readonly #lines = new Lines();
  readonly #delimited: DelimitedReader;
  readonly #objects: Table;
  readonly #console: ConsoleReader;
  readonly #numbers: Table;
  readonly #html = new HtmlRows();
  /** Lists of numbers by name, a row each place. */
  readonly #lists: Table;
  readonly #listed = new Map<string, readonly unknown[]>();
  /** Reads the text that stands in strings: of a notebook, of a collector of logs. */
  #inner: TextReader | null = null;
  #lineNumber = 0;
  readonly #listener: ObjectListener = {
    broken: () => this.#objects.broken.add(this.#lineNumber),
    text: (text) => this.#textInside(text),
    lists: (lists) => {
      for (const [name, numbers] of lists) this.#list(name, numbers);
    },
  };
  #numbersWidth = 0;
  /** The document that the text may be; null once it cannot be one. */
  #document: JsonDocument | null | undefined;
  #kept: string[] = [];
  #keptLength = 0;
  /** Whether all of the text is kept. */
  #isKept = true;
  #documentBroken = false;
  #settled: 'objects' | 'delimited' | null = null;
  /** What is told of text that is no log: its lines, and the first with a number. */
  lineCount = 0;
  firstNumber: { readonly line: number; readonly text: string } | null = null;
  readonly #takeLine = (line: string, number: number): void => {
    if (!this.#again(line, number)) this.#line(plain(line), number);
  };

  constructor(newTable: (form: string, wanted?: readonly string[]) => Table) {
    this.#newTable = newTable;
    this.#delimited = new DelimitedReader(newTable('CSV'));
    this.#objects = newTable('JSON lines');
    this.#lists = newTable('lists of numbers');
    this.#console = new ConsoleReader(newTable('console text'));
    this.#numbers = newTable(
      'a table without a header',
      Array.from({ length: MOST_NUMBERS }, (_, i) => String(i + 1)),
    );
  }

  push(text: string): void {
    if (this.#document === undefined) {
      const start = (this.#kept.join('') + text).replace(/^\ufeff/, '').trimStart();
      if (start === '') {
        this.#kept.push(text);
        return;
      }
      this.#document =
        start[0] === '{' || start[0] === '[' ? new JsonDocument(this.#newTable, this.#listener.text) : null;
    }
    if (this.#document === null) {
      this.#asLines(text);
      return;
    }
    if (this.#isKept && this.#keptLength <= KEPT) {
      this.#kept.push(text);
      this.#keptLength += text.length;
      if (this.#isLines()) {
        this.#giveUpDocument();
        return;
      }
    } else {
      this.#isKept = false;
      this.#kept = [];
    }
    this.#pushDocument(text);
  }

  /** Whether the first line is an object by itself and more follows: a log of an object a line, not a document. */
  #isLines(): boolean {
    const text = this.#kept.length === 1 ? this.#kept[0] : this.#kept.join('');
    const start = text.length - text.trimStart().length;
    const end = text.indexOf('\n', start);
    if (end < 0 || text.slice(end).trim() === '') return false;
    const line = text
      .slice(start, end)
      .replace(/^\ufeff/, '')
      .trim();
    return line.endsWith('}') && parsedJson(line) !== undefined;
  }

  #pushDocument(text: string): void {
    if (this.#documentBroken) return;
    try {
      this.#document!.push(this.#document!.line === 1 ? text.replace(/^\ufeff/, '') : text);
    } catch (error) {
      if (!(error instanceof NotJson)) throw error;
      if (this.#isKept) this.#giveUpDocument();
      else this.#documentBroken = true;
    }
  }

  /** Reads what was taken for a document as lines. */
  #giveUpDocument(): void {
    this.#document = null;
    const kept = this.#kept;
    this.#kept = [];
    for (const text of kept) this.#asLines(text);
  }

  #asLines(text: string): void {
    for (const part of this.#kept) this.#lines.push(part, this.#takeLine);
    this.#kept = [];
    this.#lines.push(text, this.#takeLine);
  }

  /** Takes a line of console text whose layout is known, where nothing else is open that could want it. */
  #again(line: string, number: number): boolean {
    if (this.#settled !== null || this.#delimited.isActive || !this.#console.again(line, number))
      return false;
    this.lineCount++;
    this.#delimited.withdraw();
    if (this.#objects.length > 0) this.#objects.passed++;
    return true;
  }

  #line(line: string, number: number): void {
    if (line.trim() === '') {
      if (this.#delimited.isOpen) this.#delimited.row(line, number);
      else if (this.#settled === null) this.#console.end();
      return;
    }
    this.lineCount++;
    if (this.firstNumber === null && /(^|[^\w.])[-+]?\.?\d/.test(line.slice(0, 10_000))) {
      this.firstNumber = { line: number, text: line.trim().slice(0, 60) };
    }
    const delimited = this.#delimited;
    if (delimited.row(line, number)) {
      this.#settle();
      return;
    }
    if (line.includes('{')) {
      this.#lineNumber = number;
      const rows = readObjects(line, number, this.#objects, this.#listener);
      if (rows > 0) {
        this.#settle();
        return;
      }
    }
    if (this.#settled === 'objects') {
      this.#objects.passed++;
      return;
    }
    if (hasCells(line) && this.#html.push(line, (row) => this.#row(row, number))) return;
    if (line.includes('[') && this.#listIn(line)) return;
    if (delimited.firstRow(line, number)) return;
    delimited.offer(line);
    if (line.startsWith('#')) return;
    const isConsole = this.#settled === null && this.#console.line(line, number);
    if (delimited.isActive && !/^sep=.$/.test(line)) delimited.notARow(number);
    if (this.#objects.length > 0) this.#objects.passed++;
    if (!isConsole && !delimited.isActive) this.#headless(line, number);
  }

  /** A row of a table in HTML. */
  #row(row: string, number: number): void {
    if (this.#delimited.row(row, number) || this.#delimited.firstRow(row, number)) return;
    this.#delimited.offer(row);
  }

  /** `losses = [2.5, 2.4, …]` */
  #listIn(line: string): boolean {
    const [whole, name] = /^\s*["']?([A-Za-z][\w ./-]{0,60}?)["']?\s*[:=]\s*(?=\[\s*[-\d.])/.exec(line) ?? [];
    if (whole === undefined || isOfInterest(singular(name)) === null) return false;
    const numbers = parseList(line, whole.length);
    if (numbers === undefined || numbers.length < FEWEST_LISTED) return false;
    this.#list(singular(name), numbers);
    return true;
  }

  #list(name: string, numbers: readonly unknown[]): void {
    if (this.#listed.size < MOST_LISTS) this.#listed.set(singular(name), numbers);
  }

  /** The lists as rows. */
  #listedRows(): Table {
    const length = [...this.#listed.values()].reduce((most, list) => Math.max(most, list.length), 0);
    for (let i = 0; i < length && this.#lists.length < length; i++) {
      for (const [name, list] of this.#listed) this.#lists.put(this.#lists.column(name), list[i], 1);
      this.#lists.endRow();
    }
    return this.#lists;
  }

  /** Text that stands in a string. */
  #textInside(text: string): void {
    this.#inner ??= new TextReader(this.#newTable);
    this.#inner.push(text.endsWith('\n') ? text : `${text}\n`);
  }

  /** A line of nothing but numbers, as many as the lines before. */
  #headless(line: string, number: number): void {
    if (line.length > 10_000) return;
    const cells = line
      .trim()
      .replace(/^[([]|[)\]],?$/g, '')
      .split(/[ \t]*[,;\t|][ \t]*|[ \t]+/);
    if (cells.length > MOST_NUMBERS || !cells.every((cell) => typeof numberOf(cell) === 'number')) return;
    this.#numbersWidth ||= cells.length;
    if (cells.length !== this.#numbersWidth) {
      this.#numbers.broken.add(number);
      return;
    }
    for (const [i, cell] of cells.entries()) {
      this.#numbers.put(this.#numbers.column(String(i + 1)), cell, number);
    }
    this.#numbers.endRow();
  }

  /** A form that has nearly all rows of a long file is the log’s: other lines need no longer be looked at. */
  #settle(): void {
    if (this.#settled !== null) return;
    const [objects, table, text] = [
      this.#objects.length,
      this.#delimited.table.length,
      this.#console.table.worth,
    ];
    if (objects + table < SETTLED || 20 * text > objects + table) return;
    if (objects > 20 * table && this.#objects.worth > SETTLED / 2) this.#settled = 'objects';
    if (table > 20 * objects && this.#delimited.table.worth > SETTLED / 2) this.#settled = 'delimited';
  }

  #innerTables(isEnd: boolean): readonly Table[] {
    return this.#inner?.tables(isEnd) ?? [];
  }

  /** The tables so far; at the end of the text also of what waits for more of its row. */
  tables(isEnd: boolean): Table[] {
    if (this.#document === undefined || this.#document === null) {
      if (isEnd) {
        this.#lines.end(this.#takeLine);
        this.#delimited.end();
        this.#console.end();
      }
      return [
        this.#objects,
        this.#delimited.table,
        this.#console.table,
        this.#listedRows(),
        this.#numbers,
        ...this.#innerTables(isEnd),
      ];
    }
    const document = this.#document;
    if (!isEnd) return [...document.tables.values(), ...this.#innerTables(false)];
    const isBroken = this.#documentBroken || (!document.isComplete && !document.hasRows);
    document.end();
    const found = [...document.tables.values(), ...this.#innerTables(true)].filter(
      ({ length }) => length > 0,
    );
    if (!isBroken || found.some(({ worth }) => worth > 0) || !this.#isKept) return found;
    this.#giveUpDocument();
    return this.tables(true);
  }
}

/** `train_losses` is a list of `train_loss`. */
const singular = (name: string): string => name.replace(/(loss)es$|(norm)s$/i, '$1$2');

/** Rows of a name, a step and a value each, as rows of a step; null where a table has no such columns. */
export function pivoted(table: Table, names: string, step: string, value: string): Series {
  const series = new Series(new Table(`${table.form}, a value a row`));
  const [name, at, number] = [names, step, value].map((each) => table.columns.get(each)!);
  for (let i = 0; i < table.length; i++) {
    const tag = name.names[name.values[i]];
    if (tag !== undefined && !Number.isNaN(at.values[i]) && !Number.isNaN(number.values[i])) {
      series.add(String(tag), at.values[i], number.values[i], 0);
    }
  }
  series.end();
  return series;
}
