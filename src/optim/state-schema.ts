/**
 * What a saved state of an optimizer is, and whether it fits one: everything that comes from a file is looked at here,
 * before anything changes. A state says what it belongs to, so that an error can show both sides.
 */

import { type DType, formatShape, Tensor } from '../tensor/index.js';
import { listed, quoted } from '../tensor/quoted.js';

/** The format of states that this version writes, and the only one that it restores. */
export const STATE_FORMAT = 2;

/** What an optimizer remembers. All but `tensors` is plain JSON. */
export interface OptimizerState {
  readonly format: typeof STATE_FORMAT;
  /** The class: `Adam`. */
  readonly optimizer: string;
  /** Updates applied. */
  readonly steps: number;
  /** Steps skipped and clipped, micro-batches dropped. */
  readonly counts: OptimizerCounts;
  readonly groups: readonly GroupState[];
  /** All hooks in the order in which they were given, of both stages. */
  readonly hooks: readonly SavedHook[];
  /** The loss scale, or none. */
  readonly lossScale: readonly SavedHook[];
  /** What is remembered of each parameter: `firstMoment/rnn.weightHh`. */
  readonly tensors: Readonly<Record<string, Tensor>>;
}

/** What an optimizer counts besides its updates. A step that failed counts as nothing. */
export interface OptimizerCounts {
  /** Steps that made no update. */
  readonly skipped: number;
  /** Updates whose gradients a hook had changed. */
  readonly clipped: number;
  /** Micro-batches left out by `dropNonFinite`. */
  readonly dropped: number;
}

/** One group. */
export interface GroupState {
  /** Its options by name, but for schedules, which are functions. */
  readonly options: Readonly<Record<string, unknown>>;
  /** What is remembered of each parameter that was updated: `firstMoment`, `secondMoment`. */
  readonly arrays: readonly string[];
  readonly parameters: Readonly<Record<string, SavedParameter>>;
}

/** One parameter, whose value is the model's to save. */
export interface SavedParameter {
  readonly shape: readonly number[];
  readonly dtype: DType;
  /** How often it was updated. */
  readonly updates: number;
}

/** One hook: `settings` is null if it does not say any, `state` if it remembers nothing. */
export interface SavedHook {
  readonly name: string;
  readonly settings: Readonly<Record<string, unknown>> | null;
  readonly state: unknown;
}

/** A state without its tensors: it says which optimizer it belongs to. */
type Description = Omit<OptimizerState, 'tensors'>;

/** All but schedules, which are functions of the step and remember nothing. */
export function savedOptions(options: object): Readonly<Record<string, unknown>> {
  const plain = Object.entries(options).filter(([, value]) => typeof value !== 'function');
  return structuredClone(Object.fromEntries(plain));
}

/** Settings as JSON can hold them: a function as the word `function`, infinities as words; undefined is left out. */
export function plainSettings(
  settings: Readonly<Record<string, unknown>>,
): Readonly<Record<string, unknown>> {
  return JSON.parse(
    JSON.stringify(settings, (_, value: unknown) => {
      if (typeof value === 'function') return 'a function';
      return typeof value === 'number' && !Number.isFinite(value) ? String(value) : value;
    }),
  );
}

/**
 * Throws an Error unless `state` is a state, and one of an optimizer whose own is `own`. `arraysUnder`: what updates
 * under some options remember.
 */
export function checkFits(
  state: OptimizerState,
  own: Description,
  arraysUnder: (options: object) => readonly string[],
): void {
  checkFormat(state);
  const fault = whole(state);
  if (fault !== null) {
    throw new Error(
      `Optimizer.restore: takes what state() returned, got ${fault}; the file is damaged or was changed: use another`,
    );
  }
  const problems = mismatches(state, own);
  if (problems.length === 0) problems.push(...tensorMismatches(state, own, arraysUnder));
  if (problems.length === 0) return;
  throw new Error(
    `Optimizer.restore: the state must fit the optimizer, got ${listed(problems, '; ')}; nothing was changed: build the optimizer with the settings that the state was saved with`,
  );
}

function checkFormat(state: unknown): void {
  const format = isRecord(state) ? state.format : undefined;
  if (format === STATE_FORMAT) return;
  const what = format === undefined ? 'none (of version 1, or not a state)' : quoted(format, '');
  throw new Error(
    `Optimizer.restore: the state must have format ${STATE_FORMAT}, got ${what}; older states do not say which optimizer they belong to: restore the model alone, and start with a new optimizer`,
  );
}

/** A test of a part of a state: what is wrong with it, or null. */
type Check = (value: unknown, path: string) => string | null;

function isRecord(value: unknown): value is Readonly<Record<string, unknown>> {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

function fault(value: unknown, path: string, rule: string): string {
  const got =
    typeof value === 'string'
      ? quoted(value)
      : Array.isArray(value)
        ? 'a list'
        : isRecord(value)
          ? 'an object'
          : quoted(value, '');
  return `${got} for ${path}, which must be ${rule}`;
}

const is =
  (rule: string, has: (value: unknown) => boolean): Check =>
  (value, path) =>
    has(value) ? null : fault(value, path, rule);

const first = (faults: Iterable<string | null>): string | null => {
  for (const each of faults) if (each !== null) return each;
  return null;
};

const listOf =
  (item: Check): Check =>
  (value, path) =>
    Array.isArray(value)
      ? first(value.map((each, i) => item(each, `${path}[${i}]`)))
      : fault(value, path, 'a list');

const recordOf =
  (item: Check): Check =>
  (value, path) =>
    isRecord(value)
      ? first(Object.entries(value).map(([name, each]) => item(each, `${path} of ${quoted(name)}`)))
      : fault(value, path, 'an object');

/** An object with exactly these fields. */
const objectOf =
  (fields: Readonly<Record<string, Check>>): Check =>
  (value, path) => {
    if (!isRecord(value)) return fault(value, path, 'an object');
    const prefix = path === '' ? '' : `${path}.`;
    const unknown = Object.keys(value).find((name) => !Object.hasOwn(fields, name));
    if (unknown !== undefined) return `${prefix}${quoted(unknown, '')}, which no state has`;
    return first(
      Object.entries(fields).map(([name, check]) =>
        Object.hasOwn(value, name) ? check(value[name], prefix + name) : `no ${prefix}${name}`,
      ),
    );
  };

const count = is('an integer ≥ 0', (value) => Number.isSafeInteger(value) && (value as number) >= 0);
const word = is('a text', (value) => typeof value === 'string');
const anything: Check = () => null;

const recordOrNull: Check = (value, path) => (value === null ? null : recordOf(anything)(value, path));
const hook = objectOf({ name: word, settings: recordOrNull, state: recordOrNull });

const state = objectOf({
  format: anything,
  optimizer: word,
  steps: count,
  counts: objectOf({ skipped: count, clipped: count, dropped: count }),
  groups: listOf(
    objectOf({
      options: recordOf(anything),
      arrays: listOf(word),
      parameters: recordOf(
        objectOf({
          shape: listOf(count),
          dtype: is('float32 or float64', (value) => value === 'float32' || value === 'float64'),
          updates: count,
        }),
      ),
    }),
  ),
  hooks: listOf(hook),
  lossScale: listOf(hook),
  tensors: recordOf(is('a Tensor', (value) => value instanceof Tensor)),
});

/** Why a value cannot be the state of any optimizer, or null. */
function whole(value: unknown): string | null {
  return state(value, '');
}

/** What does not fit, both sides of it. */
function mismatches(saved: OptimizerState, own: Description): string[] {
  if (saved.optimizer !== own.optimizer) return [sides('optimizer', saved.optimizer, own.optimizer)];
  if (saved.groups.length !== own.groups.length) {
    return [sides('number of groups', saved.groups.length, own.groups.length)];
  }
  return [
    ...own.groups.flatMap((here, i) => {
      const there = saved.groups[i];
      return [
        ...nameMismatches(`parameters of group ${i}`, there.parameters, here.parameters),
        ...parameterMismatches(there, here, saved.steps),
        ...nameMismatches(`options of group ${i} that are not schedules`, there.options, here.options),
      ];
    }),
    ...hookMismatches('hooks', saved.hooks, own.hooks),
    ...hookMismatches('lossScale', saved.lossScale, own.lossScale),
  ];
}

function sides(what: string, saved: unknown, here: unknown): string {
  return `${what}: saved ${quoted(saved, '')}, here ${quoted(here, '')}`;
}

function nameMismatches(what: string, saved: object, own: object): string[] {
  const missing = Object.keys(own).filter((name) => !Object.hasOwn(saved, name));
  const unknown = Object.keys(saved).filter((name) => !Object.hasOwn(own, name));
  const parts = [
    ...(unknown.length > 0 ? [`only saved ${listed(unknown.map((name) => quoted(name)))}`] : []),
    ...(missing.length > 0 ? [`only here ${listed(missing.map((name) => quoted(name)))}`] : []),
  ];
  return parts.length > 0 ? [`${what}: ${parts.join(', ')}`] : [];
}

function parameterMismatches(saved: GroupState, own: GroupState, steps: number): string[] {
  return Object.entries(own.parameters).flatMap(([name, here]) => {
    const there = Object.hasOwn(saved.parameters, name) ? saved.parameters[name] : here;
    const [a, b] = [there, here].map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`);
    if (a !== b) return [sides(quoted(name), a, b)];
    return there.updates > steps ? [`${there.updates} updates of ${quoted(name)} in ${steps} steps`] : [];
  });
}

/** Hooks are compared by place, name and settings. */
function hookMismatches(what: string, saved: readonly SavedHook[], own: readonly SavedHook[]): string[] {
  const names = (list: readonly SavedHook[]): string => `[${list.map(({ name }) => name).join(', ')}]`;
  if (names(saved) !== names(own)) return [sides(what, names(saved), names(own))];
  return own.flatMap(({ name, settings, state }, i) => {
    const there = saved[i];
    const different = settingMismatches(name, there.settings ?? {}, settings ?? {});
    if ((there.state === null) === (state === null)) return different;
    return [...different, sides(`memory of ${name}`, there.state ? 'some' : 'none', state ? 'some' : 'none')];
  });
}

function settingMismatches(hook: string, saved: object, own: object): string[] {
  const [there, here] = [saved, own] as Readonly<Record<string, unknown>>[];
  const names = [...new Set([...Object.keys(here), ...Object.keys(there)])];
  return names
    .filter((name) => JSON.stringify(there[name]) !== JSON.stringify(here[name]))
    .map((name) => sides(`${name} of ${hook}`, shown(there[name]), shown(here[name])));
}

function shown(value: unknown): unknown {
  return typeof value === 'object' ? JSON.stringify(value) : (value ?? 'none');
}

/** Whether each parameter that was updated has all that its group remembers, and nothing else is there. */
function tensorMismatches(
  saved: OptimizerState,
  own: Description,
  arraysUnder: (options: object) => readonly string[],
): string[] {
  const wanted = new Map<string, SavedParameter>();
  const problems: string[] = [];
  for (const [i, { arrays, options, parameters }] of saved.groups.entries()) {
    const known = arraysUnder({ ...own.groups[i].options, ...options });
    if (known.join() !== arrays.join()) {
      problems.push(sides(`arrays of group ${i}`, `[${arrays.join(', ')}]`, `[${known.join(', ')}]`));
    }
    for (const [name, parameter] of Object.entries(parameters)) {
      for (const array of parameter.updates > 0 ? known : []) wanted.set(`${array}/${name}`, parameter);
    }
  }
  const missing = [...wanted.keys()].filter((key) => !Object.hasOwn(saved.tensors, key));
  if (missing.length > 0) problems.push(`no tensors ${listed(missing.map((key) => quoted(key)))}`);
  for (const [key, tensor] of Object.entries(saved.tensors)) {
    const parameter = wanted.get(key);
    if (parameter === undefined) problems.push(`the tensor ${quoted(key)}, which is not remembered`);
    else {
      const [a, b] = [tensor, parameter].map(({ dtype, shape }) => `${dtype} ${formatShape(shape)}`);
      if (a !== b) problems.push(sides(`tensor ${quoted(key)}`, a, b));
    }
  }
  return problems;
}
