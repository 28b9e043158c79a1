/**
 * Tables: a header, and rows with a cell for each of its names, separated by commas, tabs, semicolons, bars or spaces
 * (RFC 4180 and what passes for it). The header may stand anywhere, come again, and grow.
 */

import { isOfInterest, rankOf } from './names.js';
import type { Column, Table } from './table.js';
import { numberOf, stepOf } from './values.js';

const delimiters = [',', '\t', ';', '|', '&'] as const;
/** One space or more between words; or at least two, where names have single ones. */
const spaces = [' ', '  '] as const;
type Delimiter = (typeof delimiters)[number] | (typeof spaces)[number];
const isSpace = (delimiter: Delimiter): boolean => delimiter === ' ' || delimiter === '  ';

/** Characters and lines that a quoted cell may span; a quote that is open for longer is a stray one. */
const LONGEST_CELL = 1 << 20;
const MOST_LINES = 10_000;
/** Characters of a name in a header. */
const LONGEST_NAME = 300;
/** A number where a cell begins: a header has none. */
const numericCell = /(?:^|[\s,;|"])[-+.]?\d[\d.]*(?:e[-+]?\d+)?(?=$|[\s,;|"])/i;
/** A name with its number, which no name of a column is. */
const pair = /[=:<] ?[-+.]?\d|\d%/;
/** A line between a header and its rows, drawn with signs, or a command of LaTeX. */
const rule = /^[\s|+:─━═┼│├┤=-]+$|^\s*\\[a-z]+\b/i;

/** A line that may be a header, split in each way that gives names. */
interface Candidate {
  readonly text: string;
  readonly ways: readonly { readonly delimiter: Delimiter; readonly names: readonly string[] }[];
}

/** The header in force. */
interface Header {
  readonly text: string;
  readonly delimiter: Delimiter;
  readonly columns: readonly (Column | null)[];
  readonly names: readonly string[];
  /** Whether the first cell of its first row is a number. */
  readonly startsWithNumber: boolean;
}

/** Reads rows of tables into a table. */
export class DelimitedReader {
  readonly table: Table;
  #header: Header | null = null;
  #candidate: Candidate | null = null;
  /** A line that is broken unless it is a header. */
  #doubtful: number | null = null;
  /** Lines of a row whose quoted cell has not ended yet. */
  #open: string[] = [];
  #openLength = 0;

  constructor(table: Table) {
    this.table = table;
  }

  /** Whether a header was found. */
  get isActive(): boolean {
    return this.#header !== null;
  }

  /** Takes a line under the header in force; returns whether it is part of the table. */
  row(line: string, number: number): boolean {
    const header = this.#header;
    if (header === null) return false;
    // Logs that are appended to have their header again and again.
    if (line === header.text || rule.test(line)) return true;
    if (this.#open.length > 0 && this.#closes(line, number, header)) return true;
    const cells = cellsOf(line, header.delimiter, header.names.length);
    const fits = cells !== null && isRow(cells) && isLikeFirst(cells, header);
    if (this.#open.length > 0 && !fits) {
      this.#goOn(line, number);
      return true;
    }
    if (this.#open.length > 0) this.#giveUp(number);
    if (fits) {
      this.#settleDoubt();
      this.#put(cells, number, header);
      return true;
    }
    if (!isSpace(header.delimiter) && hasOpenQuote(line)) {
      this.#openLine(line);
      return true;
    }
    return false;
  }

  /** Whether a quoted cell is open: blank lines belong to it. */
  get isOpen(): boolean {
    return this.#open.length > 0;
  }

  /** Counts a line that no reader knows, if it stands in a table and proves to be no new header. */
  notARow(number: number): void {
    // Between the rows of a table with spaces anything may stand.
    if (this.#header === null || isSpace(this.#header.delimiter)) return;
    this.#settleDoubt();
    this.#doubtful = number;
  }

  #settleDoubt(): void {
    if (this.#doubtful !== null) this.table.broken.add(this.#doubtful);
    this.#doubtful = null;
  }

  /** Takes a line that may be the first row under the line before; then both begin a table. */
  firstRow(line: string, number: number): boolean {
    if (this.#candidate === null || rule.test(line)) return this.#candidate !== null;
    const { text, ways } = this.#candidate;
    this.#candidate = null;
    for (const { delimiter, names } of ways) {
      const cells = cellsOf(line, delimiter, names.length);
      const isStarted = cells === null && !isSpace(delimiter) && hasOpenQuote(line);
      if (!isStarted && (cells === null || !isRow(cells) || !isBody(cells, delimiter))) continue;
      this.#doubtful = null;
      const columns = names.map((name) => this.table.column(name));
      this.#header = {
        text,
        delimiter,
        columns,
        names,
        startsWithNumber: cells !== null && isStep(cells[0]),
      };
      this.table.form = formName(delimiter);
      this.table.isCommaSeparated = delimiter === ',';
      if (isStarted) this.#openLine(line);
      else if (cells !== null) this.#put(cells, number, this.#header);
      return true;
    }
    return false;
  }

  /** Remembers a line that may be a header. */
  offer(line: string): void {
    this.#candidate = candidateOf(line);
  }

  /** Forgets the line that may be a header: what follows is no row of it. */
  withdraw(): void {
    this.#candidate = null;
  }

  /** Ends what waits for more lines. */
  end(): void {
    this.#settleDoubt();
    if (this.#open.length > 0) this.#giveUp(this.table.line + this.#open.length + 1);
  }

  #put(cells: readonly string[], number: number, { columns }: Header): void {
    for (let i = 0; i < columns.length; i++) this.table.put(columns[i], cells[i], number);
    this.table.endRow();
  }

  #openLine(line: string): void {
    this.#open.push(line);
    this.#openLength += line.length;
  }

  /** Whether a line ends the quoted cell that is open, as only an odd number of quotes can, and so the row. */
  #closes(line: string, number: number, header: Header): boolean {
    if (quotesIn(line) % 2 === 0) return false;
    const cells = cellsOf([...this.#open, line].join('\n'), header.delimiter, header.names.length);
    if (cells === null || !isRow(cells)) return false;
    this.#put(cells, number, header);
    this.#close();
    return true;
  }

  /** A line within a quoted cell. One that could have ended it and did not shows that the quote was a stray one. */
  #goOn(line: string, number: number): void {
    this.#openLine(line);
    const isStray = quotesIn(line) % 2 === 1;
    if (isStray || this.#openLength > LONGEST_CELL || this.#open.length > MOST_LINES)
      this.#giveUp(number + 1);
  }

  #giveUp(number: number): void {
    for (let i = this.#open.length; i > 0; i--) this.table.broken.add(number - i);
    this.#close();
  }

  #close(): void {
    this.#open = [];
    this.#openLength = 0;
  }
}

function formName(delimiter: Delimiter): string {
  if (delimiter === '\t') return 'TSV';
  if (delimiter === '&') return 'a LaTeX table';
  return isSpace(delimiter) ? 'a table with spaces' : delimiter === '|' ? 'a table with bars' : 'CSV';
}

/** The names that a line may be a header of; null where it holds a number, or no names. */
function candidateOf(line: string): Candidate | null {
  if (numericCell.test(line) || line.startsWith('{')) return null;
  const text = line.replace(/^\s*#\s*/, '');
  const ways = [...delimiters, ...spaces].flatMap((delimiter) => {
    const cells = split(text, delimiter);
    if (cells === null) return [];
    const names = (
      cells[cells.length - 1].trim() === '' && cells.length > 2 ? cells.slice(0, -1) : cells
    ).map((cell) => cell.trim());
    if (!isHeader(names, delimiter)) return [];
    const way = { delimiter, names: unique(names) };
    // pandas prints an index before the columns, and no name above it.
    return isSpace(delimiter) && /^ /.test(line) ? [way, { delimiter, names: ['', ...way.names] }] : [way];
  });
  ways.sort(
    (a, b) => b.names.length - a.names.length || Number(isSpace(a.delimiter)) - Number(isSpace(b.delimiter)),
  );
  return ways.length === 0 ? null : { text: line, ways };
}

function isHeader(names: readonly string[], delimiter: Delimiter): boolean {
  const isKnown = (name: string): boolean => isOfInterest(name) === 'number';
  if (names.length === 1) return rankOf(names[0], 'loss') !== null || rankOf(names[0], 'norm') !== null;
  // Of words that are separated by spaces, any sentence would be a header.
  if (delimiter === ' ' && !(names.some(isKnown) && names.every((name) => /[a-z]/i.test(name)))) return false;
  if (delimiter === '  ' && !(names.some(isKnown) && names.some((name) => name.includes(' ')))) return false;
  return names.every(
    (name, i) =>
      name.length <= LONGEST_NAME && !pair.test(name) && (name !== '' || (i === 0 && delimiter !== '|')),
  );
}

/** Names, each once: the second `loss` is `loss (2)`. */
function unique(names: readonly string[]): string[] {
  const seen = new Map<string, number>();
  return names.map((name) => {
    const count = (seen.get(name) ?? 0) + 1;
    seen.set(name, count);
    return count === 1 ? name : `${name} (${count})`;
  });
}

const isStep = (cell: string): boolean => typeof stepOf(cell) === 'number';

/** Of words that are separated by spaces, only those are a row that begin as the first one does. */
function isLikeFirst([first]: readonly string[], { delimiter, startsWithNumber }: Header): boolean {
  return !isSpace(delimiter) || isStep(first) === startsWithNumber;
}

/** Whether cells hold a number, as any row does and no header. */
function isRow(cells: readonly string[]): boolean {
  for (const cell of cells) if (cell !== '' && typeof numberOf(cell) === 'number') return true;
  return false;
}

/** Whether cells may be a first row: of what is separated by spaces, half must be numbers. */
function isBody(cells: readonly string[], delimiter: Delimiter): boolean {
  if (!isSpace(delimiter)) return true;
  const numbers = cells.filter((cell) => typeof numberOf(cell) === 'number').length;
  return 2 * numbers >= cells.length;
}

/** As many cells as there are names; null where a line has another number of them. */
function cellsOf(line: string, delimiter: Delimiter, width: number): readonly string[] | null {
  const cells = split(line, delimiter);
  if (cells === null) return null;
  if (cells.length === width) return cells;
  if (cells.length === width + 1 && cells[width].trim() === '') return cells.slice(0, width);
  // A progress bar behind the last cell: `640: 100%|███| 40/40`.
  if (isSpace(delimiter) && cells.length > width && cells[width - 1].endsWith(':'))
    return [...cells.slice(0, width - 1), cells[width - 1].slice(0, -1)];
  // Commas within brackets are no separators: tensor(2.5, device='cuda:0').
  if (cells.length > width && /[([]/.test(line) && !isSpace(delimiter)) {
    const nested = splitOutsideBrackets(line, delimiter);
    if (nested.length === width) return nested;
  }
  return null;
}

/** The cells of a row; null where a quoted one has no end. */
function split(line: string, delimiter: Delimiter): string[] | null {
  if (isSpace(delimiter)) return splitAtSpaces(line, delimiter);
  const text =
    delimiter === '|' ? withoutBorder(line) : delimiter === '&' ? line.replace(/\\\\\s*$/, '') : line;
  if (!text.includes('"')) return text.split(delimiter);
  const cells: string[] = [];
  for (let start = 0; start <= text.length; start++) {
    let first = start;
    while (text[first] === ' ') first++;
    const isQuoted = text[first] === '"';
    const quote = isQuoted ? closingQuote(text, first + 1) : start;
    if (quote < 0) return null;
    const next = text.indexOf(delimiter, quote);
    const end = next < 0 ? text.length : next;
    cells.push(isQuoted ? text.slice(first + 1, quote).replaceAll('""', '"') : text.slice(start, end));
    start = end;
  }
  return cells;
}

/** The bars around a row of a table as Markdown writes it. */
function withoutBorder(line: string): string {
  const text = line.trim();
  return text.startsWith('|') ? text.slice(1, text.endsWith('|') && text.length > 1 ? -1 : undefined) : line;
}

function splitAtSpaces(line: string, delimiter: Delimiter): string[] {
  const text = line.trim();
  if (text.length > LONGEST_CELL) return [text];
  return text.split(delimiter === ' ' ? /[ \t]+/ : / {2,}|\t/);
}

function splitOutsideBrackets(line: string, delimiter: string): string[] {
  const cells: string[] = [];
  let [start, depth] = [0, 0];
  for (let i = 0; i < line.length; i++) {
    const c = line[i];
    if (c === '(' || c === '[') depth++;
    else if (c === ')' || c === ']') depth--;
    else if (c === delimiter && depth <= 0) {
      cells.push(line.slice(start, i));
      start = i + 1;
    }
  }
  cells.push(line.slice(start));
  return cells;
}

function hasOpenQuote(line: string): boolean {
  return line.includes('"') && quotesIn(line) % 2 === 1;
}

function quotesIn(line: string): number {
  let count = 0;
  for (let at = line.indexOf('"'); at >= 0; at = line.indexOf('"', at + 1)) count++;
  return count;
}

/** The first quote that is not one of two; -1 without one. */
function closingQuote(line: string, from: number): number {
  let quote = line.indexOf('"', from);
  while (quote >= 0 && line[quote + 1] === '"') quote = line.indexOf('"', quote + 2);
  return quote;
}
