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
  type StepContext,
} from '../clip/index.js';
import type { FloatArray } from '../tensor/index.js';
import {
  checkedParameters,
  Group,
  groupsOf,
  type OptimizerGroup,
  type ParameterGroup,
  type Settings,
} from './group.js';
import { checkNames, checkNonNegative, mergeOptions } from './options.js';
import type { StepReport } from './report.js';
import { OptimizerMemory, type UpdateRun } from './update-run.js';

/** Options every optimizer has besides its own. */
export interface OptimizerOptions {
  /** Learning rate. */
  readonly lr: number;
  /** What runs between backward and the update, in order. */
  readonly hooks?: readonly GradientHook[];
  /** Where float32 norms are computed; default: webasm, else cpu; `simd` is the fastest. */
  readonly normDevice?: NormDevice;
}

/** Base of all optimizers. */
export abstract class Optimizer<Options extends OptimizerOptions> {
  readonly hooks: readonly GradientHook[];
  readonly #defaults: object;
  /** The options given to all groups. */
  readonly #shared: object;
  readonly #groups: OptimizerGroup<Options>[] = [];
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
    const { hooks = [], normDevice, ...shared } = options;
    this.hooks = hooks;
    this.#defaults = defaults;
    this.#shared = shared;
    this.#meter = new NormMeter([], normDevice);
    checkNames(this.constructor.name, options, [...this.#known(), 'hooks', 'normDevice']);
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
  #settle(options: object): Settings<Options> {
    checkNames(this.constructor.name, options, this.#known());
    const settings = mergeOptions(this.#defaults, options) as Settings<Options>;
    checkNonNegative(this.constructor.name, 'lr', settings.lr);
    this.validate(settings);
    Object.freeze(settings);
    return settings;
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
  step(): Promise<StepReport> {
    return this.#step(null);
  }

  /** Measures and reports as `step()` does, but runs no hook and changes nothing: for a loss that is not finite. */
  skipStep(reason: string): Promise<StepReport> {
    return this.#step(reason);
  }

  async #step(skipReason: string | null): Promise<StepReport> {
    if (this.#busy) throw new Error('Optimizer.step: the step before has not finished; await it');
    this.#busy = true;
    try {
      const gradients = new Gradients(this.#meter);
      if (skipReason === null && gradients.parameters.length === 0) {
        throw new Error('Optimizer.step: no parameter has a gradient; call backward() first');
      }
      if (skipReason !== null) gradients.skip(skipReason);
      const { norm: normBefore, norms, nonFinite, device: normDevice } = await gradients.measure();
      const context = this.#context();
      const { step, lr } = context;
      const hooks = await runHooks(this.hooks, gradients, context);
      const { skipped, changed: clipped } = gradients;
      const normAfter = clipped ? await gradients.norm() : normBefore;
      const scale = clipped && normBefore > 0 ? normAfter / normBefore : 1;
      if (skipped === null) this.#apply();
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
  protected abstract validate(options: Settings<Options>): void;

  /** Names of the state that an update under these options keeps: it is allocated before any parameter changes. */
  protected abstract stateNames(options: Settings<Options>): readonly string[];

  /** Updates the values of one run from its gradients, in place. */
  protected abstract update(run: UpdateRun, options: Settings<Options>): void;

  #context(): StepContext {
    return {
      step: this.#steps,
      lr: this.#groups[0].options.lr,
      parameters: this.parameters,
      optimizerState: (parameter): Readonly<Record<string, FloatArray>> => this.#memory.of(parameter),
    };
  }

  #apply(): void {
    for (const { parameters, options } of this.#groups) {
      if (this.#memory.isPrepared(parameters, options)) continue;
      this.#memory.prepare(parameters, options, this.stateNames(options));
    }
    for (const { parameters, options } of this.#groups) {
      this.#memory.update(parameters, (run) => this.update(run, options));
    }
    this.#steps++;
  }
}

async function runHooks(
  hooks: readonly GradientHook[],
  gradients: Gradients,
  context: StepContext,
): Promise<HookReport[]> {
  const reports: HookReport[] = [];
  for (const hook of hooks) {
    if (gradients.skipped !== null) break;
    const report: HookReport | undefined = await hook.apply(gradients, context);
    if (!report) {
      throw new Error(`hook '${hook.name}': must return { hook, clipped, values }, got ${report}`);
    }
    gradients.checkPresence(hook.name);
    reports.push(report);
  }
  return reports;
}
