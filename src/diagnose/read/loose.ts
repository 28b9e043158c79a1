/** Objects as programs print them: JSON, JSON with NaN, and Python's dicts with what may stand in them. Linear time. */

/** How deep objects may be nested. */
const DEEPEST = 32;

/** An object and where it ends; `value` is undefined where it cannot be read, and `end` is how far it was. */
export interface Parsed {
  readonly value: Readonly<Record<string, unknown>> | undefined;
  readonly end: number;
}

/** Reads the object that begins at a place of a line. Never throws. */
export function parseLoose(text: string, from: number): Parsed {
  const parser = new Loose(text, from);
  const value = parser.value(0);
  const isObject = typeof value === 'object' && value !== null && !Array.isArray(value);
  return { value: isObject ? (value as Parsed['value']) : undefined, end: Math.max(parser.at, from + 1) };
}

/** Reads the list of numbers that begins at a place of a line; undefined if there is none. Never throws. */
export function parseList(text: string, from: number): readonly unknown[] | undefined {
  const list = new Loose(text, from).value(0);
  return Array.isArray(list) ? (list as readonly unknown[]) : undefined;
}

/** What no value is. */
const FAILED = Symbol('failed');

const words: Readonly<Record<string, unknown>> = {
  true: true,
  false: false,
  none: null,
  null: null,
  undefined: null,
  nan: Number.NaN,
  inf: Number.POSITIVE_INFINITY,
  infinity: Number.POSITIVE_INFINITY,
};

/** A recursive descent over one line. */
class Loose {
  readonly #text: string;
  at: number;

  constructor(text: string, at: number) {
    this.#text = text;
    this.at = at;
  }

  value(depth: number): unknown {
    this.#skipSpace();
    const c = this.#text[this.at];
    if (c === '{') return depth < DEEPEST ? this.#object(depth) : FAILED;
    if (c === '[' || c === '(') return depth < DEEPEST ? this.#list(depth, c === '[' ? ']' : ')') : FAILED;
    if (c === '"' || c === "'") return this.#string(c);
    return this.#bare(depth);
  }

  #object(depth: number): unknown {
    const fields: Record<string, unknown> = Object.create(null) as Record<string, unknown>;
    this.at++;
    for (;;) {
      this.#skipSpace();
      if (this.#take('}')) return fields;
      const key = this.value(depth + 1);
      if (typeof key !== 'string' && typeof key !== 'number') return FAILED;
      this.#skipSpace();
      if (!this.#take(':')) return FAILED;
      const value = this.value(depth + 1);
      if (value === FAILED) return FAILED;
      fields[String(key)] = value;
      this.#skipSpace();
      if (!this.#take(',') && this.#text[this.at] !== '}') return FAILED;
    }
  }

  #list(depth: number, end: string): unknown {
    const items: unknown[] = [];
    this.at++;
    for (;;) {
      this.#skipSpace();
      if (this.#take(end)) return items;
      const item = this.value(depth + 1);
      if (item === FAILED) return FAILED;
      items.push(item);
      this.#skipSpace();
      if (!this.#take(',') && this.#text[this.at] !== end) return FAILED;
    }
  }

  /** In single or double quotes, with a backslash before what is meant as it stands. */
  #string(quote: string): unknown {
    const start = ++this.at;
    let hasEscapes = false;
    for (; this.at < this.#text.length; this.at++) {
      const c = this.#text[this.at];
      if (c === '\\') {
        hasEscapes = true;
        this.at++;
      } else if (c === quote) {
        const text = this.#text.slice(start, this.at++);
        return hasEscapes ? text.replace(/\\(.)/g, '$1') : text;
      }
    }
    return FAILED;
  }

  /** A number, a word, or a call around a value: `tensor(2.5, device='cuda:0')`, `np.float64(1.1)`. */
  #bare(depth: number): unknown {
    const start = this.at;
    while (this.at < this.#text.length && isBare(this.#text.charCodeAt(this.at))) this.at++;
    const text = this.#text.slice(start, this.at);
    if (text === '') return FAILED;
    if (this.#text[this.at] === '(') {
      if (depth >= DEEPEST) return FAILED;
      const inside = this.#list(depth + 1, ')');
      if (!Array.isArray(inside)) return FAILED;
      const [first] = inside as unknown[];
      return Array.isArray(first) && first.length === 1 ? first[0] : first;
    }
    // An argument with its name: device='cuda:0'.
    if (this.#take('=')) return this.value(depth + 1);
    const number = Number(text);
    if (!Number.isNaN(number)) return number;
    const [, sign, word] = /^([+-]?)(\w+)$/.exec(text) ?? [];
    const known = word === undefined ? undefined : words[word.toLowerCase()];
    if (known === undefined) return text;
    return typeof known === 'number' && sign === '-' ? -known : known;
  }

  #take(c: string): boolean {
    if (this.#text[this.at] !== c) return false;
    this.at++;
    return true;
  }

  #skipSpace(): void {
    while (this.#text.charCodeAt(this.at) <= 32) this.at++;
  }
}

/** Letters, digits and what stands in numbers and dotted names. */
function isBare(c: number): boolean {
  return (
    (c >= 48 && c <= 57) ||
    (c >= 65 && c <= 90) ||
    (c >= 97 && c <= 122) ||
    c === 43 ||
    c === 45 ||
    c === 46 ||
    c === 95
  );
}
