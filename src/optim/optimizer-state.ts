/** What an optimizer remembers, saved and put back: separate from the order of a step, in which it has no part. */

import type { Parameter } from '../autograd/index.js';
import { type FloatArray, formatShape, longLived, sameShape, type Tensor, tensor } from '../tensor/index.js';
import { restoreAll, type Stateful } from './stateful.js';
import type { OptimizerMemory } from './update-run.js';

/** What an optimizer remembers. All but `tensors` is plain JSON. */
export interface OptimizerState {
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
  /** How often each of its parameters was updated, by name. */
  readonly updates: Readonly<Record<string, number>>;
}

/** One hook: `state` is null where it remembers nothing. */
export interface SavedHook {
  readonly name: string;
  readonly state: unknown;
}

interface Hook extends Partial<Stateful> {
  readonly name: string;
}

interface Group {
  readonly parameters: readonly Parameter[];
  options: object;
}

/** What is looked at of an optimizer. */
export interface StateOwner {
  readonly steps: number;
  readonly parameters: readonly Parameter[];
  /** Names of the parameters, no two alike. */
  readonly names: readonly string[];
  readonly groups: readonly Group[];
  readonly counts: OptimizerCounts;
  readonly hooks: readonly Hook[];
  readonly lossScale: Hook | null;
}

/** The state of an optimizer; what it does later changes nothing in it. */
export function saveState(owner: StateOwner, memory: OptimizerMemory): OptimizerState {
  const nameOf = namesOf(owner);
  const counts = owner.groups.map(({ parameters }) => memory.countsOf(parameters));
  // Of a parameter that was never updated all state is zeros, allocated or not.
  const updated = counts.flat().filter(([, count]) => count > 0);
  const tensorsOf = (parameter: Parameter): (readonly [key: string, tensor: Tensor])[] => {
    const { shape, dtype, backend } = parameter.value;
    const place = { shape, dtype, backend: backend.name };
    const arrays = Object.entries(memory.of(parameter));
    return arrays.map(([name, array]) => [`${name}/${nameOf(parameter)}`, tensor(array, place)]);
  };
  return {
    steps: owner.steps,
    counts: { ...owner.counts },
    groups: owner.groups.map(({ options }, i) => ({
      options: savedOptions(options),
      updates: Object.fromEntries(counts[i].map(([parameter, count]) => [nameOf(parameter), count])),
    })),
    hooks: owner.hooks.map(savedHook),
    lossScale: lossScales(owner).map(savedHook),
    tensors: longLived(() => Object.fromEntries(updated.flatMap(([parameter]) => tensorsOf(parameter)))),
  };
}

function namesOf({ parameters, names }: StateOwner): (parameter: Parameter) => string {
  const byParameter = new Map(parameters.map((parameter, i) => [parameter, names[i]]));
  return (parameter) => byParameter.get(parameter)!;
}

/** All but schedules, which are functions of the step and remember nothing. */
function savedOptions(options: object): Readonly<Record<string, unknown>> {
  const plain = Object.entries(options).filter(([, value]) => typeof value !== 'function');
  return structuredClone(Object.fromEntries(plain));
}

function lossScales({ lossScale }: StateOwner): readonly Hook[] {
  return lossScale ? [lossScale] : [];
}

function savedHook(hook: Hook): SavedHook {
  return { name: hook.name, state: hook.state ? structuredClone(hook.state()) : null };
}

/** Puts a state back, all but the count of steps. Throws, with nothing changed, an Error that names what does not fit. */
export function restoreState(owner: StateOwner, memory: OptimizerMemory, state: OptimizerState): void {
  const problems = mismatches(owner, state);
  if (problems.length > 0) {
    throw new Error(
      `Optimizer.restore: the state must fit the optimizer, got ${listed(problems, '; ')}; nothing was changed: build the optimizer with the settings that the state was saved with`,
    );
  }
  const nameOf = namesOf(owner);
  const saved = new Map<string, Record<string, FloatArray>>(owner.names.map((name) => [name, {}]));
  for (const [key, value] of Object.entries(state.tensors)) {
    const [stateName, name] = parsed(key);
    saved.get(name)![stateName] = value.data();
  }
  const groups = owner.groups.map(({ parameters }, i) =>
    parameters.map((parameter) => {
      const name = nameOf(parameter);
      return { parameter, count: state.groups[i].updates[name], arrays: saved.get(name)! };
    }),
  );
  for (const [i, { parameters }] of owner.groups.entries()) {
    // Memory may run out here, while nothing but zeros was added.
    memory.allocate(
      parameters,
      groups[i].flatMap(({ arrays }) => Object.keys(arrays)),
    );
  }
  restoreAll([
    ...owner.groups.map((group, i) => [optionsOf(group), state.groups[i].options] as const),
    ...restorable(owner.hooks, state.hooks),
    ...restorable(lossScales(owner), state.lossScale),
  ]);
  for (const [i, { parameters }] of owner.groups.entries()) memory.restore(parameters, groups[i]);
}

function optionsOf(group: Group): Stateful<object> {
  return {
    state: () => group.options,
    restore: (options) => {
      group.options = { ...group.options, ...options };
    },
  };
}

function restorable(hooks: readonly Hook[], saved: readonly SavedHook[]): (readonly [Stateful, unknown])[] {
  return hooks.flatMap((hook, i) =>
    hook.state ? [[hook as Stateful, structuredClone(saved[i].state)] as const] : [],
  );
}

/** `firstMoment/rnn.weightHh` in its two parts. */
function parsed(key: string): [stateName: string, parameter: string] {
  const end = key.indexOf('/');
  return [key.slice(0, end), key.slice(end + 1)];
}

/** What does not fit, a phrase for each kind of trouble. */
function mismatches(owner: StateOwner, state: OptimizerState): string[] {
  const { groups } = owner;
  if (!isCounts(state.counts)) return ['no counts of skipped, clipped and dropped'];
  if (state.groups.length !== groups.length) return [`${state.groups.length} groups for ${groups.length}`];
  const nameOf = namesOf(owner);
  return [
    ...groups.flatMap(({ parameters, options }, i) => {
      const saved = state.groups[i];
      return [
        ...difference(`parameters of group ${i}`, Object.keys(saved.updates), parameters.map(nameOf)),
        ...difference(
          `options of group ${i} that are no schedules`,
          Object.keys(saved.options),
          Object.keys(savedOptions(options)),
        ),
      ];
    }),
    ...hookMismatches('hooks', state.hooks, owner.hooks),
    ...hookMismatches('lossScale', state.lossScale, lossScales(owner)),
    ...tensorMismatches(owner, state.tensors),
  ];
}

function isCounts(counts: Partial<OptimizerCounts> | undefined): boolean {
  const { skipped, clipped, dropped } = counts ?? {};
  return [skipped, clipped, dropped].every((count) => Number.isInteger(count) && count! >= 0);
}

function difference(what: string, got: readonly string[], wanted: readonly string[]): string[] {
  const missing = wanted.filter((name) => !got.includes(name));
  const unknown = got.filter((name) => !wanted.includes(name));
  const quoted = (word: string, names: readonly string[]): string =>
    names.length > 0
      ? `${word} ${listed(
          names.map((name) => `'${name}'`),
          ', ',
        )}`
      : '';
  const parts = [quoted('no', missing), quoted('unknown', unknown)].filter((part) => part !== '');
  return parts.length > 0 ? [`${what}: ${parts.join(', ')}`] : [];
}

const SHOWN = 8;

/** The first few, and how many more. */
function listed(items: readonly string[], separator: string): string {
  const more = items.length > SHOWN ? ` and ${items.length - SHOWN} more` : '';
  return `${items.slice(0, SHOWN).join(separator)}${more}`;
}

/** Hooks are told apart by their place and name. */
function hookMismatches(what: string, saved: readonly SavedHook[], hooks: readonly Hook[]): string[] {
  const names = (list: readonly { readonly name: string }[]): string =>
    `[${list.map(({ name }) => name).join(', ')}]`;
  if (names(saved) !== names(hooks)) return [`${what} ${names(saved)} for ${names(hooks)}`];
  return hooks
    .filter((hook, i) => (saved[i].state === null) !== (hook.state === undefined))
    .map(({ name, state }) => `${state ? 'no state' : 'a state'} for '${name}'`);
}

function tensorMismatches(
  { parameters, names }: StateOwner,
  tensors: Readonly<Record<string, Tensor>>,
): string[] {
  return Object.entries(tensors).flatMap(([key, { shape }]) => {
    const parameter = parameters[names.indexOf(parsed(key)[1])];
    if (!parameter) return [`'${key}' of no parameter`];
    return sameShape(shape, parameter.shape)
      ? []
      : [`'${key}' ${formatShape(shape)} for ${formatShape(parameter.shape)}`];
  });
}
