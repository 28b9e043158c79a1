/**
 * Clip specs: the short form in which a command line, a log or a report names clippers, `norm:1:p=inf`. One rule: the
 * word is the function's name in lower case with hyphens, without `clip`, `By` and `Global` (`clipByGlobalNorm` is
 * `norm`, `clipByBlockRms` is `block-rms`, `skipAbove` is `skip-above`), the number behind it is the function's first
 * argument, and options have the names that they have there. Neither case nor hyphens count, and the function's own name
 * will do. A further clipper adds its entry to the one table here.
 */

import { nearestOf } from '../tensor/nearest.js';
import { adaGC } from './ada-gc.js';
import { addWeightDecay } from './add-weight-decay.js';
import { autoClip } from './auto-clip.js';
import { capNormGrowth } from './cap-norm-growth.js';
import { described } from './checks.js';
import { clipByBlockRms } from './clip-by-block-rms.js';
import { clipByGlobalNorm } from './clip-by-global-norm.js';
import { clipByGroupNorm } from './clip-by-group-norm.js';
import { clipByTensorNorm } from './clip-by-tensor-norm.js';
import { clipByValue } from './clip-by-value.js';
import { clipSpikes } from './clip-spikes.js';
import { type ClipUnitwiseOptions, clipUnitwise } from './clip-unitwise.js';
import { clipUpdateByRms } from './clip-update-by-rms.js';
import type { NonFinitePolicy, StepHook } from './hook.js';
import { skipAbove } from './skip-above.js';
import { skipNonFinite } from './skip-non-finite.js';
import { skipSpikes } from './skip-spikes.js';
import { type ZClipOptions, zClip } from './z-clip.js';

/** A parsed spec. */
export interface ClipSpec {
  /** As it was written. */
  readonly text: string;
  /** The same in code, as `hooks: [ ]` holds it: `skipNonFinite(), clipByGlobalNorm(1)`. Empty for `none`. */
  readonly code: string;
  /** The functions that make its hooks, in order. */
  readonly functions: readonly string[];
  /** The bound on the global norm that it sets, or null. */
  readonly threshold: number | null;
  /** New hooks each time: one that remembers must not carry a run into the next. */
  make(): readonly StepHook[];
}

/** Every option that a spec may set. */
interface Options {
  readonly p?: number;
  readonly eps?: number;
  readonly window?: number;
  readonly warmup?: number;
  readonly maxNorm?: number;
  readonly nonFinite?: NonFinitePolicy;
  readonly mode?: ZClipOptions['mode'];
  readonly units?: ClipUnitwiseOptions['units'];
}

/** Those whose value is a word; all others are numbers. */
const wordOptions: readonly string[] = ['nonFinite', 'mode', 'units'];

interface Clipper {
  make(amount: number, options: Options): StepHook;
  readonly options?: readonly (keyof Options)[];
  /** An amount for help texts, if the clipper has no published one. */
  readonly example?: number;
  /** What papers and other libraries call it: only to guess what somebody meant. */
  readonly elsewhere?: readonly string[];
  /** The bound on the global 2-norm. */
  bound?(amount: number, options: Options): number;
}

const normOptions = ['p', 'eps', 'nonFinite'] as const;

/** Every function that makes a hook, by its name. */
const clippers: Readonly<Record<string, Clipper>> = {
  clipByGlobalNorm: {
    make: clipByGlobalNorm,
    options: normOptions,
    example: 1,
    elsewhere: ['clip_grad_norm', 'global_clipnorm'],
    bound: (amount, { p = 2 }) => (p === 2 ? amount : Number.POSITIVE_INFINITY),
  },
  clipByValue: { make: (amount) => clipByValue(amount), example: 0.5, elsewhere: ['clipvalue'] },
  clipByTensorNorm: {
    make: clipByTensorNorm,
    options: normOptions,
    example: 1,
    elsewhere: ['clipnorm', 'clip_by_norm', 'per-tensor'],
  },
  clipByGroupNorm: { make: clipByGroupNorm, options: normOptions, example: 1 },
  clipByBlockRms: { make: clipByBlockRms, options: ['eps', 'nonFinite'], example: 1 },
  clipUnitwise: {
    make: clipUnitwise,
    options: ['units', 'nonFinite'],
    elsewhere: ['AGC', 'adaptive_grad_clip'],
  },
  autoClip: { make: autoClip, options: ['window', 'nonFinite'] },
  zClip: {
    make: zClip,
    options: ['mode', 'warmup', 'maxNorm', 'nonFinite'],
    bound: (_, { maxNorm = 1 }) => maxNorm,
  },
  adaGC: { make: adaGC, options: ['warmup', 'maxNorm', 'nonFinite'] },
  capNormGrowth: { make: capNormGrowth, options: ['nonFinite'], elsewhere: ['growth', 'Fira'] },
  clipUpdateByRms: { make: clipUpdateByRms, options: ['eps'], elsewhere: ['StableAdamW'] },
  clipSpikes: { make: (amount) => clipSpikes(amount), elsewhere: ['SPAM'] },
  skipSpikes: { make: skipSpikes, options: ['window'] },
  skipNonFinite: { make: (amount) => skipNonFinite(amount), elsewhere: ['apply_if_finite'] },
  skipAbove: { make: skipAbove, options: ['p', 'nonFinite'], example: 10 },
  addWeightDecay: { make: (amount) => addWeightDecay(amount), example: 0.01 },
};

/** The word of a function that makes a hook: `clipByGlobalNorm` is `norm`. */
function wordOf(name: string): string {
  const short = name.startsWith('clip') ? name.slice(4).replace(/By|Global/g, '') : name;
  return short.replace(/(?<=[a-z])(?=[A-Z])/g, '-').toLowerCase();
}

/** A name without what does not count. */
function plain(text: string): string {
  return text.replaceAll('-', '').toLowerCase();
}

/** How a spec is written at its shortest: without an amount if the clipper has a published one. */
function formOf(name: string): string {
  const { example } = clippers[name];
  return example === undefined ? wordOf(name) : `${wordOf(name)}:${example}`;
}

/**
 * Parses `none`, `norm:1`, `norm:1:p=inf`, `z-clip:2.5:warmup=10` and the like; `skip-non-finite+norm:1` is two hooks, in
 * this order. A training under a spec sees a non-finite gradient as it is (`nonFinite=propagate`) unless the spec says
 * otherwise. Throws an Error with the nearest word and the known forms.
 */
export function parseClipSpec(text: string): ClipSpec {
  if (typeof text !== 'string') throw new Error(`parseClipSpec: takes a string, got ${described(text)}`);
  if (plain(text) === 'none')
    return { text: 'none', code: '', functions: [], threshold: null, make: () => [] };
  // Not the + of 1e+3.
  const parts = text.split(/\+(?=[a-zA-Z])/).map((part) => parsePart(text, part));
  const threshold = Math.min(...parts.map(({ bound }) => bound));
  return {
    text,
    code: parts.map(({ code }) => code).join(', '),
    functions: parts.map(({ name }) => name),
    threshold: threshold < Number.POSITIVE_INFINITY ? threshold : null,
    make: () => parts.map(({ make }) => make()),
  };
}

/** The words of specs: each as it is written at its shortest, and the function whose word it is. */
export function clipSpecWords(): readonly { readonly form: string; readonly function: string }[] {
  return Object.keys(clippers).map((name) => ({ form: formOf(name), function: name }));
}

/** The forms a spec may take, for help texts. */
export function clipSpecForms(): readonly string[] {
  return ['none', ...Object.keys(clippers).map(formOf), 'norm:1:p=inf', 'skip-non-finite+norm:1'];
}

interface Part {
  readonly name: string;
  readonly code: string;
  readonly bound: number;
  make(): StepHook;
}

function parsePart(text: string, part: string): Part {
  const [word = '', amountText = '', ...rest] = part.split(':');
  const name = functionOf(text, word);
  const clipper = clippers[name];
  const { options: known = [], example } = clipper;
  const amount = amountText === '' && example === undefined ? undefined : parseNumber(amountText);
  if (Number.isNaN(amount)) {
    const form = example === undefined ? `${word} or ${word}:NUMBER` : formOf(name);
    throw specError(text, `needs a number, as in ${form}`);
  }
  const given = parseOptions(text, known, rest);
  const options: Options = { ...(known.includes('nonFinite') && { nonFinite: 'propagate' }), ...given };
  try {
    // Without an amount the clipper takes its published one.
    const make = (): StepHook => clipper.make(amount as number, options);
    make();
    const bound = clipper.bound?.(amount as number, options) ?? Number.POSITIVE_INFINITY;
    return { name, code: `${name}(${argumentsOf(amount, given)})`, make, bound };
  } catch (error) {
    // The clipper's own message about its settings, said of the spec.
    throw specError(text, (error as Error).message.replace(/^\w+: /, ''));
  }
}

/** The function that a word stands for. Throws, with the nearest word, if there is no such word. */
function functionOf(text: string, word: string): string {
  const names = Object.keys(clippers);
  const found = names.find((name) => [name, wordOf(name)].some((own) => plain(own) === plain(word)));
  if (found !== undefined) return found;
  const calledBy = new Map(
    names.flatMap((name) =>
      [name, wordOf(name), ...(clippers[name].elsewhere ?? [])].map((own) => [own, name]),
    ),
  );
  const meant = calledBy.get(nearestOf([...calledBy.keys()], word))!;
  const forms = clipSpecForms().join(', ');
  throw specError(
    text,
    `no clipper is called '${word}'; did you mean ${wordOf(meant)} (${meant})? It must be one of ${forms}`,
  );
}

/** The arguments as code writes them: `1, { p: Infinity }`. */
function argumentsOf(amount: number | undefined, options: Options): string {
  const pairs = Object.entries(options).map(([name, value]) => {
    return `${name}: ${typeof value === 'string' ? `'${value}'` : value}`;
  });
  if (pairs.length === 0) return amount === undefined ? '' : String(amount);
  return `${amount}, { ${pairs.join(', ')} }`;
}

function parseOptions(text: string, known: readonly (keyof Options)[], parts: readonly string[]): Options {
  const options: Record<string, number | string> = {};
  for (const part of parts) {
    const [key, ...values] = part.split('=');
    const value = values.join('=');
    const name = known.find((each) => plain(each) === plain(key));
    if (!name || value === '') {
      const names = known.map((each) => `${each}=…`).join(', ');
      throw specError(text, `${names ? `options are ${names}` : 'takes no options'}, not '${part}'`);
    }
    if (Object.hasOwn(options, name)) throw specError(text, `${name} is given twice`);
    options[name] = wordOptions.includes(name) ? value : parseNumber(value);
    if (Number.isNaN(options[name])) throw specError(text, `${name} must be a number, got '${value}'`);
  }
  return options;
}

function parseNumber(text: string): number {
  if (/^inf(inity)?$/i.test(text)) return Number.POSITIVE_INFINITY;
  return text.trim() === '' ? Number.NaN : Number(text);
}

function specError(text: string, problem: string): Error {
  return new Error(`clip spec '${text}': ${problem}`);
}
