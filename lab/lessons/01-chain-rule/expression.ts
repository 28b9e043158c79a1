/**
 * The language of the graphs: `s = x*y + z; s * tanh(s)`. Names, numbers, + - * / ^, parentheses, a few functions, and
 * definitions before the result. Read by one pass over the characters into a list of operations; nothing is evaluated as
 * code.
 */

/** Functions of one number. */
export const FUNCTIONS = ['tanh', 'exp', 'log', 'relu', 'sigmoid'] as const;
/** What an operation does. */
export type Kind = 'add' | 'sub' | 'mul' | 'div' | 'pow' | 'neg' | (typeof FUNCTIONS)[number];

/** What an operation reads: the place of a node, or a number. */
export type Source = { readonly node: number } | { readonly constant: number };

/** A node of the graph: a variable that is given, or an operation. */
export interface GraphNode {
  /** Its own name, or a v with a number. */
  readonly name: string;
  /** Null for a variable that is given. */
  readonly kind: Kind | null;
  readonly reads: readonly Source[];
}

/** Nodes in the order in which they are computed; the last is the result. */
export type Graph = readonly GraphNode[];

/** What the result is called where it has no name of its own. */
const RESULT = 'L';
const LONGEST = 200;
const MOST_NODES = 24;
const DEEPEST = 40;

/** Reads an expression. Throws an Error that says what is wrong, as a sentence without its subject: `has no ) …`. */
export function parseExpression(text: string): Graph {
  if (text.length > LONGEST) throw new Error(`must not be longer than ${LONGEST} characters`);
  return new Reader(text).read();
}

/** Why a text cannot be used; null if it can. */
export function checkExpression(text: string): string | null {
  try {
    parseExpression(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}

/** The names of the variables that are given, in the order of the expression. */
export function inputsOf(graph: Graph): readonly string[] {
  return graph.filter(({ kind }) => kind === null).map(({ name }) => name);
}

interface Token {
  readonly text: string;
  readonly at: number;
}

const INFIX: Readonly<Record<string, Kind>> = { '+': 'add', '-': 'sub', '*': 'mul', '/': 'div', '^': 'pow' };
/** How tightly an operator binds; the sign stands between product and power. */
const BINDS: Readonly<Record<string, number>> = { '+': 1, '-': 1, '*': 2, '/': 2, '^': 4 };
const SIGN = 3;

class Reader {
  readonly #tokens: readonly Token[];
  #next = 0;
  #depth = 0;
  readonly #inputs: GraphNode[] = [];
  readonly #nodes: { kind: Kind; reads: readonly Read[]; name: string | null }[] = [];
  readonly #defined = new Map<string, { readonly value: Read; used: boolean; readonly at: number }>();

  constructor(text: string) {
    this.#tokens = tokensOf(text);
  }

  read(): Graph {
    let result: Read = { constant: 0 };
    do {
      const [name, equals] = [this.#peek(0), this.#peek(1)];
      const defines = /^[A-Za-z]/.test(name?.text ?? '') && equals?.text === '=';
      if (defines) this.#next += 2;
      const value = this.#expression(0);
      if (this.#peek(0) && this.#peek(0)!.text !== ';')
        throw new Error(
          `has ${this.#peek(0)!.text} where an operator should stand (${placeOf(this.#peek(0)!)})`,
        );
      this.#next++;
      const last = this.#peek(0) === undefined;
      if (defines) this.#define(name!, value, last);
      else if (!last)
        throw new Error(`must give every part before the last a name: s = …; (${placeOf(this.#peek(0)!)})`);
      result = value;
    } while (this.#peek(0));
    return this.#graph(result);
  }

  #define({ text, at }: Token, value: Read, last: boolean): void {
    if (isFunction(text)) throw new Error(`cannot define ${text}, which is a function`);
    if (this.#defined.has(text)) throw new Error(`defines ${text} twice`);
    if (this.#inputs.some(({ name }) => name === text)) throw new Error(`uses ${text} before it defines it`);
    this.#defined.set(text, { value, used: last, at });
    if ('op' in value) this.#nodes[value.op].name ??= text;
  }

  /** Everything that binds more tightly than `above`. */
  #expression(above: number): Read {
    if (++this.#depth > DEEPEST) throw new Error(`must not be nested deeper than ${DEEPEST}`);
    let left = this.#operand();
    for (;;) {
      const token = this.#peek(0);
      const binds = token && BINDS[token.text];
      if (!binds || binds <= above) break;
      this.#next++;
      // A power binds to the right: 2^3^2 is 2^9.
      const right = this.#expression(token.text === '^' ? binds - 1 : binds);
      left = this.#apply(INFIX[token.text], [left, right]);
    }
    this.#depth--;
    return left;
  }

  #operand(): Read {
    const token = this.#peek(0);
    if (!token) throw new Error('ends where a number, a name or a ( should stand');
    this.#next++;
    if (token.text === '-') return this.#apply('neg', [this.#expression(SIGN)]);
    if (token.text === '(') {
      const inside = this.#expression(0);
      this.#close(token);
      return inside;
    }
    if (/^[\d.]/.test(token.text)) return { constant: Number(token.text) };
    if (!/^[A-Za-z]/.test(token.text))
      throw new Error(`has ${token.text} where a number, a name or a ( should stand (${placeOf(token)})`);
    const open = this.#peek(0);
    if (open?.text === '(') {
      if (!isFunction(token.text))
        throw new Error(`has no function ${token.text}; there are ${FUNCTIONS.join(', ')}`);
      this.#next++;
      const inside = this.#expression(0);
      this.#close(open);
      return this.#apply(token.text, [inside]);
    }
    if (isFunction(token.text)) throw new Error(`needs a ( after ${token.text} (${placeOf(token)})`);
    return this.#named(token.text);
  }

  #close(open: Token): void {
    if (this.#peek(0)?.text !== ')') throw new Error(`has no ) for the ( at character ${open.at + 1}`);
    this.#next++;
  }

  #named(name: string): Read {
    const defined = this.#defined.get(name);
    if (defined) {
      defined.used = true;
      return defined.value;
    }
    const known = this.#inputs.findIndex((input) => input.name === name);
    if (known >= 0) return { input: known };
    this.#inputs.push({ name, kind: null, reads: [] });
    return { input: this.#inputs.length - 1 };
  }

  #apply(kind: Kind, reads: readonly Read[]): Read {
    if (kind === 'pow' && !('constant' in reads[1]))
      throw new Error('must have a number as exponent of ^, such as x^2');
    const numbers = reads.flatMap((read) => ('constant' in read ? [read.constant] : []));
    if (numbers.length === reads.length) return { constant: fold(kind, numbers) };
    this.#nodes.push({ kind, reads, name: null });
    return { op: this.#nodes.length - 1 };
  }

  #graph(result: Read): Graph {
    for (const [name, { used }] of this.#defined)
      if (!used) throw new Error(`defines ${name} and never uses it`);
    const inputs = this.#inputs.length;
    if (inputs === 0) throw new Error('must have a variable, such as x');
    if (!('op' in result)) throw new Error('must do something with its variables');
    if (inputs + this.#nodes.length > MOST_NODES)
      throw new Error(`must not have more than ${MOST_NODES} nodes, it has ${inputs + this.#nodes.length}`);
    const taken = new Set([...this.#inputs.map(({ name }) => name), ...this.#defined.keys()]);
    if (!taken.has(RESULT)) this.#nodes[result.op].name ??= RESULT;
    let numbered = 0;
    const named = (): string => {
      do numbered++;
      while (taken.has(`v${numbered}`));
      return `v${numbered}`;
    };
    const source = (read: Read): Source =>
      'constant' in read ? read : { node: 'input' in read ? read.input : inputs + read.op };
    return [
      ...this.#inputs,
      ...this.#nodes.map(({ kind, reads, name }) => ({
        name: name ?? named(),
        kind,
        reads: reads.map(source),
      })),
    ];
  }

  #peek(ahead: number): Token | undefined {
    return this.#tokens[this.#next + ahead];
  }
}

type Read = { readonly constant: number } | { readonly input: number } | { readonly op: number };

function tokensOf(text: string): readonly Token[] {
  const pattern =
    /\s*(?:(\d+\.?\d*(?:e[+-]?\d+)?|\.\d+(?:e[+-]?\d+)?|[A-Za-z][A-Za-z0-9]*|[-+*/^()=;])|(\S))/y;
  const plain = text.replaceAll('·', '*').replaceAll('×', '*').replaceAll('−', '-').trimEnd();
  const tokens: Token[] = [];
  while (pattern.lastIndex < plain.length) {
    const [whole, known, other] = pattern.exec(plain)!;
    const at = pattern.lastIndex - (known ?? other).length;
    if (other) throw new Error(`must not have ${other} (character ${at + 1})`);
    if (/^[A-Za-z]/.test(known) && known.length > 7)
      throw new Error(`must have names of at most 7 letters, not ${known.slice(0, 20)}`);
    if (whole) tokens.push({ text: known, at });
  }
  return tokens;
}

function isFunction(name: string): name is (typeof FUNCTIONS)[number] {
  return (FUNCTIONS as readonly string[]).includes(name);
}

function placeOf({ at }: Token): string {
  return `character ${at + 1}`;
}

/** Numbers alone are computed at once and are no part of the graph. */
function fold(kind: Kind, [a, b]: readonly number[]): number {
  switch (kind) {
    case 'add':
      return a + b;
    case 'sub':
      return a - b;
    case 'mul':
      return a * b;
    case 'div':
      return a / b;
    case 'pow':
      return a ** b;
    case 'neg':
      return -a;
    case 'tanh':
      return Math.tanh(a);
    case 'exp':
      return Math.exp(a);
    case 'log':
      return Math.log(a);
    case 'relu':
      return Math.max(0, a);
    case 'sigmoid':
      return 1 / (1 + Math.exp(-a));
  }
}

/** Values of the variables, `x=2,y=-1`, by name. Throws an Error as `parseExpression` does. */
export function parseValues(text: string): ReadonlyMap<string, number> {
  const values = new Map<string, number>();
  for (const part of text.split(',').filter((entry) => entry.trim() !== '')) {
    const [, name, number] = /^\s*([A-Za-z][A-Za-z0-9]*)\s*=\s*(\S+)\s*$/.exec(part) ?? [];
    const value = Number(number);
    if (name === undefined || !Number.isFinite(value))
      throw new Error(`must be like x=2,y=-1, not ${part.trim()}`);
    if (Math.abs(value) > 100) throw new Error(`must have values from -100 to 100, not ${name}=${number}`);
    values.set(name, value);
  }
  return values;
}

/** Why such values cannot be used; null if they can. */
export function checkValues(text: string): string | null {
  try {
    parseValues(text);
    return null;
  } catch (error) {
    return (error as Error).message;
  }
}
