/** Parameter groups: parameters that are updated under the same options. */

import { Parameter } from '../autograd/index.js';
import { check, checkedParameters, described, ranges } from '../clip/checks.js';
import { valueAt } from '../clip/schedule.js';
import type { OptimizerOptions } from './optimizer-options.js';
import { preparationNames } from './preparation.js';

/** Options that belong to the optimizer as a whole. */
export const sharedNames = ['hooks', 'normDevice', ...preparationNames] as const;

type SharedName = (typeof sharedNames)[number];

/** Parameters with their own options; options left out come from the optimizer. */
export type ParameterGroup<Options> = Partial<Omit<Options, SharedName>> & {
  readonly params: Iterable<Parameter>;
};

/** The options of a group: complete, checked and frozen. */
export type GroupOptions<Options> = Required<Omit<Options, SharedName>> & Pick<OptimizerOptions, 'lr'>;

/** The options that one update runs under: those of the group, `lr` being the rate of this step. */
export type RuleOptions<Options> = Omit<GroupOptions<Options>, 'lr'> & { readonly lr: number };

/** A group as the optimizer holds it: its options may be replaced between steps. */
export interface OptimizerGroup<Options> {
  readonly parameters: readonly Parameter[];
  get options(): GroupOptions<Options>;
  /** Options left out come from the optimizer. Throws, and changes nothing, if an option is wrong. */
  set options(options: Partial<Omit<Options, SharedName>>);
}

/** A group whose options are settled whenever they are replaced. */
export class Group<Options> implements OptimizerGroup<Options> {
  readonly parameters: readonly Parameter[];
  readonly #settle: (options: object) => GroupOptions<Options>;
  #options: GroupOptions<Options>;

  constructor(
    parameters: readonly Parameter[],
    options: GroupOptions<Options>,
    settle: (options: object) => GroupOptions<Options>,
  ) {
    this.parameters = parameters;
    this.#options = options;
    this.#settle = settle;
  }

  get options(): GroupOptions<Options> {
    return this.#options;
  }

  set options(options: Partial<Omit<Options, SharedName>>) {
    this.#options = this.#settle(options);
  }

  /** The options at a step. Throws if a schedule does not give a rate. */
  settingsAt(caller: string, step: number): RuleOptions<Options> {
    const { lr } = this.#options;
    if (typeof lr === 'number') return this.#options as RuleOptions<Options>;
    const rate = valueAt(lr, step);
    check(caller, `lr of the schedule at step ${step}`, rate, ranges.finite);
    return { ...this.#options, lr: rate };
  }
}

/** The groups in a list of parameters or groups; plain parameters form the first group. Throws if an entry is neither. */
export function groupsOf<Group extends { readonly params: Iterable<Parameter> }>(
  caller: string,
  params: Iterable<Parameter> | Iterable<Group>,
): readonly { readonly params: Iterable<Parameter> }[] {
  if (typeof params === 'string' || typeof params?.[Symbol.iterator] !== 'function') {
    throw new Error(`${caller}: takes a list of ${WHAT}, got ${described(params)}; pass model.parameters()`);
  }
  const loose: Parameter[] = [];
  const groups: Group[] = [];
  for (const item of params) {
    if (item instanceof Parameter) loose.push(item);
    else if (Object(item) === item && 'params' in item) groups.push(item);
    else throw new Error(`${caller}: takes ${WHAT}, got ${described(item)}; pass model.parameters()`);
  }
  if (loose.length === 0 && groups.length === 0) {
    throw new Error(
      `${caller}: needs at least one parameter, got none; a Module finds Parameters in its fields and in arrays there, not a variable() or a #private field, and an iterator is empty the second time`,
    );
  }
  return loose.length > 0 ? [{ params: loose }, ...groups] : groups;
}

const WHAT = 'Parameters or groups { params, … }';

/** The parameters of a group, each once. Throws if one is in a group already. */
export function parametersOf(
  caller: string,
  params: Iterable<Parameter>,
  before: readonly Parameter[],
  names: readonly string[],
): readonly Parameter[] {
  const parameters = checkedParameters(caller, params, WHAT);
  for (const parameter of parameters) {
    const place = before.indexOf(parameter);
    if (place < 0) continue;
    throw new Error(`${caller}: '${names[place]}' is in two groups; list it in one`);
  }
  return parameters;
}
