/**
 * Clip specs: the short form in which a command line, a log or a report names a clipper, `norm:1:p=inf`. One table;
 * a further clipper adds its word here.
 */

import { clipByGlobalNorm } from './clip-by-global-norm.js';
import { clipByNorm } from './clip-by-norm.js';
import { clipByValue } from './clip-by-value.js';
import { type GradientHook, type NonFinitePolicy, nonFinitePolicies } from './hook.js';

/** A parsed spec. */
export interface ClipSpec {
  /** As it was written. */
  readonly text: string;
  readonly hooks: readonly GradientHook[];
  /** The bound on the global norm, where the spec sets one; null otherwise. */
  readonly threshold: number | null;
}

type Options = Readonly<Record<string, string>>;

interface Word {
  /** How it is written, for messages. */
  readonly form: string;
  readonly options: readonly string[];
  make(amount: number, options: Options): { readonly hook: GradientHook; readonly bounds: boolean };
}

const words: Readonly<Record<string, Word>> = {
  norm: {
    form: 'norm:1',
    options: ['p', 'eps', 'nonfinite'],
    make: (amount, options) => ({
      hook: clipByGlobalNorm(amount, normOptions(options)),
      bounds: parseNumber(options.p ?? '2') === 2 && amount < Number.POSITIVE_INFINITY,
    }),
  },
  value: {
    form: 'value:0.5',
    options: [],
    make: (amount) => ({ hook: clipByValue(amount), bounds: false }),
  },
  'per-tensor': {
    form: 'per-tensor:1',
    options: ['p', 'eps', 'nonfinite'],
    make: (amount, options) => ({ hook: clipByNorm(amount, normOptions(options)), bounds: false }),
  },
};

/** What an option's value must be, and whether it is. */
const meanings: Readonly<Record<string, readonly [rule: string, holds: (value: string) => boolean]>> = {
  p: ['p must be a number > 0 or inf', (value) => parseNumber(value) > 0],
  eps: ['eps must be a number ≥ 0', (value) => Number.isFinite(Number(value)) && parseNumber(value) >= 0],
  nonfinite: [
    `nonfinite must be one of ${nonFinitePolicies.join(', ')}`,
    (value) => nonFinitePolicies.some((policy) => policy === value),
  ],
};

/**
 * Parses `none`, `norm:1`, `norm:1:p=inf`, `value:0.5`, `per-tensor:1`. A training under a spec sees a non-finite
 * gradient as it is (`nonfinite=propagate`) unless the spec says otherwise. Throws an Error with the known forms.
 */
export function parseClipSpec(text: string): ClipSpec {
  if (text === 'none') return { text, hooks: [], threshold: null };
  const [name = '', amountText = '', ...rest] = text.split(':');
  const word = Object.hasOwn(words, name) ? words[name] : undefined;
  if (!word) throw specError(text, `must be ${forms()}`);
  const amount = parseNumber(amountText);
  if (!(amount >= 0)) throw specError(text, `needs a threshold ≥ 0, as in ${word.form}`);
  const { hook, bounds } = word.make(amount, parseOptions(text, word, rest));
  return { text, hooks: [hook], threshold: bounds ? amount : null };
}

/** The forms a spec may take, for help texts. */
export function clipSpecForms(): readonly string[] {
  return ['none', ...Object.values(words).map(({ form }) => form), 'norm:1:p=inf'];
}

function forms(): string {
  return `one of ${clipSpecForms().join(', ')}`;
}

function parseOptions(text: string, word: Word, parts: readonly string[]): Options {
  const options: Record<string, string> = {};
  for (const part of parts) {
    const [key = '', ...values] = part.split('=');
    const value = values.join('=');
    if (!word.options.includes(key) || value === '') {
      const known =
        word.options.length > 0 ? `options are ${word.options.join('=…, ')}=…` : 'takes no options';
      throw specError(text, `${known}, not '${part}'`);
    }
    if (Object.hasOwn(options, key)) throw specError(text, `${key} is given twice`);
    const [rule, holds] = meanings[key];
    if (!holds(value)) throw specError(text, `${rule}, got '${value}'`);
    options[key] = value;
  }
  return options;
}

function normOptions({ p = '2', eps = '0', nonfinite = 'propagate' }: Options) {
  return { p: parseNumber(p), eps: parseNumber(eps), nonFinite: nonfinite as NonFinitePolicy };
}

function parseNumber(text: string): number {
  if (/^inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function specError(text: string, problem: string): Error {
  return new Error(`clip spec '${text}': ${problem}`);
}
