/**
 * Clips the gradient of each example before they are summed, and adds noise: differentially private SGD. This is not a hook,
 * because hooks see gradients that are summed already. It takes the place of the backward pass, example by example.
 */

import { type Parameter, Variable } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import { fullLike, longLived, normal, Random, scope, type Tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import {
  checkedParameters,
  described,
  type OptionRanges,
  optional,
  REQUIRED,
  ranges,
  settingsOf,
} from './checks.js';
import type { TotalNormOptions } from './functions.js';
import { Gradients } from './gradients.js';
import { hold, letGo } from './hold.js';
import type { HookState } from './hook.js';
import { gradientsAreNot } from './non-finite.js';
import { deviceRange, NormMeter } from './norm-meter.js';
import { numbersIn } from './state.js';
import { clipFactor } from './threshold.js';

/** Options of `PerExampleClipping`. */
export interface PerExampleOptions extends TotalNormOptions {
  /** The most 2-norm that the gradient of one example may bring to the sum. */
  readonly maxNorm: number;
  /** Gaussian noise added to the sum, of standard deviation multiplier · maxNorm in each element; default none. */
  readonly noise?: { readonly multiplier: number; readonly random: Random };
  /**
   * What the sum is divided by; default the number of examples. Where a batch is drawn by chance (Poisson sampling), it
   * must be the size expected: the actual one tells of the data.
   */
  readonly expectedBatch?: number;
  /** Added to each norm before dividing; default 0, Opacus uses 1e-6. */
  readonly eps?: number;
}

const defaults = {
  maxNorm: REQUIRED,
  noise: undefined,
  expectedBatch: undefined,
  eps: 0,
  normDevice: undefined,
};

const optionRanges: OptionRanges<PerExampleOptions> = {
  maxNorm: ranges.bound,
  noise: optional({ rule: '{ multiplier, random }', has: (x) => Object(x) === x }),
  expectedBatch: optional(ranges.positive),
  eps: ranges.finite,
  normDevice: deviceRange,
};

/** What one example brought. */
export interface ExampleReport {
  readonly loss: number;
  /** 2-norm of its gradient over all parameters, before clipping. */
  readonly norm: number;
  readonly scale: number;
}

/** What a batch came to. */
export interface BatchReport {
  readonly examples: number;
  /** How many of them had a norm above maxNorm. */
  readonly clipped: number;
  /** Standard deviation of the noise in each element of the gradient that it left; 0 without noise. */
  readonly noise: number;
}

const HOLDER = { owner: 'PerExampleClipping.add(), which has not finished', remedy: 'await it first' };

/**
 * (Σ_s g_s · min(1, c / ‖g_s‖) + N(0, (σc)²)) / B over the examples s of a batch (Abadi et al. 2016, "Deep learning with
 * differential privacy", Algorithm 1; without noise Optax' `per_example_global_norm_clip`), left in `parameter.grad` for
 * an ordinary `optimizer.step()`. One backward pass an example: slow, and right for every layer.
 *
 * This is the mechanism, not the guarantee: it keeps no privacy account (ε, δ), draws no batches, and its noise comes
 * from a seeded, predictable generator in floating point, which a real adversary may exploit (Mironov 2012).
 *
 * ```ts
 * const clipped = new PerExampleClipping(model.parameters(), { maxNorm: 1, noise: { multiplier: 1.1, random } });
 * for (const example of batch) await clipped.add(() => loss(model, example));
 * clipped.finish();
 * await optimizer.step();
 * optimizer.zeroGrad();
 * ```
 */
export class PerExampleClipping {
  readonly #options: PerExampleOptions & { readonly eps: number };
  readonly #meter: NormMeter;
  readonly #sums = new Map<Parameter, Tensor>();
  #examples = 0;
  #clipped = 0;
  #busy = false;

  constructor(parameters: Iterable<Parameter>, options: PerExampleOptions) {
    const caller = 'PerExampleClipping';
    checkCount(caller, arguments.length, 2);
    const settings = settingsOf(caller, options, defaults, optionRanges);
    const { maxNorm, noise, normDevice } = settings;
    if (noise !== undefined) {
      checkNames(`${caller}: noise`, noise, ['multiplier', 'random']);
      if (!(noise.multiplier >= 0 && Number.isFinite(noise.multiplier * maxNorm))) {
        throw new Error(
          `${caller}: noise needs a finite multiplier ≥ 0 and a finite maxNorm, got ${described(noise.multiplier)} and ${maxNorm}`,
        );
      }
      if (!(noise.random instanceof Random)) {
        throw new Error(`${caller}: noise needs a Random, got ${described(noise.random)}`);
      }
    }
    this.#options = settings;
    this.#meter = new NormMeter(checkedParameters(caller, parameters), normDevice);
  }

  /**
   * Computes the loss of one example in its own memory scope, runs the backward pass, and adds the clipped gradient to the sum.
   * Throws, and leaves the sum as it was, if the gradient is not finite or a parameter has a gradient already.
   */
  async add(loss: () => Variable): Promise<ExampleReport> {
    this.#checkIdle('add');
    const { parameters, names } = this.#meter;
    const taken = parameters.findIndex(({ grad }) => grad !== null);
    if (taken >= 0) {
      throw new Error(
        `PerExampleClipping.add: ${names[taken]} has a gradient already; call zeroGrad() first`,
      );
    }
    this.#busy = true;
    try {
      const value = scope(() => lossOf(loss));
      hold('PerExampleClipping.add', parameters, HOLDER);
      return { loss: value, ...(await this.#collect()) };
    } finally {
      letGo(parameters, HOLDER);
      for (const parameter of parameters) parameter.grad = null;
      this.#busy = false;
    }
  }

  /** Leaves the noisy mean in the gradients, and starts a new batch. Throws if there is nothing to divide by. */
  finish(): BatchReport {
    this.#checkIdle('finish');
    const { maxNorm, noise, expectedBatch } = this.#options;
    const batch = expectedBatch ?? this.#examples;
    if (batch === 0) {
      throw new Error(
        'PerExampleClipping.finish: no example was added; call add() first, or give expectedBatch',
      );
    }
    const deviation = noise ? noise.multiplier * maxNorm : 0;
    longLived(() => {
      for (const parameter of this.#meter.parameters) {
        // Every parameter gets noise: one without noise would reveal that no example reached it.
        let sum = this.#sums.get(parameter) ?? (noise && fullLike(parameter.value, 0));
        if (noise) sum = sum!.add(noiseLike(sum!, noise.random, deviation));
        parameter.grad = sum?.div(batch) ?? null;
      }
    });
    const report = { examples: this.#examples, clipped: this.#clipped, noise: deviation / batch };
    this.#sums.clear();
    [this.#examples, this.#clipped] = [0, 0];
    return report;
  }

  /** What a checkpoint must save between batches: the state of the noise. Throws in the middle of a batch. */
  state(): HookState {
    this.#checkIdle('state');
    if (this.#examples > 0)
      throw new Error('PerExampleClipping.state: a batch is under way; finish() it first');
    const { noise } = this.#options;
    return noise ? { random: noise.random.state() } : {};
  }

  restore(state: HookState): void {
    this.#checkIdle('restore');
    this.#options.noise?.random.restore(numbersIn('PerExampleClipping', state, 'random'));
  }

  /** Clips what backward left and adds it to the sums. */
  async #collect(): Promise<{ readonly norm: number; readonly scale: number }> {
    const { maxNorm, eps } = this.#options;
    const gradients = new Gradients(this.#meter);
    const norm = await gradients.norm();
    const nonFinite = await gradients.nonFinite();
    if (nonFinite.length > 0) {
      throw new Error(
        `PerExampleClipping.add: ${gradientsAreNot(nonFinite)}; fix its cause, or leave the example out`,
      );
    }
    const scale = clipFactor(norm, maxNorm, eps);
    gradients.scale(scale);
    for (const parameter of gradients.parameters) this.#addTo(parameter);
    this.#examples++;
    if (scale !== 1) this.#clipped++;
    return { norm, scale };
  }

  #addTo(parameter: Parameter): void {
    const sum = this.#sums.get(parameter);
    if (sum) sum.addInPlace(parameter.grad!);
    else
      this.#sums.set(
        parameter,
        longLived(() => parameter.grad!.copy()),
      );
  }

  #checkIdle(caller: string): void {
    if (!this.#busy) return;
    throw new Error(`PerExampleClipping.${caller}: the add before has not finished; await it`);
  }
}

/** The loss of one example, its gradients left in the parameters. */
function lossOf(loss: () => Variable): number {
  const value = loss();
  if (!(value instanceof Variable)) {
    throw new Error('PerExampleClipping.add: loss must return a Variable; compute it with ops');
  }
  value.backward();
  return value.item();
}

function noiseLike({ shape, dtype, backend }: Tensor, random: Random, deviation: number): Tensor {
  return normal(shape, random, 0, deviation, { dtype, backend: backend.name });
}
