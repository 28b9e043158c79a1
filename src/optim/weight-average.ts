/** An exponential average of the weights (Polyak & Juditsky 1992; Tarvainen & Valpola 2017): often better to evaluate than the last ones. */

import type { Parameter } from '../autograd/index.js';
import { check, checkedParameters, integer, type OptionRanges, ranges, settingsOf } from '../clip/checks.js';
import { hold, letGo } from '../clip/hold.js';
import { namesOf } from '../clip/names.js';
import { checkCount } from '../tensor/arguments.js';
import { longLived, type Tensor, tensor } from '../tensor/index.js';

/** Options of `WeightAverage`. */
export interface WeightAverageOptions {
  /** Share of the old in the average, in [0, 1); default 0.999. */
  readonly decay?: number;
}

/** What an average of weights remembers: plain JSON, the numbers of each parameter by name. */
export interface WeightAverageState {
  readonly updates: number;
  readonly averages: Readonly<Record<string, readonly number[]>>;
}

const defaults: Required<WeightAverageOptions> = { decay: 0.999 };
const optionRanges: OptionRanges<WeightAverageOptions> = { decay: ranges.share };
const HOLDER = { owner: 'WeightAverage.use(), which has not finished', remedy: 'await it first' };

/**
 * ā ← decay · ā + (1 − decay) · θ at each `update()`, which copies θ the first time. PyTorch's `AveragedModel` with
 * `get_ema_multi_avg_fn`.
 *
 * ```ts
 * const average = new WeightAverage(model.parameters(), { decay: 0.99 });
 * await optimizer.step();
 * average.update();
 * const loss = await average.use(() => noGrad(() => evaluate(model)));
 * ```
 */
export class WeightAverage {
  readonly parameters: readonly Parameter[];
  readonly decay: number;
  /** Fixed when it is made, as an optimizer's. */
  readonly names: readonly string[];
  #averages: readonly Tensor[];
  #updates = 0;

  constructor(parameters: Iterable<Parameter>, options: WeightAverageOptions = {}) {
    const name = 'WeightAverage';
    checkCount(name, arguments.length, 2);
    this.decay = settingsOf(name, options, defaults, optionRanges).decay;
    this.parameters = checkedParameters(name, parameters);
    this.names = namesOf(this.parameters);
    this.#averages = longLived(() => this.parameters.map(({ value }) => value.copy()));
  }

  /** How often it was updated. */
  get updates(): number {
    return this.#updates;
  }

  /** Takes in the weights as they are now: call it after each step. */
  update(): void {
    const { decay } = this;
    for (const [i, { value }] of this.parameters.entries()) {
      const average = this.#averages[i];
      if (this.#updates === 0) average.overwrite(value);
      else longLived(() => average.overwrite(average.add(value.sub(average).mul(1 - decay))));
    }
    this.#updates++;
  }

  /**
   * Runs `fn` while the parameters have the average values, then puts theirs back; resolves to what `fn` returned. Until
   * then nothing else may write them or run a backward pass into them.
   */
  async use<T>(fn: () => T | Promise<T>): Promise<T> {
    const { parameters } = this;
    hold('WeightAverage.use', parameters, HOLDER);
    const before = longLived(() => parameters.map(({ value }) => value.copy()));
    try {
      for (const [i, parameter] of parameters.entries()) parameter.replaceValue(this.#averages[i]);
      return await fn();
    } finally {
      for (const [i, parameter] of parameters.entries()) parameter.replaceValue(before[i]);
      letGo(parameters, HOLDER);
    }
  }

  /** All it remembers, for the `others` of a checkpoint. */
  state(): WeightAverageState {
    const entries = this.#averages.map((average, i) => [this.names[i], [...average.data()]] as const);
    return { updates: this.#updates, averages: Object.fromEntries(entries) };
  }

  /** Continues from a saved state. Throws, with nothing changed, if it is not one of these parameters. */
  restore(state: WeightAverageState): void {
    const name = 'WeightAverage.restore';
    const { updates, averages } = Object(state) as WeightAverageState;
    check(name, 'updates', updates, integer(0));
    const restored = longLived(() =>
      this.parameters.map(({ value }, i) => {
        const numbers: unknown = Object(averages)[this.names[i]];
        check(name, `averages.${this.names[i]}`, numbers, {
          rule: `a list of ${value.size} numbers`,
          has: (x) =>
            Array.isArray(x) && x.length === value.size && x.every((each) => typeof each === 'number'),
        });
        const { shape, dtype, backend } = value;
        return tensor(numbers as number[], { shape, dtype, backend: backend.name });
      }),
    );
    this.#averages = restored;
    this.#updates = updates;
  }
}
