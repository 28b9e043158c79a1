/** Options that recur on every command and mean the same everywhere, and how their words are checked. */

import { InvalidArgumentError, Option } from 'commander';
import {
  type Demo,
  type DemoConfig,
  type DemoOption,
  type OptimizerName,
  optimizerNames,
} from '../demos/demo.js';
import type { Cause } from '../src/diagnose/index.js';
import { allBackends, defaultBackend, parseClipSpec } from '../src/index.js';
import { clipWords } from './clip-names.js';
import { parseRange } from './commands/sweep/range.js';
import { defaultJobs } from './pool.js';
import { parseShard, type Shard } from './shard.js';

/** What the common options parse to. */
export interface CommonOptions {
  readonly seed: number;
  readonly steps: number;
  readonly lr: number;
  readonly optimizer: OptimizerName;
  readonly backend: string;
  readonly clip?: readonly string[];
  readonly report?: string;
  readonly log?: string;
  readonly json?: boolean;
  readonly link?: boolean;
  readonly quiet?: boolean;
  /** A demo's own options. */
  readonly [own: string]: unknown;
}

/** Clip specs that are compared when none is named. */
const DEFAULT_CLIPS = ['none', 'norm:1'];
/** Those that a sweep compares. */
export const DEFAULT_SPECS = ['none', 'norm:0.1..10x7'];

/** Seeds are 32 bits, and so must be those of the data, which are made by adding up to two billion. */
const MAX_SEED = 2 ** 31 - 1;
/** An experiment may make a hundred seeds of each. */
const MAX_EXPERIMENT_SEED = 30_000_000;
/** More repeat what is known. */
const MAX_SEEDS = 10_000;

/** The options of a demo's command: the common ones, then its own. */
export function demoOptions(demo: Demo): Option[] {
  const { steps, lr } = demo.defaults;
  return [...trainingOptions(steps, lr), ...ownOptions(demo).map(ownOption), ...outputOptions()];
}

/** The options that only this demo has, those of its study among them. */
export function ownOptions({ options, study }: Demo): readonly DemoOption[] {
  return [...options, ...(study?.options ?? [])];
}

/** The options that every demo has, for a help text: without defaults that differ between demos. */
export function commonOptions(): Option[] {
  return [...trainingOptions(), ...outputOptions()];
}

function trainingOptions(steps?: number, lr?: number): Option[] {
  return [
    new Option('--seed <integer>', 'seed of weights and data').argParser(wholeNumber(0, MAX_SEED)).default(1),
    new Option('--steps <integer>', 'maximum number of training steps')
      .argParser(wholeNumber(1))
      .default(steps),
    new Option(
      '--clip <spec>',
      `train under this clip spec; repeat it to compare several: none, ${clipWords()}; + puts several one after the other, as skip-non-finite+norm:1 (default: ${DEFAULT_CLIPS.join(', ')})`,
    ).argParser(collectClips),
    new Option('--lr <number>', 'learning rate').argParser(number(0)).default(lr),
    new Option('--optimizer <name>', 'optimizer').choices(optimizerNames).default('sgd'),
  ];
}

function outputOptions(): Option[] {
  return [
    new Option('--backend <name>', 'backend')
      .choices(allBackends().map(({ name }) => name))
      .default(defaultBackend().name),
    report(),
    new Option('--log <file.jsonl>', 'write one JSON object per step'),
    new Option('--link', 'print links that open these runs in the lab, at their last step'),
    json(),
    quiet(),
  ];
}

const report = (): Option => new Option('--report <file.html>', 'write a self-contained page with charts');
const json = (): Option => new Option('--json', 'print one JSON document and nothing else');
const quiet = (): Option => new Option('--quiet', 'show no progress');

/** The options of `experiment`. */
export function experimentOptions(): Option[] {
  return [
    new Option('--seed <integer>', 'first seed').argParser(wholeNumber(0, MAX_EXPERIMENT_SEED)).default(1),
    new Option('--seeds <integer>', 'how many seeds').argParser(wholeNumber(1, MAX_SEEDS)).default(1),
    jobs(),
    new Option('--shard <i/n>', 'run part i of n; `experiment join` puts the parts together').argParser(
      shard,
    ),
    ...resultOptions(),
    quiet(),
  ];
}

const jobs = (): Option =>
  new Option(
    '--jobs <integer>',
    `how many run at the same time (default: one per core, here ${defaultJobs()})`,
  ).argParser(wholeNumber(1));

/** The options of `sweep join`. */
export function joinOptions(): Option[] {
  return [new Option('--out <file.jsonl>', 'write the rows of the whole sweep'), report()];
}

/** The options of `sweep demo NAME`: those of the demo, with ranges for clip specs and rates. */
export function sweepOptions(demo: Demo): Option[] {
  const axes = demo.options.filter(isAxis);
  const ofStudy = demo.study?.options ?? [];
  const replaced = [
    '--clip',
    '--lr',
    '--log',
    '--json',
    ...[...axes, ...ofStudy].map(({ name }) => `--${name}`),
  ];
  return [
    new Option(
      '--clip <range>',
      `clip specs, repeatable: none, norm:0.1..10x12, value:0.1,1 (default: ${DEFAULT_SPECS.join(', ')})`,
    ).argParser((text, before: readonly string[] | undefined) => [...(before ?? []), text]),
    new Option('--lr <range>', 'learning rates: 0.1, 0.01,0.1 or 0.01..1x5')
      .argParser(rates)
      .default([demo.defaults.lr], String(demo.defaults.lr)),
    new Option('--seeds <integer>', 'how many seeds, from --seed on')
      .argParser(wholeNumber(1, MAX_SEEDS))
      .default(1),
    jobs(),
    new Option('--shard <i/n>', 'run part i of n; `sweep join` puts the parts together').argParser(shard),
    new Option(
      '--out <file.jsonl>',
      'one row for each training; a sweep that was killed continues from this file (default: a name made from the sweep)',
    ),
    ...axes.map(axisOption),
    ...demoOptions(demo).filter(({ long }) => !replaced.includes(long!)),
  ];
}

/** Whether a demo's option is a number, over which a sweep can go. */
export function isAxis({ choices }: DemoOption): boolean {
  return choices === undefined;
}

/** The values of an option that takes several, which a configuration holds in one word. */
export function numbersOf(word: string | number): readonly number[] {
  return String(word).split(',').map(Number);
}

/** An option over which a sweep goes: in its own form where it has one, else as the learning rate. */
function axisOption(own: DemoOption): Option {
  if (own.several) return ownOption(own);
  const { name, description, default: standard, integer, range: [low, high] = [] } = own;
  const single = integer ? wholeNumber(low ?? 0, high) : number(low, high);
  return new Option(`--${name} <range>`, `${description}: 1, 0.5,1 or 0.5..2x5`)
    .argParser((text) => {
      const values = parseRange(text) ?? [single(text)];
      return values.map((value) => single(String(value))).join();
    })
    .default(String(standard));
}

function rates(text: string): readonly number[] {
  const parsed = parseRange(text);
  if (parsed) return parsed;
  throw new InvalidArgumentError('It must be a number, a list as 0.01,0.1 or a range as 0.01..1x5.');
}

/** The options of `advise`: columns by name, where the guess is wrong. */
export function adviseOptions(): Option[] {
  return [
    new Option(
      '--loss <column>',
      'column of the loss; none means that there is no such column, here and below',
    ),
    new Option('--norm <column>', 'column of the gradient norm before clipping'),
    new Option('--step <column>', 'column of the step; with none, rows are counted as steps of one run'),
    new Option('--batch <column>', 'column with the name or number of the batch'),
    new Option('--lr <column>', 'column of the learning rate'),
    new Option('--clip <norm>', 'the norm at which the run was clipped: 1.0 or norm:1.0').argParser(clipNorm),
    new Option('--follow', 'read a log that is being written, and judge it as it grows'),
    new Option(
      '--fail-on <causes>',
      `exit with 3 on one of these, separated by commas: ${alarms.join(', ')}`,
    ).argParser(causesOf),
    report(),
    json(),
    quiet(),
  ];
}

/** The options of `lab`. */
export function labOptions(): Option[] {
  return [
    new Option('--port <integer>', 'port to serve on; 0 takes any free port')
      .argParser(wholeNumber(0, 65_535))
      .default(8177),
  ];
}

/** Verdicts that may be an alarm. */
const alarms = ['conditioning', 'data', 'learning-rate', 'numerics', 'threshold'] as const;

function causesOf(text: string): readonly Cause[] {
  const words = text.split(',').map((word) => word.trim());
  const wrong = words.find((word) => !alarms.some((cause) => cause === word));
  if (wrong === undefined) return words as Cause[];
  throw new InvalidArgumentError(`'${wrong}' is not one of ${alarms.join(', ')}.`);
}

function clipNorm(text: string): number {
  const value = Number(text.trim().replace(/^norm:/, '') || Number.NaN);
  if (value > 0 && value < Infinity) return value;
  throw new InvalidArgumentError('It must be a norm above 0, as 1.0 or norm:1.0.');
}

/** How the results of experiments are shown. */
export function resultOptions(): Option[] {
  return [report(), new Option('--claims <file.md>', 'write the table of claims'), json()];
}

function shard(text: string): Shard {
  const parsed = parseShard(text);
  if (parsed) return parsed;
  throw new InvalidArgumentError('It must be i/n with 1 ≤ i ≤ n, as in 1/2.');
}

function ownOption({
  name,
  value,
  description,
  choices,
  range,
  integer,
  several,
  default: standard,
}: DemoOption): Option {
  const option = new Option(`--${name} <${value}>`, description).default(standard);
  if (several) return option.default(standard, several.standard).argParser(listOf(several));
  if (choices) return option.choices(choices);
  const [low, high] = range ?? [];
  return option.argParser(integer ? wholeNumber(low ?? 0, high) : number(low, high));
}

/** Several numbers, in one word with commas. */
function listOf({ parse, form }: NonNullable<DemoOption['several']>) {
  return (text: string): string => {
    const values = parse(text);
    if (values) return values.join();
    throw new InvalidArgumentError(`It must be ${form}.`);
  };
}

/** The configuration that parsed options mean for a demo. */
export function configOf(
  demo: Demo,
  options: CommonOptions,
  own: readonly DemoOption[] = demo.options,
): DemoConfig {
  const { seed, steps, lr, optimizer, backend, clip = DEFAULT_CLIPS } = options;
  const values = own.map(({ name }) => [name, options[camelCase(name)] as string | number]);
  return { seed, steps, lr, optimizer, backend, clips: clip, own: Object.fromEntries(values) };
}

/** The words that repeat a run after what starts a demo, every setting written out; a list is written with commas. */
export function wordsFor<Config extends Pick<DemoConfig, 'own' | 'clips'>>(
  demo: Demo,
  config: Config,
): string {
  const { own, clips, ...common } = config;
  const words = Object.entries({ ...common, ...own }).map(([name, value]) => `--${name} ${value}`);
  return [demo.name, ...words, ...clips.map((clip) => `--clip ${clip}`)].join(' ');
}

function camelCase(name: string): string {
  return name.replace(/-(\w)/g, (_, letter: string) => letter.toUpperCase());
}

function collectClips(text: string, before: readonly string[] | undefined): readonly string[] {
  try {
    parseClipSpec(text);
  } catch (error) {
    throw new InvalidArgumentError(error instanceof Error ? error.message : String(error));
  }
  if (before?.includes(text)) throw new InvalidArgumentError('It is given twice; each spec is one run.');
  return [...(before ?? []), text];
}

function number(low = Number.NEGATIVE_INFINITY, high = Number.POSITIVE_INFINITY) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isFinite(value) && value >= low && value <= high) return value;
    const kind = Number.isFinite(high) ? 'number' : 'finite number';
    throw new InvalidArgumentError(`It must be a ${kind}${boundsText(low, high)}.`);
  };
}

function wholeNumber(low: number, high = Number.MAX_SAFE_INTEGER) {
  return (text: string): number => {
    const value = text.trim() === '' ? Number.NaN : Number(text);
    if (Number.isSafeInteger(value) && value >= low && value <= high) return value;
    throw new InvalidArgumentError(`It must be a whole number${boundsText(low, high)}.`);
  };
}

function boundsText(low: number, high: number): string {
  const bounded = high < Number.MAX_SAFE_INTEGER;
  if (bounded) return ` from ${low} to ${high}`;
  return Number.isFinite(low) ? ` of at least ${low}` : '';
}
