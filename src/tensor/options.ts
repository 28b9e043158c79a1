/**
 * Options by name: merged, completed, and refused if the name is not known. Everything that takes options reads
 * them here.
 */

import { kindOf } from './arguments.js';
import { nearestOf } from './nearest.js';

/** The later of two sets of options wins; what is undefined is left out. */
export function mergeOptions(options: object, over: object): object {
  const given = Object.entries(over).filter(([, value]) => value !== undefined);
  return { ...options, ...Object.fromEntries(given) };
}

/** Throws an Error unless options are an object whose names are all known; says which name is nearest. */
export function checkNames(caller: string, options: object, known: readonly string[]): void {
  if (!isPlain(options)) throw new Error(positionalMessage(caller, options, known));
  for (const name in options) if (!known.includes(name)) throw new Error(unknownMessage(caller, name, known));
}

/** Whether a value is an object literal, or made without a class: a Tensor or an array is no set of options. */
function isPlain(value: unknown): value is object {
  if (typeof value !== 'object' || value === null) return false;
  const prototype = Object.getPrototypeOf(value);
  // An object literal of another realm (a worker's, a test's) has a prototype of its own, with no prototype above it.
  return prototype === Object.prototype || prototype === null || Object.getPrototypeOf(prototype) === null;
}

/** Options that are numbers, and that people give by position. */
const numeric = new Set([
  'axis',
  'delta',
  'min',
  'eps',
  'window',
  'tolerance',
  'mebibytes',
  'gain',
  'momentum',
]);

function positionalMessage(caller: string, got: unknown, known: readonly string[]): string {
  const rule = `${caller}: options must be an object with any of ${known.join(', ')}, got ${kindOf(got)}`;
  const [first] = known;
  if (typeof got === 'number' && numeric.has(first)) return `${rule}; write { ${first}: ${got} }`;
  if (typeof got === 'string' && known.includes('reduction')) return `${rule}; write { reduction: '${got}' }`;
  return rule;
}

function unknownMessage(caller: string, name: string, known: readonly string[]): string {
  const advice = instead[plain(name)];
  if (advice) return `${caller}: there is no option '${name}' among ${known.join(', ')}; ${advice}`;
  const meant = synonyms[plain(name)]?.find((other) => known.includes(other));
  const nearest = meant ?? nearestOf(known, name);
  return `${caller}: there is no option '${name}'; the nearest is '${nearest}' of ${known.join(', ')}`;
}

/** What other libraries call our options, where the spelling does not tell. */
const synonyms: Readonly<Record<string, readonly string[]>> = {
  dim: ['axis'],
  dims: ['axis'],
  axes: ['axis'],
  gradient: ['grad'],
  learningrate: ['lr'],
  epsilon: ['eps'],
  device: ['backend', 'normDevice'],
  beta1: ['betas'],
  beta2: ['betas'],
  l2: ['weightDecay'],
  seed: ['random'],
  rng: ['random'],
  generator: ['random'],
};

/** What to do instead, for options of other libraries that nothing here is near to. */
const instead: Readonly<Record<string, string>> = {
  batchfirst: 'sequences are [time, batch, …]; write x.transpose([1, 0, 2]) for the other order',
  numlayers: 'put layers one upon another with RecurrentStack',
  inplace: 'ops make new values; overwrite and addInPlace write into one',
  requiresgrad: 'write variable(…) or new Parameter(…) for what collects a gradient',
};

function plain(name: string): string {
  return name.toLowerCase().replaceAll('_', '');
}

/** Options made complete. Throws an Error if one has a name that the defaults do not have. */
export function withDefaults<Options extends object>(
  caller: string,
  options: Options,
  defaults: Required<Options>,
): Required<Options> {
  checkNames(caller, options, Object.keys(defaults));
  return mergeOptions(defaults, options) as Required<Options>;
}
