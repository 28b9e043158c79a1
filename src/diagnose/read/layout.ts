/**
 * The layout of a line: all of its text but the digits of its numbers. A program prints thousands of lines of one layout;
 * a line of a layout that is known is compared with it, character by character, and its numbers are read on the way.
 */

const DIGITS = -1;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const POWERS = Array.from({ length: 23 }, (_, i) => Number(`1e${i}`));
/** Figures of a whole number that is exact. */
const EXACT = 15;
const number = /^([+-]?)(\d*)(?:(\.)(\d*))?(?:[eE]([+-]?)(\d+))?$/;

/** Where a pair stands in its line; a place is -1 where there is none. */
export interface PairPlace {
  readonly name: string;
  readonly nameStart: number;
  readonly nameEnd: number;
  /** Of the text of the number; of a word such as nan there is none, and `value` is meant. */
  readonly start: number;
  readonly end: number;
  readonly value: number;
  /** What the number is multiplied by: 1000 of `3k`. */
  readonly unit: number;
}

/** A number of the layout: the runs of digits that it is made of, and what stands between them. */
interface Slot {
  /** The first of its runs, or -1 where the value is a word. */
  readonly first: number;
  readonly last: number;
  /** Characters before its first run: a sign, a dot. */
  readonly lead: number;
  readonly isNegative: boolean;
  readonly hasWhole: boolean;
  readonly hasFraction: boolean;
  /** 0 without an exponent, else its sign. */
  readonly exponent: number;
  readonly value: number;
  readonly unit: number;
}

/** What a line is like. */
export class Layout {
  readonly names: readonly string[];
  readonly isIndented: boolean;
  readonly isOther: boolean;
  /** Numbers of the line that matched last. */
  readonly values: number[];
  readonly #codes: Int32Array;
  readonly #slots: readonly Slot[];
  /** Of each run of digits of the line that is compared: where it begins and ends, and its number. */
  readonly #starts: Int32Array;
  readonly #ends: Int32Array;
  readonly #figures: Float64Array;

  private constructor(
    pairs: readonly PairPlace[],
    codes: readonly number[],
    slots: readonly Slot[],
    runs: number,
    line: Pick<Layout, 'isIndented' | 'isOther'>,
  ) {
    this.names = pairs.map(({ name }) => name);
    this.isIndented = line.isIndented;
    this.isOther = line.isOther;
    this.values = slots.map(({ value }) => value);
    this.#codes = Int32Array.from(codes);
    this.#slots = slots;
    this.#starts = new Int32Array(runs);
    this.#ends = new Int32Array(runs);
    this.#figures = new Float64Array(runs);
  }

  /** The layout of a line with such pairs; null if other digits could make other pairs of it. */
  static of(
    text: string,
    pairs: readonly PairPlace[],
    line: Pick<Layout, 'isIndented' | 'isOther'>,
  ): Layout | null {
    const codes: number[] = [];
    const runStarts: number[] = [];
    for (let at = 0, pair = 0; at < text.length; at++) {
      const c = text.charCodeAt(at);
      while (pair < pairs.length && at >= pairs[pair].nameEnd) pair++;
      const isInName = pair < pairs.length && at >= pairs[pair].nameStart && pairs[pair].nameStart >= 0;
      if (!isDigit(c) || isInName) codes.push(c);
      else if (at === 0 || codes[codes.length - 1] !== DIGITS) {
        codes.push(DIGITS);
        runStarts.push(at);
      }
    }
    const slots: Slot[] = [];
    for (const { start, end, value, unit } of pairs) {
      if (start < 0) {
        slots.push({
          first: -1,
          last: -1,
          lead: 0,
          isNegative: false,
          hasWhole: false,
          hasFraction: false,
          exponent: 0,
          value,
          unit,
        });
        continue;
      }
      const parts = number.exec(text.slice(start, end));
      if (parts === null) return null;
      const [, sign, whole, , fraction = '', minus, power] = parts;
      const count = Number(whole !== '') + Number(fraction !== '') + Number(power !== undefined);
      const lead = sign.length + Number(whole === '');
      const first = runStarts.indexOf(start + lead);
      if (first < 0) return null;
      slots.push({
        first,
        last: first + count - 1,
        lead,
        isNegative: sign === '-',
        hasWhole: whole !== '',
        hasFraction: fraction !== '',
        exponent: power === undefined ? 0 : minus === '-' ? -1 : 1,
        value,
        unit,
      });
    }
    return new Layout(pairs, codes, slots, runStarts.length, line);
  }

  /** Whether a line is of this layout; then `values` are its numbers. */
  matches(text: string): boolean {
    const codes = this.#codes;
    const length = text.length;
    let [at, run] = [0, 0];
    for (let i = 0; i < codes.length; i++) {
      const code = codes[i];
      if (code !== DIGITS) {
        if (at >= length || text.charCodeAt(at) !== code) return false;
        at++;
        continue;
      }
      const start = at;
      let figures = 0;
      let c = at < length ? text.charCodeAt(at) : 0;
      while (c >= 48 && c <= 57) {
        figures = 10 * figures + (c - 48);
        at++;
        c = at < length ? text.charCodeAt(at) : 0;
      }
      if (at === start) return false;
      this.#starts[run] = start;
      this.#ends[run] = at;
      this.#figures[run++] = figures;
    }
    if (at !== length) return false;
    for (let i = 0; i < this.#slots.length; i++) this.values[i] = this.#numberOf(this.#slots[i], text);
    return true;
  }

  #numberOf(slot: Slot, text: string): number {
    if (slot.first < 0) return slot.value;
    let run = slot.first;
    let [figures, count, scale] = [0, 0, 0];
    if (slot.hasWhole) {
      figures = this.#figures[run];
      count = this.#ends[run] - this.#starts[run];
      run++;
    }
    if (slot.hasFraction) {
      scale = this.#ends[run] - this.#starts[run];
      count += scale;
      if (count <= EXACT) figures = figures * POWERS[scale] + this.#figures[run];
      run++;
    }
    const power = slot.exponent === 0 ? -scale : slot.exponent * this.#figures[run] - scale;
    // A whole number of up to 15 figures is exact, and so is a power of ten up to 22: so the nearest number comes out.
    if (count > EXACT || power < -22 || power > 22) {
      return Number(text.slice(this.#starts[slot.first] - slot.lead, this.#ends[slot.last])) * slot.unit;
    }
    const value = power < 0 ? figures / POWERS[-power] : figures * POWERS[power];
    return (slot.isNegative ? -value : value) * slot.unit;
  }
}
