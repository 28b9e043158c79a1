/**
 * Optimizer: the order of a step. Gradients are measured, the hooks run on them, and what they leave is applied
 * group by group; each update rule is in a file of its own.
 */

import { type Parameter, type ParameterHolder, Variable } from '../autograd/index.js';
import { check, described, optional, ranges } from '../clip/checks.js';
import { hold, letGo } from '../clip/hold.js';
import {
  Gradients,
  type HookReport,
  NormMeter,
  type StepContext,
  type StepHook,
  Updates,
} from '../clip/index.js';
import { namesOf } from '../clip/names.js';
import { lossIsNot } from '../clip/non-finite.js';
import { deviceRange } from '../clip/norm-meter.js';
import {
  checkedHooks,
  claimHooks,
  isGradientHook,
  isUpdateHook,
  runHooks,
  runUpdateHooks,
  unclaimHooks,
} from '../clip/run-hooks.js';
import { wrongKind } from '../tensor/arguments.js';
import { inspect } from '../tensor/describe.js';
import { type FloatArray, fullLike, longLived } from '../tensor/index.js';
import { turnForLost } from '../tensor/lost-memory.js';
import { checkNames, mergeOptions } from '../tensor/options.js';
import { describeOptimizer } from './describe.js';
import {
  Group,
  type GroupOptions,
  groupsOf,
  type OptimizerGroup,
  type ParameterGroup,
  parametersOf,
  type RuleOptions,
  sharedNames,
} from './group.js';
import type { LossScale } from './loss-scale.js';
import type {
  OptimizerBackwardOptions,
  OptimizerOptions,
  StepOptions,
  ZeroGradOptions,
} from './optimizer-options.js';
import { restoreState, type StateOwner, saveState } from './optimizer-state.js';
import { type Agreement, type Preparation, preparationFor } from './preparation.js';
import { namesPending, type StepReport } from './report.js';
import { tooLargeToSquare } from './squares.js';
import type { OptimizerCounts, OptimizerState } from './state-schema.js';
import type { UpdateRule } from './update-rule.js';
import { OptimizerMemory } from './update-run.js';

/**
 * Takes parameters, a rule and hooks, and makes steps. `new SGD(…)`, `new Adam(…)` and the others are optimizers with a
 * rule; one of your own comes from `defineOptimizer`.
 */
export class Optimizer<Options extends OptimizerOptions> {
  /** All hooks, as they were given. */
  readonly hooks: readonly StepHook[];
  readonly #gradientHooks;
  readonly #updateHooks;
  readonly #rule: UpdateRule<Options>;
  /** The options given to all groups. */
  readonly #shared: object;
  readonly #groups: Group<Options>[] = [];
  readonly #memory = new OptimizerMemory();
  readonly #preparation: Preparation | null;
  readonly #holder: ParameterHolder;
  #meter: NormMeter;
  #steps = 0;
  #counts: OptimizerCounts = { skipped: 0, clipped: 0, dropped: 0 };
  #busy = false;
  /** A loss that `backward` was given and that is not finite. */
  #brokenLoss: number | null = null;

  /** `params`: parameters, or groups of them with options of their own. A parameter listed twice counts once. */
  constructor(
    params: Iterable<Parameter> | Iterable<ParameterGroup<Options>>,
    options: Partial<Options>,
    rule: UpdateRule<Options>,
  ) {
    if (typeof rule?.update !== 'function' || typeof rule.name !== 'string') {
      throw wrongKind(
        'Optimizer',
        'the rule',
        'an object { name, defaults, update }; see defineOptimizer',
        rule,
      );
    }
    const { name } = rule;
    this.#rule = rule;
    checkNames(name, options, [...this.#known(), ...sharedNames]);
    const { hooks = [], normDevice, accumulate, dropNonFinite, lossScale, averaging, ...shared } = options;
    this.hooks = checkedHooks(name, hooks);
    this.#gradientHooks = this.hooks.filter(isGradientHook);
    this.#updateHooks = this.hooks.filter(isUpdateHook);
    check(name, 'normDevice', normDevice, deviceRange);
    this.#shared = shared;
    this.#preparation = preparationFor(name, { accumulate, dropNonFinite, lossScale, averaging });
    this.#meter = new NormMeter([], normDevice, []);
    this.#holder = this.#makeHolder();
    claimHooks(name, this.hooks, () => this.#add(groupsOf(name, params)));
  }

  get groups(): readonly OptimizerGroup<Options>[] {
    return this.#groups;
  }

  /** Updates applied so far; a skipped step is not one. */
  get steps(): number {
    return this.#steps;
  }

  /** Steps that were skipped or clipped so far, and micro-batches that were dropped. */
  get counts(): OptimizerCounts {
    return this.#counts;
  }

  /** Every parameter, each once. */
  get parameters(): readonly Parameter[] {
    return this.#meter.parameters;
  }

  /** What reports, hooks and checkpoints call the parameters, in their order; no two alike, and fixed when they were added. */
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
    this.#preparation?.checkNone('addGroup');
    this.#add(groupsOf(`${this.#rule.name}.addGroup`, [group]));
  }

  /** Checks all groups before a parameter of any is moved. */
  #add(groups: readonly { readonly params: Iterable<Parameter> }[]): void {
    const { name } = this.#rule;
    const all = [...this.parameters];
    const names = [...this.names];
    const added = groups.map(({ params, ...own }) => {
      const parameters = parametersOf(name, params, all, names);
      all.push(...parameters);
      names.push(...namesOf(parameters, names));
      return new Group(parameters, this.#settle(own), (changed) => this.#settle(changed));
    });
    this.#memory.keep(added.map(({ parameters }) => parameters));
    this.#groups.push(...added);
    this.#meter = new NormMeter(all, this.#meter.requested, names);
  }

  /** Options made complete by those that the optimizer was made with. Throws if one is wrong. */
  #settle(own: object): GroupOptions<Options> {
    const { name, defaults, ranges: rangeOf } = this.#rule;
    checkNames(name, own, this.#known());
    const settled = mergeOptions(mergeOptions(defaults, this.#shared), own) as GroupOptions<Options>;
    if (typeof settled.lr !== 'function') check(name, 'lr', settled.lr, ranges.finite);
    for (const [option, range] of Object.entries(rangeOf ?? {})) {
      check(name, option, settled[option as keyof typeof settled], range!);
    }
    this.#rule.check?.(settled);
    Object.freeze(settled);
    return settled;
  }

  /** Names of the options that a group may have. */
  #known(): readonly string[] {
    return [...new Set(['lr', ...Object.keys(this.#rule.defaults)])];
  }

  /** Sets every gradient to null. Throws, unless told to discard them, if micro-batches would be lost. */
  zeroGrad(options?: ZeroGradOptions): void {
    this.#checkIdle('zeroGrad');
    if (options) checkNames('Optimizer.zeroGrad', options, ['discard']);
    if (this.#preparation) {
      this.#preparation.startAnew(options?.discard ?? false);
      letGo(this.parameters, this.#holder);
    }
    this.#brokenLoss = null;
    const { parameters } = this;
    for (let i = 0; i < parameters.length; i++) parameters[i].grad = null;
  }

  /**
   * Walks back from the loss of one (micro-)batch: `loss.backward()`, and the only way under `accumulate`, `lossScale` or
   * `averaging`, which count and scale here. A loss that is not finite makes the next step skip. Throws, with nothing
   * changed, if it is not its turn.
   */
  backward(loss: Variable, options?: OptimizerBackwardOptions): void {
    Optimizer.backward(loss, [this as unknown as Optimizer<OptimizerOptions>], options);
  }

  /**
   * Walks back from one loss for several optimizers, whose parameters it reaches all: each counts it as its micro-batch,
   * and all must multiply it by the same loss scale.
   */
  static backward(
    loss: Variable,
    optimizers: readonly Optimizer<OptimizerOptions>[],
    options: OptimizerBackwardOptions = {},
  ): void {
    const caller = 'Optimizer.backward';
    checkNames(caller, options, ['weight']);
    const { weight = 1 } = options;
    check(caller, 'weight', weight, ranges.positive);
    if (!(loss instanceof Variable)) {
      throw new Error(`${caller}: takes the loss, a Variable, got ${described(loss)}; compute it with ops`);
    }
    const factors = optimizers.map((optimizer) => {
      optimizer.#checkIdle('backward');
      return optimizer.#preparation ? optimizer.#preparation.nextScale * weight : 1;
    });
    const [factor] = factors;
    if (factors.some((each) => each !== factor)) {
      throw new Error(
        `${caller}: the optimizers must multiply the loss by the same factor, got ${factors.join(' and ')}; give all of them the same lossScale, and accumulate in each for a weight`,
      );
    }
    const prepared = optimizers.filter((optimizer) => optimizer.#preparation);
    for (const optimizer of prepared) optimizer.#preparation!.begin(optimizer.parameters, optimizer.names);
    for (const optimizer of prepared) letGo(optimizer.parameters, optimizer.#holder);
    let isDone = false;
    try {
      loss.backward(loss.value.size === 1 && factor !== 1 ? { grad: fullLike(loss.value, factor) } : {});
      isDone = true;
    } finally {
      const value = loss.value.size === 1 ? loss.item() : 0;
      for (const optimizer of optimizers) {
        if (isDone) optimizer.#collected(value, weight);
        if (optimizer.#preparation?.isCollecting) hold(caller, optimizer.parameters, optimizer.#holder);
      }
    }
  }

  /** A loss has been walked back from. */
  #collected(loss: number, weight: number): void {
    const dropped = this.#preparation?.end(this.parameters, loss, weight) ?? false;
    if (!dropped && !Number.isFinite(loss)) this.#brokenLoss = loss;
  }

  /**
   * Runs the hooks on the gradients and updates the parameters; resolves to what it did. Asynchronous because a norm on a
   * GPU cannot answer at once: await it, since until it has finished the parameters and gradients belong to it. If a
   * gradient hook throws, nothing has changed; if an update hook throws, the parameters are put back, the moments keep the
   * step. What the hooks see is whole: averaged over replicas, un-scaled, the mean of the micro-batches; a step with too
   * few of these is refused. A step whose loss is known not to be finite is skipped.
   */
  step(options?: StepOptions): Promise<StepReport> {
    return namesPending(this.#step(options, null));
  }

  /** Measures and reports as `step()` does, but runs no hook and changes nothing: for a loss that is not finite. */
  skipStep(reason: string): Promise<StepReport> {
    return namesPending(this.#step(undefined, reason));
  }

  async #step(options: StepOptions | undefined, asked: string | null): Promise<StepReport> {
    this.#checkReady('step');
    const { loss = null, partial = false } = options ? checkedStep(options) : {};
    hold('Optimizer.step', this.parameters, this.#holder);
    this.#busy = true;
    try {
      if (this.#memory.isShort) await this.#memory.makeRoom();
      const agreement: Agreement = { skip: asked, loss: this.#brokenLoss ?? loss };
      const { skip, loss: known } = this.#preparation
        ? await this.#preparation.finish(this.#meter, agreement, partial)
        : agreement;
      const gradients = this.#wholeGradients(skip);
      const { norm: normBefore, norms, nonFinite, device: normDevice } = await gradients.measure();
      const overflow = skip === null ? this.#preparation?.overflow(nonFinite) : null;
      if (overflow) gradients.skip(overflow);
      const settings = this.#groups.map((group) => group.settingsAt(this.#rule.name, this.#steps));
      const context = this.#context(settings, known);
      const { step, lr } = context;
      const hooks = await runHooks(this.#gradientHooks, gradients, context);
      const clipped = gradients.changed;
      const normAfter = clipped ? await gradients.norm() : normBefore;
      const scale = clipped && normBefore > 0 ? normAfter / normBefore : 1;
      if (gradients.skipped === null) {
        const trouble = lossIsNot(known) ?? (await this.#trouble(gradients, normAfter));
        if (trouble !== null) gradients.skip(trouble);
      }
      const { skipped } = gradients;
      if (skipped === null) {
        const reports = await this.#update(gradients, settings, context);
        if (reports) hooks.push(...reports);
      }
      this.#count(skipped !== null, clipped);
      this.#preparation?.endStep();
      this.#brokenLoss = null;
      const turn = turnForLost();
      if (turn) await turn;
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
      if (!this.#preparation?.isCollecting) letGo(this.parameters, this.#holder);
    }
  }

  /** Why finite gradients must not enter the state, or null. */
  #trouble(gradients: Gradients, norm: number): Promise<string | null> | null {
    return this.#rule.squares ? tooLargeToSquare(this.#rule.name, gradients, norm) : null;
  }

  #count(skipped: boolean, clipped: boolean): void {
    const dropped = this.#preparation?.dropped ?? 0;
    if (!skipped && !clipped && dropped === 0) return;
    const { counts } = this;
    this.#counts = {
      skipped: counts.skipped + (skipped ? 1 : 0),
      clipped: counts.clipped + (clipped && !skipped ? 1 : 0),
      dropped: counts.dropped + dropped,
    };
  }

  /** The gradients of a step; with a reason in `skip`, the step is skipped from the start. */
  #wholeGradients(skip: string | null): Gradients {
    const gradients = new Gradients(this.#meter);
    if (skip !== null) gradients.skip(skip);
    else if (gradients.parameters.length === 0) {
      throw new Error('Optimizer.step: no parameter has a gradient; call backward() first');
    }
    return gradients;
  }

  /**
   * Gives back now the memory that the kernels reach, which otherwise comes back when nobody holds the optimizer any more:
   * parameters keep values and gradients in memory of their own, its state is gone, and a further step is an error. Tensors
   * read from the parameters before cannot be read again. Parameters of another optimizer stay until that is released.
   * Its hooks may then serve another optimizer.
   */
  release(): void {
    this.#checkIdle('release');
    letGo(this.parameters, this.#holder);
    unclaimHooks(this.hooks);
    this.#memory.release();
  }

  /** What the optimizer and its hooks remember, for checkpoints: copies. The parameters themselves are the model's. */
  state(): OptimizerState {
    this.#checkReady('state');
    this.#preparation?.checkNone('state');
    this.#memory.pack();
    return saveState(this.#owner(), this.#memory);
  }

  /**
   * Continues, bit for bit, from a state taken with `state()`: moments, counts, options of groups (all but schedules,
   * which are functions of the step), and what the hooks remember. Throws an Error that names what does not fit, before
   * anything is changed.
   */
  restore(state: OptimizerState): void {
    this.#checkReady('restore');
    this.#preparation?.checkNone('restore');
    this.#memory.pack();
    restoreState(this.#owner(), this.#memory, state);
    this.#steps = state.steps;
    this.#counts = { ...state.counts };
  }

  #owner(): StateOwner {
    const { steps, parameters, names, groups, counts, hooks, lossScale } = this;
    const arraysUnder: StateOwner['arraysUnder'] = (options) =>
      this.#rule.state?.(options as GroupOptions<Options>) ?? [];
    return {
      name: this.#rule.name,
      steps,
      parameters,
      names,
      groups: groups as StateOwner['groups'],
      counts,
      hooks: hooks as StateOwner['hooks'],
      lossScale: lossScale as StateOwner['lossScale'],
      arraysUnder,
    };
  }

  /** Its rule, its groups with their options, and its hooks, a line each. */
  toString(): string {
    return describeOptimizer(this, this.#rule);
  }
  [inspect](): string {
    return this.toString();
  }

  #checkReady(caller: string): void {
    this.#checkIdle(caller);
    this.#memory.check(caller);
  }

  #checkIdle(caller: string): void {
    if (this.#busy) throw new Error(`Optimizer.${caller}: the step before has not finished; await it`);
  }

  /** How messages call this optimizer if somebody writes its parameters during a step or between micro-batches. */
  #makeHolder(): ParameterHolder {
    const { name } = this.#rule;
    const isBusy = (): boolean => this.#busy;
    const unfinished = (): string => this.#preparation?.unfinished ?? '';
    return {
      get owner() {
        if (isBusy()) return `${name}.step(), which has not finished`;
        return `${name}, whose gradients are not whole: ${unfinished()}`;
      },
      get remedy() {
        return isBusy()
          ? 'await it first (a hook changes gradients by the methods of Gradients)'
          : 'use optimizer.backward(loss) and measure or clip in hooks, or call zeroGrad({ discard: true })';
      },
    };
  }

  #context(settings: readonly RuleOptions<Options>[], loss: number | null): StepContext {
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

  /** The rule, and what the update hooks make of its updates; null without such hooks. */
  #update(
    gradients: Gradients,
    settings: readonly RuleOptions<Options>[],
    context: StepContext,
  ): Promise<HookReport[]> | null {
    if (this.#updateHooks.length === 0) {
      this.#apply(settings);
      return null;
    }
    const { parameters, names } = gradients;
    const before = longLived(() => parameters.map(({ value }) => value.copy()));
    this.#apply(settings);
    return runUpdateHooks(this.#updateHooks, new Updates(parameters, names, before), context);
  }

  #apply(settings: readonly RuleOptions<Options>[]): void {
    for (const { parameters, options } of this.#groups) {
      if (this.#memory.isPrepared(parameters, options)) continue;
      this.#memory.prepare(parameters, options, this.#rule.state?.(options) ?? []);
    }
    for (const [i, { parameters }] of this.#groups.entries()) {
      this.#memory.update(parameters, (run) => this.#rule.update(run, settings[i]));
    }
    this.#steps++;
  }
}

/** The options of a step, checked. */
function checkedStep(options: StepOptions): StepOptions {
  checkNames('Optimizer.step', options, ['loss', 'partial']);
  check(
    'Optimizer.step',
    'loss',
    options.loss,
    optional({
      rule: 'a number, such as loss.item()',
      has: (x) => x === null || typeof x === 'number',
    }),
  );
  check('Optimizer.step', 'partial', options.partial, optional(ranges.flag));
  return options;
}
