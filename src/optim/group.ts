/** Parameter groups: parameters that are updated under the same options. */

import { Parameter } from '../autograd/index.js';
import { checkFinite, checkListed } from '../clip/checks.js';
import { NormMeter } from '../clip/index.js';
import { valueAt } from '../clip/schedule.js';
import type { OptimizerOptions } from './optimizer-options.js';
import type { PreparationOptions } from './preparation.js';

/** Options that belong to the optimizer as a whole. */
type SharedName = 'hooks' | 'updateHooks' | 'normDevice' | keyof PreparationOptions;

/** Parameters with options of their own; what is left out is taken from the optimizer's. */
export type ParameterGroup<Options> = Partial<Omit<Options, SharedName>> & {
  readonly params: Iterable<Parameter>;
};

/** The options of a group: complete, checked and frozen. */
export type GroupOptions<Options> = Required<Omit<Options, SharedName>> & Pick<OptimizerOptions, 'lr'>;

/** The options that one update runs under: those of the group, `lr` being the rate of this step. */
export type Settings<Options> = Omit<GroupOptions<Options>, 'lr'> & { readonly lr: number };

/** A group as the optimizer holds it: its options may be replaced between steps. */
export interface OptimizerGroup<Options> {
  readonly parameters: readonly Parameter[];
  get options(): GroupOptions<Options>;
  /** Throws, and keeps what was there, where an option is wrong; what is left out has its default. */
  set options(options: Omit<Options, SharedName>);
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

  set options(options: Omit<Options, SharedName>) {
    this.#options = this.#settle(options);
  }

  /** The options at a step. Throws where a schedule gives no rate. */
  settingsAt(caller: string, step: number): Settings<Options> {
    const { lr } = this.#options;
    if (typeof lr === 'number') return this.#options as Settings<Options>;
    const rate = valueAt(lr, step);
    checkFinite(caller, `lr of the schedule at step ${step}`, rate);
    return { ...this.#options, lr: rate };
  }
}

/** What was listed as groups: the parameters that stand alone are the first. Throws where it is no list. */
export function groupsOf<Group extends { readonly params: Iterable<Parameter> }>(
  caller: string,
  params: Iterable<Parameter> | Iterable<Group>,
): readonly { readonly params: Iterable<Parameter> }[] {
  checkListed(caller, params, 'Parameters or groups { params, … }');
  const loose: Parameter[] = [];
  const groups: Group[] = [];
  for (const item of params) {
    if (item instanceof Parameter) loose.push(item);
    else groups.push(item);
  }
  return loose.length > 0 || groups.length === 0 ? [{ params: loose }, ...groups] : groups;
}

/** The parameters of a group, each once. Throws where one is none, or among those there are. */
export function checkedParameters(
  caller: string,
  params: Iterable<Parameter>,
  before: readonly Parameter[],
): readonly Parameter[] {
  checkListed(caller, params, 'Parameters or groups { params, … }');
  const parameters = [...new Set(params)];
  for (const parameter of parameters) {
    if (!(parameter instanceof Parameter)) {
      throw new Error(`${caller}: takes Parameters, got ${typeof parameter}; pass model.parameters()`);
    }
    const place = before.indexOf(parameter);
    if (place < 0) continue;
    throw new Error(`${caller}: '${new NormMeter(before).names[place]}' is in two groups; list it in one`);
  }
  if (parameters.length === 0) throw new Error(`${caller}: needs at least one parameter, got none`);
  return parameters;
}
