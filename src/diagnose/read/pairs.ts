/**
 * Names with numbers in a line of text: `loss: 2.5`, `lr=1e-3`, `iter 7`, `[10/500]`, among words, dates and times. One
 * pass over the line, character by character.
 */

import { Layout, type PairPlace } from './layout.js';
import { copied } from './values.js';

/** The name of `n/N` that has none of its own: of a progress bar. */
export const BAR = 'n/N';

/** What may be between a name and its number. */
const [NONE, SPACED, SIGN] = [0, 1, 2];

const code = (c: string): number => c.charCodeAt(0);
const [SPACE, TAB, DOT, COLON, SLASH, DASH, PLUS, COMMA, EQUALS] = [
  ' ',
  '\t',
  '.',
  ':',
  '/',
  '-',
  '+',
  ',',
  '=',
].map(code);
const [OPEN, SQUARE, BAR_SIGN, PERCENT, UNDERSCORE, QUOTE, APOSTROPHE, LESS, STAR] = [
  '(',
  '[',
  '|',
  '%',
  '_',
  '"',
  "'",
  '<',
  '*',
].map(code);

/** The colon of Chinese and Japanese. */
const WIDE_COLON = 0xff1a;
const isDigit = (c: number): boolean => c >= 48 && c <= 57;
const isLetter = (c: number): boolean =>
  (c >= 65 && c <= 90) || (c >= 97 && c <= 122) || c === UNDERSCORE || (c > 127 && !isSign(c));
/** Lines, blocks, wide punctuation of Chinese and Japanese, and a space that does not break. */
const isSign = (c: number): boolean =>
  isBox(c) ||
  c === 0xa0 ||
  (c >= 0x3000 && c <= 0x3002) ||
  (c >= 0xff08 && c <= 0xff0c) ||
  c === WIDE_COLON ||
  c === 0xff1b;
/** Lines and blocks that boxes and progress bars are drawn with. */
const isBox = (c: number): boolean => c >= 0x2500 && c <= 0x25ff;
/** What a name may hold after its first letter. */
const isWord = (c: number): boolean =>
  isLetter(c) || isDigit(c) || c === DOT || c === SLASH || c === DASH || c === 64 || c === 35;

const POWERS = Array.from({ length: 16 }, (_, i) => Number(`1e${i}`));

/** Words that are numbers. */
const numberWords = /^[+-]?(nan|inf|infinity)$/i;
const missing = /^(none|null|n\/a)$/i;
/** Types around a number that is printed with them. */
const callsNumber = /^(tensor|array|np\.\w+|numpy\.\w+|float\d*|int\d*|Array|DeviceArray)$/;
/** Words between a name and its number. */
const filler = /^(is|was|are|of|the|at|to|now|info|warning|debug|error)$/i;
const FILLER_INITIALS = 'iwaotndeIWAOTNDE';
/** Letters of a word that is shortened with a dot. */
const SHORTENED = 5;
/** Words of a name that are kept. */
const MOST_WORDS = 5;
const otherData = /^(val|valid|validation|eval|evaluation|validating|evaluating|test|testing|dev)$/i;
const trainingData = /^(train|training)$/i;
/** Characters of a line that are looked at: the rest is no line of a log. */
const LONGEST = 1 << 16;
/** Layouts that are remembered, and characters of a line that is worth it. */
const MOST_LAYOUTS = 8;
const LONGEST_LAYOUT = 2000;

/** Finds pairs in one line after another; what it found is good until the next line. */
export class PairScanner {
  names: readonly string[] = [];
  values: readonly number[] = [];
  count = 0;
  /** Whether the line speaks of validation or testing apart from the names of its numbers. */
  isOther = false;
  /** Whether the line begins with space or the border of a box. */
  isIndented = false;
  #text = '';
  #at = 0;
  /** The name that waits for its number: where it begins and ends; -1 without one. */
  #start = -1;
  #end = -1;
  #words = 0;
  #separator = NONE;
  #saysTrain = false;
  /** The figures of the number that is read, and the number; NaN if it must be read from its text. */
  #figures = 0;
  #number = Number.NaN;
  #isBoxed = false;
  /** What was found in a line whose layout is not known. */
  readonly #names: string[] = [];
  readonly #values: number[] = [];
  readonly #places: Omit<PairPlace, 'name' | 'value'>[] = [];
  /** Of the number that is read: where its text begins and ends, -1 of a word; what it is multiplied by. */
  #numberStart = -1;
  #numberEnd = -1;
  #unit = 1;
  /** Whether the pairs of the line depend on how many digits its numbers have. */
  #countsDigits = false;
  /** Layouts of lines before, the last first. */
  readonly #layouts: Layout[] = [];
  #misses = 0;

  /** Scans a line; returns how many pairs it has. */
  scan(line: string): number {
    if (this.knows(line)) return this.count;
    this.names = this.#names;
    this.values = this.#values;
    this.#countsDigits = false;
    this.#scanWhole(line);
    this.#remember(line);
    return this.count;
  }

  /** Whether a line is of a layout that came before; then its pairs are read. */
  knows(line: string): boolean {
    const layouts = this.#layouts;
    for (let i = 0; i < layouts.length; i++) {
      const layout = layouts[i];
      if (!layout.matches(line)) continue;
      if (i > 0) {
        layouts.splice(i, 1);
        layouts.unshift(layout);
      }
      this.#misses = 0;
      this.names = layout.names;
      this.values = layout.values;
      this.count = layout.names.length;
      this.isOther = layout.isOther;
      this.isIndented = layout.isIndented;
      return true;
    }
    return false;
  }

  #remember(line: string): void {
    if (this.count === 0 || this.#countsDigits || line.length > LONGEST_LAYOUT || line.includes('{')) return;
    // Of lines that are all different, few are worth a look.
    if (++this.#misses > 100 && this.#misses % 16 !== 0) return;
    const places = this.#places
      .slice(0, this.count)
      .map((place, i) => ({ ...place, name: this.names[i], value: this.values[i] }));
    const layout = Layout.of(line, places, this);
    if (layout === null) return;
    if (this.#layouts.length === MOST_LAYOUTS) this.#layouts.pop();
    this.#layouts.unshift(layout);
  }

  #scanWhole(line: string): void {
    this.#text = line.length > LONGEST ? line.slice(0, LONGEST) : line;
    this.#at = 0;
    this.count = 0;
    this.isOther = false;
    this.#saysTrain = false;
    const first = line.charCodeAt(0);
    this.#isBoxed = first === BAR_SIGN || first === 0x2502;
    this.isIndented = first === SPACE || first === TAB || this.#isBoxed;
    this.#forget();
    while (this.#at < this.#text.length) this.#next();
    this.#forget();
    if (this.#saysTrain) this.isOther = false;
  }

  #next(): void {
    const text = this.#text;
    const c = text.charCodeAt(this.#at);
    if (isDigit(c) || ((c === DASH || c === PLUS || c === DOT) && this.#beginsNumber())) this.#readNumber();
    else if (isLetter(c)) this.#word();
    else if (c === SPACE) this.#space();
    else if (c === COLON || c === EQUALS || c === WIDE_COLON) {
      if (this.#start >= 0) this.#separator = SIGN;
      this.#at++;
    } else if (c === SQUARE || c === QUOTE || c === APOSTROPHE || c === STAR) {
      // Epoch[3]
      if (c === SQUARE && this.#start >= 0 && this.#separator === NONE && this.#end === this.#at)
        this.#separator = SPACED;
      this.#at++;
    } else if (c === OPEN) this.#bracket();
    else if ((c === BAR_SIGN || c === 0x2502) && this.#isBoxed && this.#start >= 0) {
      this.#separator = SIGN;
      this.#at++;
    } else {
      this.#forget();
      this.#at++;
    }
  }

  /** Whether a sign or a dot is followed by a digit, and no word comes before it. */
  #beginsNumber(): boolean {
    const text = this.#text;
    const before = this.#at === 0 ? SPACE : text.charCodeAt(this.#at - 1);
    if (isWord(before) && before !== SLASH) return false;
    let next = this.#at + 1;
    if (text.charCodeAt(next) === DOT) next++;
    return isDigit(text.charCodeAt(next)) || /^[+-](inf|nan)\b/i.test(text.slice(this.#at, this.#at + 5));
  }

  #space(): void {
    const text = this.#text;
    let next = this.#at;
    while (text.charCodeAt(next) === SPACE) next++;
    const isDash =
      text.charCodeAt(next) === DASH && (text.charCodeAt(next + 1) === SPACE || next + 1 === text.length);
    this.#at = next;
    if (isDash) {
      this.#forget();
      this.#at++;
    } else if (this.#start >= 0 && this.#separator === NONE) this.#separator = SPACED;
  }

  /** `(ms)` or `(train)` right behind a name belongs to it; any other bracket is passed over. */
  #bracket(): void {
    const text = this.#text;
    const end = this.#start >= 0 && this.#separator === NONE ? text.indexOf(')', this.#at) : -1;
    if (end > 0 && end - this.#at < 20 && isLetter(text.charCodeAt(this.#at + 1))) {
      this.#notice(text.slice(this.#at + 1, end));
      this.#at = end + 1;
      return;
    }
    // Hyperparameters(learning_rate=0.1): what stands before the bracket is no part of the name.
    if (isLetter(text.charCodeAt(this.#at + 1)) && this.#separator === NONE) this.#forget();
    this.#at++;
  }

  #word(): void {
    const text = this.#text;
    const start = this.#at;
    let end = start + 1;
    while (end < text.length && isWord(text.charCodeAt(end))) end++;
    // A dot or dash at the end belongs to the sentence.
    while (end > start + 1 && (text.charCodeAt(end - 1) === DOT || text.charCodeAt(end - 1) === DASH)) end--;
    this.#at = end;
    // But a short word before a number is shortened: `Ep. 3`, `L.r. 1e-4`.
    if (
      text.charCodeAt(end) === DOT &&
      end - start <= SHORTENED &&
      text.charCodeAt(end + 1) === SPACE &&
      isDigit(text.charCodeAt(end + 2))
    )
      this.#at = end + 1;
    const initial = text.charCodeAt(start) | 32;
    if (
      this.#start >= 0 &&
      end - start <= 8 &&
      (initial === 110 || initial === 105) &&
      this.#isNumberWord(text.slice(start, end))
    )
      return;
    // A call around the number: tensor(2.5), np.float64(2.5).
    const isCall =
      this.#separator === SIGN || (this.#separator === SPACED && callsNumber.test(text.slice(start, end)));
    if (text.charCodeAt(end) === OPEN && isCall && this.#beginsValue(end + 1)) {
      this.#at = end + 1;
      return;
    }
    const isNew =
      this.#start < 0 || this.#separator === SIGN || this.#words >= MOST_WORDS || start - this.#end > 1;
    if (end - start <= 7 && FILLER_INITIALS.includes(text[start]) && filler.test(text.slice(start, end))) {
      if (isNew && this.#separator === SIGN) this.#forget();
      return;
    }
    if (isNew) {
      this.#forget();
      this.#start = start;
    }
    this.#end = end;
    this.#words++;
    this.#separator = NONE;
  }

  /** `nan` and `inf` are numbers after a name; `None` is not. */
  #isNumberWord(word: string): boolean {
    if (this.#separator === NONE) return false;
    if (missing.test(word)) {
      // The name of a number that is not known says nothing of the line.
      this.#drop();
      return true;
    }
    if (!numberWords.test(word)) return false;
    const isNan = /nan/i.test(word);
    this.#numberStart = -1;
    this.#emit(
      isNan ? Number.NaN : word.startsWith('-') ? Number.NEGATIVE_INFINITY : Number.POSITIVE_INFINITY,
    );
    return true;
  }

  #beginsValue(at: number): boolean {
    const text = this.#text;
    const c = text.charCodeAt(text.charCodeAt(at) === SQUARE ? at + 1 : at);
    return isDigit(c) || c === DASH || c === DOT || /^(nan|inf)/i.test(text.slice(at, at + 3));
  }

  #readNumber(): void {
    const text = this.#text;
    const start = this.#at;
    let at = start;
    const sign = text.charCodeAt(at);
    if (sign === DASH || sign === PLUS) at++;
    if (!isDigit(text.charCodeAt(at)) && text.charCodeAt(at) !== DOT) {
      // -inf, +nan
      const word = /^[+-](inf(inity)?|nan)/i.exec(text.slice(start, start + 9))?.[0] ?? text[start];
      this.#at = start + word.length;
      this.#isNumberWord(word);
      return;
    }
    this.#figures = 0;
    const whole = at;
    at = this.#digits(at);
    let [length, scale] = [at - whole, 0];
    if (text.charCodeAt(at) === DOT && !isLetter(text.charCodeAt(at + 1))) {
      const fraction = at + 1;
      at = this.#digits(fraction);
      scale = at - fraction;
      length += scale;
    }
    const exponent = text.charCodeAt(at) | 32;
    if (exponent === 101) {
      const signed = text.charCodeAt(at + 1);
      const digits = signed === DASH || signed === PLUS ? at + 2 : at + 1;
      if (isDigit(text.charCodeAt(digits))) {
        at = this.#digits(digits);
        length = Infinity;
      }
    }
    // A whole number of up to 15 figures is exact, and so is a power of ten: their quotient is the nearest number.
    this.#number =
      length > 15 ? Number.NaN : (sign === DASH ? -this.#figures : this.#figures) / POWERS[scale];
    this.#at = at;
    if (this.#isOtherThanNumber(at)) return;
    this.#value(start, at);
  }

  /** Dates, times, versions and names that begin with a digit; they are passed over with what they belong to. */
  #isOtherThanNumber(at: number): boolean {
    const text = this.#text;
    const [c, next] = [text.charCodeAt(at), text.charCodeAt(at + 1)];
    const isTime = c === COLON && isDigit(next);
    const isVersion = c === DOT && isDigit(next);
    const isDate = (c === DASH && isDigit(next)) || (c === SLASH && isDigit(next) && this.#isDate(at));
    const isName = isLetter(c) && this.#isNameFrom(at);
    if (!isTime && !isVersion && !isDate && !isName) return false;
    let end = at;
    while (
      end < text.length &&
      (isWord(text.charCodeAt(end)) ||
        text.charCodeAt(end) === COLON ||
        (text.charCodeAt(end) === COMMA && isDigit(text.charCodeAt(end + 1))) ||
        text.charCodeAt(end) === LESS)
    )
      end++;
    this.#at = end;
    this.#forget();
    return true;
  }

  /** `2023/06/05` is a date, `10/60` is not. */
  #isDate(at: number): boolean {
    const text = this.#text;
    let end = at + 1;
    while (isDigit(text.charCodeAt(end))) end++;
    return text.charCodeAt(end) === SLASH && isDigit(text.charCodeAt(end + 1));
  }

  /** Whether letters behind a number make it a name (`3f2a9c`, `2x_loss`) and no unit (`232.37ms`, `3ms/step`). */
  #isNameFrom(at: number): boolean {
    const text = this.#text;
    let end = at;
    while (isLetter(text.charCodeAt(end)) || text.charCodeAt(end) === SLASH) end++;
    const isLong = end - at > 8;
    return isLong || isDigit(text.charCodeAt(end)) || text.charCodeAt(at) === UNDERSCORE;
  }

  /** To the end of digits, which are added to the figures. */
  #digits(from: number): number {
    const text = this.#text;
    let at = from;
    let figures = this.#figures;
    for (;;) {
      const c = text.charCodeAt(at);
      if (isDigit(c)) figures = 10 * figures + (c - 48);
      else if (c !== UNDERSCORE || !isDigit(text.charCodeAt(at + 1))) break;
      at++;
    }
    this.#figures = figures;
    return at;
  }

  /** Takes a number, with thousands, a unit, or what it is out of. */
  #value(start: number, end: number): void {
    const text = this.#text;
    let at = end;
    let value = this.#number;
    this.#numberStart = start;
    this.#numberEnd = end;
    this.#unit = 1;
    if (text.charCodeAt(at) === COMMA && isDigit(text.charCodeAt(at + 1))) this.#countsDigits = true;
    if (text.charCodeAt(at) === COMMA && this.#isGrouped(start, at)) {
      while (text.charCodeAt(at) === COMMA && isGroup(text, at)) at += 4;
      if (text.charCodeAt(at) === DOT) at = this.#digits(at + 1);
      value = Number(text.slice(start, at).replaceAll(',', ''));
    } else if (Number.isNaN(value)) value = Number(text.slice(start, at).replaceAll('_', ''));
    const unit = at;
    while (
      isLetter(text.charCodeAt(at)) ||
      text.charCodeAt(at) === PERCENT ||
      (text.charCodeAt(at) === SLASH && isLetter(text.charCodeAt(at + 1)))
    )
      at++;
    if (at === unit + 1 && (text[unit] === 'k' || text[unit] === 'K')) {
      this.#unit = 1e3;
      value *= this.#unit;
    }
    // 50 / 1000, 10/ 500000
    let total = at;
    while (text.charCodeAt(total) === SPACE) total++;
    const isPart = text.charCodeAt(total) === SLASH;
    if (isPart) {
      total++;
      while (text.charCodeAt(total) === SPACE) total++;
      const after = this.#digits(total);
      if (after > total) {
        this.#at = after;
        // 05/01 10:00:00 is a day.
        if (this.#isTimeAt(after)) this.#forget();
        else this.#part(value);
        return;
      }
    }
    this.#at = Math.max(at, end);
    this.#emit(value);
  }

  /** Takes `n/N`: of two in a row, `[3/90][50/1251]` or `Train: 3 [50/1251]`, the first is the epoch. */
  #part(value: number): void {
    const before = this.count - 1;
    const isNamed = this.#start >= 0 && this.#separator !== NONE;
    const [start, end] = [this.#start, this.#end];
    this.#emit(value, BAR);
    const name = isNamed ? this.#text.slice(start, end) : BAR;
    if (isNamed && otherData.test(name)) this.isOther = true;
    if (isNamed || before < 0 || !this.#isJustBefore(before)) return;
    const outer = this.#names[before];
    if (otherData.test(outer)) this.isOther = true;
    if (outer === BAR || trainingData.test(outer) || otherData.test(outer)) this.#names[before] = 'epoch';
  }

  /** Whether nothing but brackets and what it is out of stands between a number and the one that was read last. */
  #isJustBefore(pair: number): boolean {
    const between = this.#text.slice(this.#places[pair].end, this.#places[this.count - 1].start);
    return between.length < 20 && /^(\s*\/\s*\d+)?[\])]?\s*\[\s*$/.test(between);
  }

  /** Whether a time of day follows behind a space. */
  #isTimeAt(at: number): boolean {
    const text = this.#text;
    if (text.charCodeAt(at) !== SPACE || !isDigit(text.charCodeAt(at + 1))) return false;
    this.#countsDigits = true;
    return text.charCodeAt(at + 3) === COLON;
  }

  /** Whether digits of at most three, not 0 alone, are followed by a group of three. */
  #isGrouped(start: number, end: number): boolean {
    const first = isDigit(this.#text.charCodeAt(start)) ? start : start + 1;
    return (
      end - first <= 3 &&
      this.#text.charCodeAt(first) !== 48 &&
      !this.#text.slice(first, end).includes('.') &&
      isGroup(this.#text, end)
    );
  }

  /** Gives the number to the name that waits, or to none. */
  #emit(value: number, nameless?: string): void {
    const hasName = this.#start >= 0 && this.#separator !== NONE;
    if (hasName || nameless !== undefined) {
      this.#names[this.count] = hasName ? this.#name() : nameless!;
      this.#values[this.count] = value;
      this.#places[this.count] = {
        nameStart: hasName ? this.#start : -1,
        nameEnd: hasName ? this.#end : -1,
        start: this.#numberStart,
        end: this.#numberEnd,
        unit: this.#unit,
      };
      this.count++;
    }
    this.#start = -1;
    this.#words = 0;
    this.#separator = NONE;
  }

  /** The name that waits. Lines of a log have the same names at the same places: most need no new string. */
  #name(): string {
    const before = this.#names[this.count];
    const [start, end] = [this.#start, this.#end];
    if (before !== undefined && before.length === end - start && this.#text.startsWith(before, start))
      return before;
    return copied(this.#text.slice(start, end));
  }

  /** Drops the name that waits, and notices whether it speaks of training or other data. */
  #forget(): void {
    if (this.#start >= 0 && this.#end - this.#start < 40) this.#noticeFrom(this.#start, this.#end);
    this.#drop();
  }

  #drop(): void {
    this.#start = -1;
    this.#words = 0;
    this.#separator = NONE;
  }

  /** Looks at the words of a name that begin as those do. */
  #noticeFrom(start: number, end: number): void {
    const text = this.#text;
    for (let at = start; at < end; at++) {
      const c = text.charCodeAt(at) | 32;
      const begins = at === start || !isLetter(text.charCodeAt(at - 1));
      if (begins && (c === 118 || c === 101 || c === 116 || c === 100)) {
        this.#notice(text.slice(at, end));
        return;
      }
    }
  }

  #notice(name: string): void {
    for (const word of name.split(/[ _/.-]/)) {
      if (otherData.test(word)) this.isOther = true;
      if (trainingData.test(word)) this.#saysTrain = true;
    }
  }
}

/** A comma and three digits, no more. */
function isGroup(text: string, at: number): boolean {
  for (let i = 1; i <= 3; i++) if (!isDigit(text.charCodeAt(at + i))) return false;
  return !isDigit(text.charCodeAt(at + 4));
}
