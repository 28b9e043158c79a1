/** Checks of the arguments of clippers, optimizers and schedules. Each throws an Error with the rule and what was given. */

import { Parameter } from '../autograd/index.js';
import { kindOf } from '../tensor/arguments.js';
import { checkNames, mergeOptions } from '../tensor/options.js';
import { quoted } from '../tensor/quoted.js';

/** A value as messages show it: numbers and short lists as they are, all else by its kind. */
export function described(value: unknown): string {
  if (typeof value === 'string') return quoted(value);
  if (Array.isArray(value) && value.length < 9 && !value.some((item) => Object(item) === item)) {
    return quoted(`[${value.join(', ')}]`, '');
  }
  return Object(value) === value ? kindOf(value) : String(value);
}

/** What an option may be: the rule as messages say it behind "must be", and its test. */
export interface OptionRange {
  readonly rule: string;
  has(value: unknown): boolean;
}

const isNumber = (value: unknown): value is number => typeof value === 'number';

/** The ranges that several functions share. */
export const ranges = {
  bound: { rule: 'a number ≥ 0', has: (x) => isNumber(x) && x >= 0 },
  finite: { rule: 'a finite number ≥ 0', has: (x) => isNumber(x) && x >= 0 && x < Infinity },
  positive: { rule: 'a finite number > 0', has: (x) => isNumber(x) && x > 0 && x < Infinity },
  share: { rule: 'a number in [0, 1)', has: (x) => isNumber(x) && x >= 0 && x < 1 },
  power: { rule: 'a number > 0 or Infinity', has: (x) => isNumber(x) && x > 0 },
  flag: { rule: 'true or false', has: (x) => typeof x === 'boolean' },
  callback: { rule: 'a function', has: (x) => typeof x === 'function' },
} as const satisfies Readonly<Record<string, OptionRange>>;

/** Numbers from `least` on; Infinity is one of them. */
export function from(least: number): OptionRange {
  return { rule: `a number ≥ ${least}`, has: (x) => isNumber(x) && x >= least };
}

/** Integers from `least` on. */
export function integer(least: number): OptionRange {
  return { rule: `an integer ≥ ${least}`, has: (x) => Number.isInteger(x) && (x as number) >= least };
}

/** One of some words. */
export function oneOf(words: readonly string[]): OptionRange {
  return { rule: `one of ${words.join(', ')}`, has: (x) => words.includes(x as string) };
}

/** The range of each option by name: one for every option, so that the compiler finds one that is missing. */
export type OptionRanges<Options> = { readonly [Name in keyof Required<Options>]: OptionRange };

/** Throws unless a value lies in its range. */
export function check(caller: string, option: string, value: unknown, { rule, has }: OptionRange): void {
  if (has(value)) return;
  throw new Error(`${caller}: ${option} must be ${rule}, got ${described(value)}`);
}

/** Throws unless every value lies in the range of its name. */
export function checkAll(
  caller: string,
  values: object,
  rangeOf: Readonly<Record<string, OptionRange>>,
): void {
  for (const name of Object.keys(rangeOf)) {
    check(caller, name, (values as Readonly<Record<string, unknown>>)[name], rangeOf[name]);
  }
}

/** Takes the place of a default if a number must be given; its range refuses undefined. */
export const REQUIRED = undefined as unknown as number;

/** A default for every option; undefined for one that may be left out. */
export type Defaults<Options> = { readonly [Name in keyof Required<Options>]: Options[Name] };

/** Options with their defaults: undefined only where the default is. */
export type Complete<Options, Standard> = {
  readonly [Name in keyof Required<Options>]: Name extends keyof Standard
    ? undefined extends Standard[Name]
      ? Options[Name]
      : Exclude<Options[Name], undefined>
    : never;
};

/** Options, completed and checked. Throws if one has an unknown name or lies outside its range. */
export function settingsOf<Options extends object, Standard extends Defaults<Options>>(
  caller: string,
  options: Options,
  defaults: Standard,
  rangeOf: OptionRanges<Options>,
): Complete<Options, Standard> {
  checkNames(caller, options, Object.keys(defaults));
  const settings = mergeOptions(defaults, options);
  checkAll(caller, settings, rangeOf);
  return settings as Complete<Options, Standard>;
}

/** The range of an option that may be left out. */
export function optional({ rule, has }: OptionRange): OptionRange {
  return { rule, has: (x) => x === undefined || has(x) };
}

/** The parameters in a list, each once. Throws if it is not a list, an empty one, or holds something else. */
export function checkedParameters(
  caller: string,
  parameters: Iterable<Parameter>,
  what = 'Parameters',
): readonly Parameter[] {
  if (typeof parameters === 'string' || typeof parameters?.[Symbol.iterator] !== 'function') {
    throw new Error(
      `${caller}: takes a list of ${what}, got ${described(parameters)}; pass model.parameters()`,
    );
  }
  const list = [...new Set(parameters)];
  const wrong = list.find((item) => !(item instanceof Parameter));
  if (wrong !== undefined) {
    throw new Error(`${caller}: takes ${what}, got ${described(wrong)}; pass model.parameters()`);
  }
  if (list.length > 0) return list;
  throw new Error(
    `${caller}: needs at least one parameter, got none; pass model.parameters() (an iterator is empty the second time)`,
  );
}

/** What messages say if a norm overflows: its factor of 0 would erase finite gradients. */
export const BEYOND_FLOAT64 =
  'the gradients are finite, but their norm is beyond float64; scale the loss down';
