/**
 * Text that a program prints: lines of names and numbers, blocks of indented lines and boxes that belong to one step, and
 * lines that only say which epoch or step comes next.
 */

import { rankOf } from './names.js';
import { BAR, PairScanner } from './pairs.js';
import type { Column, Table } from './table.js';

const rule = /^[\s+|:─━═┼│├┤└┘┌┐╭╮╰╯=*#-]+$/;
/** What tells the data of a line whose words do. */
const SPLIT = 'split';
/** Names that are kept in mind as steps or none; a log has a few dozen. */
const MOST_KNOWN = 10_000;

const isStepName = (name: string): boolean => name === BAR || rankOf(name, 'step') !== null;

/** Fills a table with the numbers of lines. */
export class ConsoleReader {
  readonly table: Table;
  readonly #scanner = new PairScanner();
  /** Names of the row that is open. */
  readonly #open = new Map<string, number>();
  #isOpenOther = false;
  /** Numbers of the epoch and step that lines before said, for rows that do not. */
  readonly #context = new Map<string, number>();
  /** Columns by the place of a pair in its line: most lines have the same names at the same places. */
  readonly #places: { name: string; column: Column | null; isStep: boolean }[] = [];

  /** Which names are those of steps, so that a name is looked at once and not in every row. */
  readonly #steps = new Map<string, boolean>();

  constructor(table: Table) {
    this.table = table;
  }

  /** Takes a line; returns whether it has a name with a number. */
  line(line: string, number: number): boolean {
    if (this.#scanner.scan(line) > 0) {
      this.#take(number);
      return true;
    }
    if (rule.test(line)) this.end();
    return false;
  }

  /** Takes a line if one of the same layout came before; returns whether it did. */
  again(line: string, number: number): boolean {
    if (!this.#scanner.knows(line)) return false;
    this.#take(number);
    return true;
  }

  /** Takes the pairs that were found in a line. */
  #take(number: number): void {
    const { count } = this.#scanner;
    const { names, values, isIndented, isOther } = this.#scanner;
    let steps = 0;
    for (let i = 0; i < count; i++) if (this.#placeOf(i, names[i]).isStep) steps++;
    const isInBox = count === 1 && isIndented;
    if (steps === count && !isInBox) {
      this.end();
      this.#context.delete(BAR);
      for (let i = 0; i < count; i++) this.#context.set(names[i], values[i]);
      if (isOther) this.#isOpenOther = true;
      return;
    }
    // One pair a line: the lines of a block, until a name comes again.
    const isBlockLine = count === 1 || isIndented;
    let goesOn = isBlockLine && (count === 1 || steps === 0);
    for (let i = 0; i < count && goesOn; i++) goesOn = !this.#open.has(names[i]);
    if (!goesOn) this.end();
    for (let i = 0; i < count; i++) this.#put(names[i], values[i], this.#placeOf(i, names[i]).column, number);
    this.#isOpenOther ||= isOther;
  }

  #placeOf(i: number, name: string) {
    const place = this.#places[i];
    if (place?.name === name) return place;
    const made = {
      name,
      column: this.table.column(name),
      isStep: this.#isStep(name),
    };
    this.#places[i] = made;
    return made;
  }

  #isStep(name: string): boolean {
    let is = this.#steps.get(name);
    if (is === undefined) {
      if (this.#steps.size >= MOST_KNOWN) this.#steps.clear();
      is = isStepName(name);
      this.#steps.set(name, is);
    }
    return is;
  }

  #put(name: string, value: number, column: Column | null, number: number): void {
    // A name that a line repeats: the first is meant.
    if (this.#open.has(name)) return;
    this.#open.set(name, value);
    this.table.put(column, value, number);
  }

  /** Ends the row that is open. One that only says which step comes is what the next rows belong to. */
  end(): void {
    if (this.#open.size > 0) {
      const steps = [...this.#open].filter(([name]) => this.#isStep(name));
      if (steps.length === this.#open.size) for (const [name, value] of steps) this.#context.set(name, value);
      for (const [name, value] of this.#context) {
        if (!this.#open.has(name)) this.table.put(this.table.column(name), value, this.table.line);
      }
      if (this.#isOpenOther) this.table.put(this.table.column(SPLIT), 'val', this.table.line);
      this.table.endRow();
      this.#open.clear();
    }
    this.#isOpenOther = false;
  }
}
