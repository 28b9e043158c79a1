/**
 * Optimizer: the order of a step. Gradients are measured, the hooks run on them, and what they leave is applied
 * group by group; the update rules themselves are the subclasses.
 */

import { Parameter, packParameters } from '../autograd/index.js';
import { nameOf } from '../clip/gradients.js';
import {
  type GradientHook,
  Gradients,
  type HookReport,
  type NormDevice,
  NormMeter,
  type StepContext,
} from '../clip/index.js';
import type { FloatArray } from '../tensor/index.js';
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

/** Parameters with options of their own; what is left out is taken from the optimizer's. */
export type ParameterGroup<Options> = Partial<Omit<Options, 'hooks' | 'normDevice'>> & {
  readonly params: Iterable<Parameter>;
};

/** A group as the optimizer holds it: `options` may be changed between steps (a schedule sets `lr`). */
export interface OptimizerGroup<Options> {
  readonly parameters: readonly Parameter[];
  options: Options;
}

/** Base of all optimizers. */
export abstract class Optimizer<Options extends OptimizerOptions> {
  readonly hooks: readonly GradientHook[];
  readonly groups: readonly OptimizerGroup<Options>[] = [];
  readonly #defaults: Options;
  readonly #memory = new OptimizerMemory();
  #meter: NormMeter;
  #steps = 0;
  #busy = false;

  /** `params`: parameters, or groups of them with options of their own. A parameter listed twice counts once. */
  constructor(params: Iterable<Parameter> | Iterable<ParameterGroup<Options>>, options: Options) {
    this.#defaults = options;
    this.hooks = options.hooks ?? [];
    this.#meter = new NormMeter([], options.normDevice);
    const listed = [...params];
    const loose = listed.filter((item) => item instanceof Parameter);
    if (loose.length > 0 || listed.length === 0)
      this.addGroup({ params: loose } as unknown as ParameterGroup<Options>);
    for (const item of listed) if (!(item instanceof Parameter)) this.addGroup(item);
  }

  /** Updates applied so far; a skipped step is none. */
  get steps(): number {
    return this.#steps;
  }

  /** Every parameter, each once. */
  get parameters(): readonly Parameter[] {
    return this.#meter.parameters;
  }

  /** Adds parameters with options of their own. Throws if one is in a group already or the options are wrong. */
  addGroup({ params, ...own }: ParameterGroup<Options>): void {
    const caller = this.constructor.name;
    if (typeof params?.[Symbol.iterator] !== 'function') {
      throw new Error(`${caller}: takes Parameters or groups { params, … }; pass model.parameters()`);
    }
    const parameters = [...new Set(params)];
    for (const parameter of parameters) {
      if (!(parameter instanceof Parameter)) {
        throw new Error(`${caller}: takes Parameters, got ${typeof parameter}; pass model.parameters()`);
      }
      const place = this.parameters.indexOf(parameter);
      if (place >= 0) {
        throw new Error(`${caller}: '${nameOf(parameter, place)}' is in two groups; list it in one`);
      }
    }
    if (parameters.length === 0) throw new Error(`${caller}: needs at least one parameter, got none`);
    const options = { ...this.#defaults, ...own };
    checkNonNegative(caller, 'lr', options.lr);
    this.validate(options);
    packParameters(parameters);
    (this.groups as OptimizerGroup<Options>[]).push({ parameters, options });
    this.#meter = new NormMeter([...this.parameters, ...parameters], this.#defaults.normDevice);
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
  protected abstract validate(options: Options): void;

  /** Updates the values of one run from its gradients, in place. */
  protected abstract update(run: UpdateRun, options: Options): void;

  #context(): StepContext {
    return {
      step: this.#steps,
      lr: this.groups[0].options.lr,
      parameters: this.parameters,
      optimizerState: (parameter): Readonly<Record<string, FloatArray>> => this.#memory.of(parameter),
    };
  }

  #apply(): void {
    for (const { parameters, options } of this.groups) {
      for (const run of this.#memory.take(parameters)) this.update(run, options);
      for (const parameter of parameters) if (parameter.grad) parameter.markChanged();
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
    reports.push(await hook.apply(gradients, context));
  }
  return reports;
}

/** Throws unless an option is a finite number ≥ 0. */
export function checkNonNegative(caller: string, option: string, value: number): void {
  if (Number.isFinite(value) && value >= 0) return;
  throw new Error(`${caller}: ${option} must be a finite number ≥ 0, got ${value}`);
}

/** Throws unless an option lies in [0, 1). */
export function checkFraction(caller: string, option: string, value: number): void {
  if (value >= 0 && value < 1) return;
  throw new Error(`${caller}: ${option} must lie in [0, 1), got ${value}`);
}
