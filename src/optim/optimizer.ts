/**
 * Optimizer: the order of a step. Gradients are measured, the hooks run on them, and what they leave is applied
 * group by group; the update rules themselves are the subclasses.
 */

import type { Parameter } from '../autograd/index.js';
import { packParameters } from '../autograd/parameter.js';
import {
  type GradientHook,
  Gradients,
  type HookReport,
  type NormDevice,
  NormMeter,
  type Schedule,
  type StepContext,
  type UpdateHook,
  Updates,
} from '../clip/index.js';
import { type FloatArray, longLived } from '../tensor/index.js';
import {
  checkedParameters,
  Group,
  type GroupOptions,
  groupsOf,
  type OptimizerGroup,
  type ParameterGroup,
  type Settings,
} from './group.js';
import { checkNames, checkNonNegative, mergeOptions } from './options.js';
import type { StepReport } from './report.js';
import { runHooks, runUpdateHooks } from './run-hooks.js';
import { OptimizerMemory, type UpdateRun } from './update-run.js';

/** Options every optimizer has besides its own. */
export interface OptimizerOptions {
  /** Learning rate: a number ≥ 0, or a schedule of it. */
  readonly lr: number | Schedule;
  /** What runs between backward and the update, in order. */
  readonly hooks?: readonly GradientHook[];
  /** What runs on the updates that the rule made, in order. */
  readonly updateHooks?: readonly UpdateHook[];
  /** Where float32 norms are computed; default: webasm, else cpu; `simd` is the fastest. */
  readonly normDevice?: NormDevice;
}

/** What a caller may tell of a step. */
export interface StepOptions {
  /** The loss that the gradients are of, for hooks that look at it. */
  readonly loss?: number;
}

/** Base of all optimizers. */
export abstract class Optimizer<Options extends OptimizerOptions> {
  readonly hooks: readonly GradientHook[];
  readonly updateHooks: readonly UpdateHook[];
  readonly #defaults: object;
  /** The options given to all groups. */
  readonly #shared: object;
  readonly #groups: Group<Options>[] = [];
  readonly #memory = new OptimizerMemory();
  #meter: NormMeter;
  #steps = 0;
  #busy = false;

  /**
   * `params`: parameters, or groups of them with options of their own. A parameter listed twice counts once.
   * `defaults`: every option that the optimizer has besides those of all; `lr` among them may be left out.
   */
  constructor(
    params: Iterable<Parameter> | Iterable<ParameterGroup<Options>>,
    options: Partial<Options>,
    defaults: Omit<Settings<Options>, 'lr'>,
  ) {
    const { hooks = [], updateHooks = [], normDevice, ...shared } = options;
    this.hooks = hooks;
    this.updateHooks = updateHooks;
    this.#defaults = defaults;
    this.#shared = shared;
    this.#meter = new NormMeter([], normDevice);
    checkNames(this.constructor.name, options, [...this.#known(), 'hooks', 'updateHooks', 'normDevice']);
    this.#add(groupsOf(params));
  }

  get groups(): readonly OptimizerGroup<Options>[] {
    return this.#groups;
  }

  /** Updates applied so far; a skipped step is none. */
  get steps(): number {
    return this.#steps;
  }

  /** Every parameter, each once. */
  get parameters(): readonly Parameter[] {
    return this.#meter.parameters;
  }

  /** What reports call the parameters, in their order; no two alike. */
  get names(): readonly string[] {
    return this.#meter.names;
  }

  /** Adds parameters with options of their own. Throws if one is in a group already or the options are wrong. */
  addGroup(group: ParameterGroup<Options>): void {
    this.#add([group]);
  }

  /** Checks all groups before a parameter of any is moved. */
  #add(groups: readonly { readonly params: Iterable<Parameter> }[]): void {
    const all = [...this.parameters];
    const added = groups.map(({ params, ...own }) => {
      const parameters = checkedParameters(this.constructor.name, params, all);
      all.push(...parameters);
      const options = this.#settle(mergeOptions(this.#shared, own));
      return new Group(parameters, options, (changed) => this.#settle(changed));
    });
    for (const { parameters } of added) packParameters(parameters);
    this.#groups.push(...added);
    this.#meter = new NormMeter(all, this.#meter.requested);
  }

  /** Options made complete. Throws where one is wrong. */
  #settle(options: object): GroupOptions<Options> {
    checkNames(this.constructor.name, options, this.#known());
    const settled = mergeOptions(this.#defaults, options) as GroupOptions<Options>;
    if (typeof settled.lr !== 'function') checkNonNegative(this.constructor.name, 'lr', settled.lr);
    this.validate(settled);
    Object.freeze(settled);
    return settled;
  }

  /** Names of the options that a group may have. */
  #known(): readonly string[] {
    return [...new Set(['lr', ...Object.keys(this.#defaults)])];
  }

  /** Sets every gradient to null. */
  zeroGrad(): void {
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /**
   * Runs the hooks on the gradients and updates the parameters; tells what it did. Asynchronous because a norm on a
   * GPU cannot answer at once. Throws what a hook throws, with parameters and state untouched.
   */
  step({ loss }: StepOptions = {}): Promise<StepReport> {
    return this.#step(null, loss);
  }

  /** Measures and reports as `step()` does, but runs no hook and changes nothing: for a loss that is not finite. */
  skipStep(reason: string): Promise<StepReport> {
    return this.#step(reason);
  }

  async #step(skipReason: string | null, loss: number | null = null): Promise<StepReport> {
    if (this.#busy) throw new Error('Optimizer.step: the step before has not finished; await it');
    this.#busy = true;
    try {
      const gradients = new Gradients(this.#meter);
      if (skipReason === null && gradients.parameters.length === 0) {
        throw new Error('Optimizer.step: no parameter has a gradient; call backward() first');
      }
      if (skipReason !== null) gradients.skip(skipReason);
      const { norm: normBefore, norms, nonFinite, device: normDevice } = await gradients.measure();
      const settings = this.#groups.map((group) => group.settingsAt(this.constructor.name, this.#steps));
      const context = this.#context(settings[0].lr, loss);
      const { step, lr } = context;
      const hooks = await runHooks(this.hooks, gradients, context);
      const { skipped, changed: clipped } = gradients;
      const normAfter = clipped ? await gradients.norm() : normBefore;
      const scale = clipped && normBefore > 0 ? normAfter / normBefore : 1;
      if (skipped === null) hooks.push(...(await this.#update(gradients, settings, context)));
      return {
        step,
        lr,
        normBefore,
        normAfter,
        scale,
        clipped,
        norms,
        nonFinite,
        hooks,
        skipped,
        normDevice,
      };
    } finally {
      this.#busy = false;
    }
  }

  /** Throws if an option is out of range; `lr` is checked by the base. */
  protected abstract validate(options: GroupOptions<Options>): void;

  /** Names of the state that an update under these options keeps: it is allocated before any parameter changes. */
  protected abstract stateNames(options: GroupOptions<Options>): readonly string[];

  /** Updates the values of one run from its gradients, in place. */
  protected abstract update(run: UpdateRun, options: Settings<Options>): void;

  #context(lr: number, loss: number | null): StepContext {
    return {
      step: this.#steps,
      lr,
      loss,
      parameters: this.parameters,
      groups: this.#groups.map(({ parameters }) => parameters),
      optimizerState: (parameter): Readonly<Record<string, FloatArray>> => this.#memory.of(parameter),
    };
  }

  /** The rule, and what the update hooks make of its updates. */
  async #update(
    gradients: Gradients,
    settings: readonly Settings<Options>[],
    context: StepContext,
  ): Promise<HookReport[]> {
    if (this.updateHooks.length === 0) {
      this.#apply(settings);
      return [];
    }
    const { parameters, names } = gradients;
    const before = longLived(() => parameters.map(({ value }) => value.copy()));
    this.#apply(settings);
    return runUpdateHooks(this.updateHooks, new Updates(parameters, names, before), context);
  }

  #apply(settings: readonly Settings<Options>[]): void {
    for (const { parameters, options } of this.#groups) {
      if (this.#memory.isPrepared(parameters, options)) continue;
      this.#memory.prepare(parameters, options, this.stateNames(options));
    }
    for (const [i, { parameters }] of this.#groups.entries()) {
      this.#memory.update(parameters, (run) => this.update(run, settings[i]));
    }
    this.#steps++;
  }
}
