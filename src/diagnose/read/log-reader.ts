/** Bytes of any log as tables: event files by their frames, all else as text. */

import { checkObject, checkText } from '../../tensor/arguments.js';
import type { Named } from './columns.js';
import { EventFile, isEventFile } from './event-file.js';
import { LogError } from './log-error.js';
import { Series } from './series.js';
import { Table, type Wanted } from './table.js';
import { isBinary, magics, TextDecoding } from './text.js';
import { TextReader } from './text-reader.js';

/** Bytes by which a file is told to be text, an event file or neither. */
const ENOUGH = 64;

/** What reads the bytes of one file, in pieces. */
export class LogReader {
  /** How the file is named in messages. */
  readonly name: string;
  readonly #wanted: Wanted;
  #first: Uint8Array = new Uint8Array(0);
  #text: TextReader | null = null;
  #decoding = new TextDecoding();
  #events: EventFile | null = null;
  #series: Series | null = null;
  bytes = 0;

  /** `columns` are those that a caller names. */
  constructor(name: string, columns: Named = {}) {
    checkText('LogReader', 'name', name);
    checkObject('LogReader', 'columns', columns, 'an object of column names');
    for (const each of Object.values(columns)) checkText('LogReader', 'the name of a column', each);
    this.name = name;
    this.#wanted = new Map(
      Object.entries(columns).map(([role, each]) => [
        each.toLowerCase(),
        role === 'batch' ? 'name' : 'number',
      ]),
    );
  }

  /** Takes a piece. Throws LogError for what is no log. */
  push(piece: Uint8Array): void {
    this.bytes += piece.length;
    if (this.#text === null && this.#events === null) {
      const joined = new Uint8Array(this.#first.length + piece.length);
      joined.set(this.#first);
      joined.set(piece, this.#first.length);
      this.#first = joined;
      if (joined.length >= ENOUGH) this.#begin();
    } else this.#take(piece);
  }

  #begin(): void {
    const first = this.#first;
    this.#first = new Uint8Array(0);
    if (isEventFile(first)) {
      this.#series = new Series(this.#newTable('TensorBoard event file'));
      this.#events = new EventFile(this.#series);
    } else {
      this.#check(first);
      this.#text = new TextReader((form, wanted) => this.#newTable(form, wanted));
    }
    this.#take(first);
  }

  #newTable(form: string, more: readonly string[] = []): Table {
    const own = more.map((each) => [each, 'number'] as const);
    return new Table(form, own.length === 0 ? this.#wanted : new Map([...own, ...this.#wanted]));
  }

  #check(first: Uint8Array): void {
    for (const { name, bytes, command } of magics) {
      if (!bytes.every((byte, i) => first[i] === byte)) continue;
      throw new LogError(
        `readLog: ${this.name} is compressed (${name}); try ${command} ${this.name} | tamegrad advise -`,
      );
    }
    if (isBinary(first)) {
      throw new LogError(
        `readLog: ${this.name} is binary and no TensorBoard event file; a log is lines of text`,
      );
    }
  }

  #take(piece: Uint8Array): void {
    if (this.#events !== null) this.#events.push(piece);
    else this.#text?.push(this.#decoding.decode(piece));
  }

  /** The tables so far; with `isEnd` also what waits for more of its row. Throws LogError for an empty file. */
  tables(isEnd: boolean): readonly Table[] {
    if (this.#text === null && this.#events === null) {
      if (!isEnd) return [];
      if (this.#first.length === 0)
        throw new LogError(`readLog: ${this.name} is empty; a log has a row for each step`);
      this.#begin();
    }
    if (this.#series !== null) {
      this.#series.end();
      return [this.#series.table];
    }
    if (isEnd) this.#text!.push(this.#decoding.end());
    return this.#text!.tables(isEnd);
  }

  /** Lines of text that were read, and the first that has a number. */
  get seen(): Pick<TextReader, 'lineCount' | 'firstNumber'> {
    return this.#text ?? { lineCount: 0, firstNumber: null };
  }
}
