/**
 * Optimizer: the order of a step. Gradients are measured, the hooks run on them, and what they leave is applied
 * group by group; the update rules themselves are the subclasses.
 */

import type { Parameter, Variable } from '../autograd/index.js';
import { checkFinite } from '../clip/checks.js';
import {
  type GradientHook,
  Gradients,
  type HookReport,
  NormMeter,
  type StepContext,
  type UpdateHook,
  Updates,
} from '../clip/index.js';
import { type FloatArray, longLived } from '../tensor/index.js';
import { checkNames, mergeOptions } from '../tensor/options.js';
import {
  checkedParameters,
  Group,
  type GroupOptions,
  groupsOf,
  type OptimizerGroup,
  type ParameterGroup,
  type Settings,
} from './group.js';
import type { LossScale } from './loss-scale.js';
import type { OptimizerOptions, StepOptions, ZeroGradOptions } from './optimizer-options.js';
import { type OptimizerState, restoreState, saveState } from './optimizer-state.js';
import { type Agreement, type Preparation, preparationFor, preparationNames } from './preparation.js';
import type { StepReport } from './report.js';
import { checkedHooks, runHooks, runUpdateHooks } from './run-hooks.js';
import { OptimizerMemory, type UpdateRun } from './update-run.js';

/** Base of all optimizers. */
export abstract class Optimizer<Options extends OptimizerOptions> {
  readonly hooks: readonly GradientHook[];
  readonly updateHooks: readonly UpdateHook[];
  readonly #defaults: object;
  /** The options given to all groups. */
  readonly #shared: object;
  readonly #groups: Group<Options>[] = [];
  readonly #memory = new OptimizerMemory();
  readonly #preparation: Preparation | null;
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
    this.#defaults = defaults;
    const whole = ['hooks', 'updateHooks', 'normDevice', ...preparationNames];
    checkNames(this.constructor.name, options, [...this.#known(), ...whole]);
    const { hooks = [], updateHooks = [], normDevice, accumulate, lossScale, averaging, ...shared } = options;
    this.hooks = checkedHooks(this.constructor.name, 'hooks', hooks);
    this.updateHooks = checkedHooks(this.constructor.name, 'updateHooks', updateHooks);
    this.#shared = shared;
    this.#meter = new NormMeter([], normDevice);
    this.#preparation = preparationFor(this.constructor.name, { accumulate, lossScale, averaging });
    this.#add(groupsOf(this.constructor.name, params));
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

  /** Micro-batches whose mean makes one update. */
  get accumulate(): number {
    return this.#preparation?.accumulate ?? 1;
  }

  /** What losses are multiplied by on the way back, or null. */
  get lossScale(): LossScale | null {
    return this.#preparation?.lossScale ?? null;
  }

  /** Adds parameters with options of their own. Throws if one is in a group already or the options are wrong. */
  addGroup(group: ParameterGroup<Options>): void {
    this.#checkIdle('addGroup');
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
    this.#memory.keep(added.map(({ parameters }) => parameters));
    this.#groups.push(...added);
    this.#meter = new NormMeter(all, this.#meter.requested);
  }

  /** Options made complete. Throws where one is wrong. */
  #settle(options: object): GroupOptions<Options> {
    checkNames(this.constructor.name, options, this.#known());
    const settled = mergeOptions(this.#defaults, options) as GroupOptions<Options>;
    if (typeof settled.lr !== 'function') checkFinite(this.constructor.name, 'lr', settled.lr);
    this.validate(settled);
    Object.freeze(settled);
    return settled;
  }

  /** Names of the options that a group may have. */
  #known(): readonly string[] {
    return [...new Set(['lr', ...Object.keys(this.#defaults)])];
  }

  /** Sets every gradient to null. Throws, unless told to discard them, where micro-batches would be lost. */
  zeroGrad({ discard = false }: ZeroGradOptions = {}): void {
    this.#checkIdle('zeroGrad');
    this.#preparation?.startAnew(this.parameters, discard);
    for (const parameter of this.parameters) parameter.grad = null;
  }

  /**
   * Walks back from the loss of one (micro-)batch: `loss.backward()`, and the only way under `accumulate`, `lossScale` or
   * `averaging`, which count and scale here. Throws, with nothing changed, where it is not its turn.
   */
  backward(loss: Variable): void {
    this.#checkIdle('backward');
    if (this.#preparation) this.#preparation.backward(loss, this.#meter);
    else loss.backward();
  }

  /**
   * Runs the hooks on the gradients and updates the parameters; tells what it did. Asynchronous because a norm on a
   * GPU cannot answer at once. Throws what a hook throws, with parameters untouched, and their state but for what update hooks
   * throw; hooks that ran before it have seen the gradients. What the hooks see is whole:
   * averaged over replicas, un-scaled, the mean of the micro-batches; a step with too few of these is refused.
   */
  step({ loss, partial }: StepOptions = {}): Promise<StepReport> {
    return this.#step({ skip: null, loss: loss ?? null }, partial);
  }

  /** Measures and reports as `step()` does, but runs no hook and changes nothing: for a loss that is not finite. */
  skipStep(reason: string): Promise<StepReport> {
    return this.#step({ skip: reason, loss: null });
  }

  async #step(asked: Agreement, partial = false): Promise<StepReport> {
    this.#checkReady('step');
    this.#busy = true;
    try {
      const { skip, loss } = this.#preparation
        ? await this.#preparation.finish(this.#meter, asked, partial)
        : asked;
      const gradients = this.#wholeGradients(skip);
      const { norm: normBefore, norms, nonFinite, device: normDevice } = await gradients.measure();
      const overflow = skip === null ? this.#preparation?.overflow(nonFinite) : null;
      if (overflow) gradients.skip(overflow);
      const settings = this.#groups.map((group) => group.settingsAt(this.constructor.name, this.#steps));
      const context = this.#context(settings, loss);
      const { step, lr } = context;
      const hooks = await runHooks(this.hooks, gradients, context);
      const { skipped, changed: clipped } = gradients;
      const normAfter = clipped ? await gradients.norm() : normBefore;
      const scale = clipped && normBefore > 0 ? normAfter / normBefore : 1;
      if (skipped === null) hooks.push(...(await this.#update(gradients, settings, context)));
      this.#preparation?.end();
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

  /** The gradients of a step, which are skipped already where somebody asks for that. */
  #wholeGradients(skip: string | null): Gradients {
    const gradients = new Gradients(this.#meter);
    if (skip !== null) gradients.skip(skip);
    else if (gradients.parameters.length === 0) {
      throw new Error('Optimizer.step: no parameter has a gradient; call backward() first');
    }
    return gradients;
  }

  /**
   * Gives back the memory that the kernels reach, which training many models in one process needs: parameters keep
   * values and gradients in memory of their own, the optimizer's state is gone, and a further step is an error. Tensors
   * read from the parameters before cannot be read again. Parameters of another optimizer stay until that is released.
   */
  release(): void {
    this.#checkIdle('release');
    this.#memory.release();
  }

  /** What the optimizer and its hooks remember, for checkpoints: copies. The parameters themselves are the model's. */
  state(): OptimizerState {
    this.#checkReady('state');
    this.#preparation?.checkNone('state');
    return saveState(this, this.#memory);
  }

  /**
   * Continues, bit for bit, from a state taken with `state()`: moments, counts, options of groups (all but schedules,
   * which are functions of the step), and what the hooks remember. Throws an Error that names what does not fit, before
   * anything is changed.
   */
  restore(state: OptimizerState): void {
    this.#checkReady('restore');
    this.#preparation?.checkNone('restore');
    restoreState(this, this.#memory, state);
    this.#steps = state.steps;
  }

  #checkReady(caller: string): void {
    this.#checkIdle(caller);
    this.#memory.check(caller);
  }

  #checkIdle(caller: string): void {
    if (this.#busy) throw new Error(`Optimizer.${caller}: the step before has not finished; await it`);
  }

  /** Throws if an option is out of range; `lr` is checked by the base. */
  protected abstract validate(options: GroupOptions<Options>): void;

  /** Names of the state that an update under these options keeps: it is allocated before any parameter changes. */
  protected abstract stateNames(options: GroupOptions<Options>): readonly string[];

  /** Updates the values of one run from its gradients, in place. */
  protected abstract update(run: UpdateRun, options: Settings<Options>): void;

  #context(settings: readonly Settings<Options>[], loss: number | null): StepContext {
    return {
      step: this.#steps,
      lr: settings[0].lr,
      loss,
      parameters: this.parameters,
      groups: this.#groups.map(({ parameters }) => parameters),
      optimizerState: (parameter): Readonly<Record<string, FloatArray>> => this.#memory.of(parameter),
      optionsOf: (parameter): Readonly<Record<string, unknown>> =>
        settings[this.#groups.findIndex(({ parameters }) => parameters.includes(parameter))],
      updatesOf: (parameter): number => this.#memory.countOf(parameter),
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
