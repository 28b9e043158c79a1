/** What an optimizer remembers, saved and put back: separate from the order of a step, in which it has no part. */

import type { Parameter } from '../autograd/index.js';
import { type FloatArray, longLived, type Tensor, tensor } from '../tensor/index.js';
import {
  checkFits,
  type OptimizerCounts,
  type OptimizerState,
  plainSettings,
  type SavedHook,
  STATE_FORMAT,
  savedOptions,
} from './state-schema.js';
import { restoreAll, type Stateful } from './stateful.js';
import type { OptimizerMemory } from './update-run.js';

interface Hook extends Partial<Stateful> {
  readonly name: string;
  readonly settings?: Readonly<Record<string, unknown>>;
}

interface Group {
  readonly parameters: readonly Parameter[];
  options: object;
}

/** What is looked at of an optimizer. */
export interface StateOwner {
  /** The name of its class. */
  readonly name: string;
  readonly steps: number;
  readonly parameters: readonly Parameter[];
  /** Names of the parameters, no two alike. */
  readonly names: readonly string[];
  readonly groups: readonly Group[];
  readonly counts: OptimizerCounts;
  readonly hooks: readonly Hook[];
  readonly lossScale: Hook | null;
  /** Names of the arrays that updates under these options keep of each parameter. */
  arraysUnder(options: object): readonly string[];
}

/** The state of an optimizer; what it does later changes nothing in it. */
export function saveState(owner: StateOwner, memory: OptimizerMemory): OptimizerState {
  const nameOf = naming(owner);
  const tensors = owner.groups.flatMap(({ parameters, options }) =>
    // Of a parameter that was never updated all state is zeros, allocated or not.
    memory
      .countsOf(parameters)
      .filter(([, updates]) => updates > 0)
      .flatMap(([parameter]) =>
        owner.arraysUnder(options).map((array): [key: string, tensor: Tensor] => {
          const { shape, dtype, backend, size } = parameter.value;
          const numbers = memory.of(parameter)[array] ?? new Float32Array(size);
          const copy = longLived(() => tensor(numbers, { shape, dtype, backend: backend.name }));
          return [`${array}/${nameOf(parameter)}`, copy];
        }),
      ),
  );
  return { ...descriptionOf(owner, memory), tensors: Object.fromEntries(tensors) };
}

/** The state without its tensors: it says which optimizer it belongs to. */
function descriptionOf(owner: StateOwner, memory: OptimizerMemory): Omit<OptimizerState, 'tensors'> {
  const nameOf = naming(owner);
  return {
    format: STATE_FORMAT,
    optimizer: owner.name,
    steps: owner.steps,
    counts: { ...owner.counts },
    groups: owner.groups.map(({ parameters, options }) => ({
      options: savedOptions(options),
      arrays: [...owner.arraysUnder(options)],
      parameters: Object.fromEntries(
        memory.countsOf(parameters).map(([parameter, updates]) => {
          const { shape, dtype } = parameter.value;
          return [nameOf(parameter), { shape: [...shape], dtype, updates }];
        }),
      ),
    })),
    hooks: owner.hooks.map(savedHook),
    lossScale: lossScales(owner).map(savedHook),
  };
}

function naming({ parameters, names }: StateOwner): (parameter: Parameter) => string {
  const byParameter = new Map(parameters.map((parameter, i) => [parameter, names[i]]));
  return (parameter) => byParameter.get(parameter)!;
}

function lossScales({ lossScale }: StateOwner): readonly Hook[] {
  return lossScale ? [lossScale] : [];
}

function savedHook(hook: Hook): SavedHook {
  return {
    name: hook.name,
    settings: hook.settings ? plainSettings(hook.settings) : null,
    state: hook.state ? structuredClone(hook.state()) : null,
  };
}

/** Puts a state back, all but the counts. Throws, with nothing changed, an Error that names what does not fit. */
export function restoreState(owner: StateOwner, memory: OptimizerMemory, state: OptimizerState): void {
  checkFits(state, descriptionOf(owner, memory), (options) => owner.arraysUnder(options));
  const nameOf = naming(owner);
  const groups = owner.groups.map(({ parameters }, i) => {
    const { arrays, parameters: saved } = state.groups[i];
    return parameters.map((parameter) => {
      const name = nameOf(parameter);
      const count = saved[name].updates;
      const entries = arrays.map((array) => [array, state.tensors[`${array}/${name}`]] as const);
      const given: [string, FloatArray][] =
        count > 0 ? entries.map(([array, numbers]) => [array, numbers.data()]) : [];
      return { parameter, count, arrays: Object.fromEntries(given) };
    });
  });
  for (const [i, { parameters }] of owner.groups.entries()) {
    // If memory runs out here, only zeros were added so far.
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
