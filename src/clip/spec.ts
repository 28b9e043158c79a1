/**
 * Clip specs: the short form in which a command line, a log or a report names clippers, `norm:1:p=inf`. The rule: the
 * first part is the function's name or its short word, the number behind it the function's first argument, and each
 * option has the name that it has there, in lower case. One table; a further clipper adds its word here.
 */

import { adaGC } from './ada-gc.js';
import { addWeightDecay } from './add-weight-decay.js';
import { autoClip } from './auto-clip.js';
import { capNormGrowth } from './cap-norm-growth.js';
import { described } from './checks.js';
import { clipByBlockRms } from './clip-by-block-rms.js';
import { clipByGlobalNorm } from './clip-by-global-norm.js';
import { clipByGroupNorm } from './clip-by-group-norm.js';
import { clipByNorm } from './clip-by-norm.js';
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
  /** The bound on the global norm that it sets, or null. */
  readonly threshold: number | null;
  /** New hooks each time: one that remembers must not carry a run into the next. */
  make(): readonly StepHook[];
}

/** Every option that a word may have, by the name it has in the clipper; written in lower case. */
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

interface Word {
  /** The function that makes it, whose name may be written instead of the word. */
  readonly function: string;
  /** How it is written at its shortest: without an amount where the clipper has a published one. */
  readonly form: string;
  readonly options: readonly (keyof Options)[];
  make(amount: number, options: Options): StepHook;
  /** The bound on the global 2-norm. */
  bound?(amount: number, options: Options): number;
}

const normOptions = ['p', 'eps', 'nonFinite'] as const;

const words: Readonly<Record<string, Word>> = {
  norm: {
    function: 'clipByGlobalNorm',
    form: 'norm:1',
    options: normOptions,
    make: clipByGlobalNorm,
    bound: (amount, { p = 2 }) => (p === 2 ? amount : Number.POSITIVE_INFINITY),
  },
  value: { function: 'clipByValue', form: 'value:0.5', options: [], make: (bound) => clipByValue(bound) },
  'per-tensor': { function: 'clipByNorm', form: 'per-tensor:1', options: normOptions, make: clipByNorm },
  'group-norm': {
    function: 'clipByGroupNorm',
    form: 'group-norm:1',
    options: normOptions,
    make: clipByGroupNorm,
  },
  'block-rms': {
    function: 'clipByBlockRms',
    form: 'block-rms:1',
    options: ['eps', 'nonFinite'],
    make: clipByBlockRms,
  },
  agc: { function: 'clipUnitwise', form: 'agc', options: ['units', 'nonFinite'], make: clipUnitwise },
  autoclip: { function: 'autoClip', form: 'autoclip', options: ['window', 'nonFinite'], make: autoClip },
  zclip: {
    function: 'zClip',
    form: 'zclip',
    options: ['mode', 'warmup', 'maxNorm', 'nonFinite'],
    make: zClip,
    bound: (_, { maxNorm = 1 }) => maxNorm,
  },
  adagc: { function: 'adaGC', form: 'adagc', options: ['warmup', 'maxNorm', 'nonFinite'], make: adaGC },
  growth: { function: 'capNormGrowth', form: 'growth', options: ['nonFinite'], make: capNormGrowth },
  'update-rms': {
    function: 'clipUpdateByRms',
    form: 'update-rms',
    options: ['eps'],
    make: clipUpdateByRms,
  },
  spam: { function: 'clipSpikes', form: 'spam', options: [], make: (threshold) => clipSpikes(threshold) },
  'skip-spikes': {
    function: 'skipSpikes',
    form: 'skip-spikes',
    options: ['window'],
    make: skipSpikes,
  },
  'skip-nonfinite': {
    function: 'skipNonFinite',
    form: 'skip-nonfinite',
    options: [],
    make: (limit) => skipNonFinite(limit),
  },
  'skip-above': {
    function: 'skipAbove',
    form: 'skip-above:10',
    options: ['p', 'nonFinite'],
    make: skipAbove,
  },
  'weight-decay': {
    function: 'addWeightDecay',
    form: 'weight-decay:0.01',
    options: [],
    make: (rate) => addWeightDecay(rate),
  },
};

/**
 * Parses `none`, `norm:1`, `norm:1:p=inf`, `zclip:2.5:warmup=10` and the like; `skip-nonfinite+norm:1` is two hooks, in
 * this order. A training under a spec sees a non-finite gradient as it is (`nonfinite=propagate`) unless the spec says
 * otherwise. Throws an Error with the known forms.
 */
export function parseClipSpec(text: string): ClipSpec {
  if (typeof text !== 'string') throw new Error(`parseClipSpec: takes a string, got ${described(text)}`);
  if (text === 'none') return { text, threshold: null, make: () => [] };
  // Not the + of 1e+3.
  const parts = text.split(/\+(?=[a-zA-Z])/).map((part) => parsePart(text, part));
  const threshold = Math.min(...parts.map(({ bound }) => bound));
  return {
    text,
    threshold: threshold < Number.POSITIVE_INFINITY ? threshold : null,
    make: () => parts.map(({ make }) => make()),
  };
}

/** The words of specs: each as it is written at its shortest, and the function that it stands for. */
export function clipSpecWords(): readonly { readonly form: string; readonly function: string }[] {
  return Object.values(words).map(({ form, function: made }) => ({ form, function: made }));
}

/** The forms a spec may take, for help texts. */
export function clipSpecForms(): readonly string[] {
  const forms = Object.values(words).map(({ form }) => form);
  return ['none', ...forms, 'norm:1:p=inf', 'skip-nonfinite+norm:1'];
}

function parsePart(text: string, part: string): { readonly bound: number; make(): StepHook } {
  const [name = '', amountText = '', ...rest] = part.split(':');
  const word = Object.hasOwn(words, name)
    ? words[name]
    : Object.values(words).find(({ function: made }) => made === name);
  if (!word) throw specError(text, `must be one of ${clipSpecForms().join(', ')}`);
  const needsAmount = word.form.includes(':');
  const amount = amountText === '' && !needsAmount ? undefined : parseNumber(amountText);
  if (Number.isNaN(amount)) {
    const example = needsAmount ? word.form : `${name} or ${name}:NUMBER`;
    throw specError(text, `needs a number, as in ${example}`);
  }
  const policy: Options = word.options.includes('nonFinite') ? { nonFinite: 'propagate' } : {};
  const options = { ...policy, ...parseOptions(text, word, rest) };
  try {
    // Where nothing stands for the amount, the clipper takes its published one.
    const make = (): StepHook => word.make(amount as number, options);
    make();
    return { make, bound: word.bound?.(amount as number, options) ?? Number.POSITIVE_INFINITY };
  } catch (error) {
    // What the clipper has against its settings is said of the spec.
    throw specError(text, (error as Error).message.replace(/^\w+: /, ''));
  }
}

function parseOptions(text: string, { options: known }: Word, parts: readonly string[]): Options {
  const options: Record<string, number | string> = {};
  for (const part of parts) {
    const [key, ...values] = part.split('=');
    const value = values.join('=');
    const name = known.find((each) => each.toLowerCase() === key);
    if (!name || value === '') {
      const names = known.map((each) => `${each.toLowerCase()}=…`).join(', ');
      throw specError(text, `${names ? `options are ${names}` : 'takes no options'}, not '${part}'`);
    }
    if (Object.hasOwn(options, name)) throw specError(text, `${key} is given twice`);
    options[name] = wordOptions.includes(name) ? value : parseNumber(value);
    if (Number.isNaN(options[name])) throw specError(text, `${key} must be a number, got '${value}'`);
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
