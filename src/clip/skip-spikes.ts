/** Skipping the steps whose loss or gradient norm stands out from the last ones: OLMo-core's SkipStepOptimizer. */

import { checkCount } from '../tensor/arguments.js';
import { check, integer, type OptionRange, settingsOf } from './checks.js';
import type { GradientHook } from './hook.js';
import { combineNorms } from './host-norm.js';
import { numbersIn } from './state.js';

/** Fewer numbers than these are no history. */
const LEAST = 20;

/** Options of `skipSpikes`; defaults as in OLMo-core. */
export interface SkipSpikesOptions {
  /** How many steps are remembered: an integer ≥ 20; default 128. Nothing is judged before max(20, half of it). */
  readonly window?: number;
}

const aboveZero: OptionRange = { rule: 'a number > 0', has: (x) => typeof x === 'number' && x > 0 };

/** The last numbers of one kind. */
class Window {
  readonly what: string;
  readonly #length: number;
  #numbers: readonly number[] = [];

  constructor(what: string, length: number) {
    this.what = what;
    this.#length = length;
  }

  get numbers(): readonly number[] {
    return this.#numbers;
  }
  set numbers(numbers: readonly number[]) {
    this.#numbers = numbers.slice(-this.#length);
  }

  /**
   * How many unbiased standard deviations a number lies from the mean: 0 while too few are remembered, ∞ for what is not
   * finite. From differences to the number itself, so that where all are equal no rounding error stands out.
   */
  deviations(number: number): number {
    if (!Number.isFinite(number)) return Number.POSITIVE_INFINITY;
    const count = this.#numbers.length;
    if (count < Math.max(LEAST, this.#length / 2)) return 0;
    const differences = this.#numbers.map((each) => each - number);
    const mean = differences.reduce((sum, each) => sum + each / count, 0);
    if (mean === 0) return 0;
    const spread = combineNorms(
      differences.map((each) => each - mean),
      2,
    );
    return (Math.abs(mean) * Math.sqrt(count - 1)) / spread;
  }
}

/** Why a number is one too many. */
function reason({ what }: Window, number: number, z: number): string {
  const how = Number.isFinite(number) ? `, ${z.toPrecision(3)} standard deviations from its mean` : '';
  return `${what} ${number}${how}`;
}

/**
 * Skips the step where the loss or the global norm lies more than `sigma` standard deviations from its mean over the
 * last `window` steps, above or below: |x − μ| > 6σ by default (OLMo-core, `SkipStepOptimizer`). What was skipped is
 * remembered too, so that a lasting change comes to be accepted; a step whose loss or norm is not finite is skipped and
 * never remembered. The loss is what `step({ loss })` is told, as `train` does; without it the norm alone is judged.
 */
export function skipSpikes(sigma = 6, options: SkipSpikesOptions = {}): GradientHook {
  const name = 'skipSpikes';
  checkCount(name, arguments.length, 2);
  const { window } = settingsOf(name, options, { window: 128 }, { window: integer(LEAST) });
  check(name, 'sigma', sigma, aboveZero);
  const [losses, norms] = [new Window('loss', window), new Window('norm', window)];
  return {
    name,
    settings: { sigma, window },
    async apply(gradients, { loss }) {
      const norm = await gradients.norm();
      const given = loss === null ? [] : [{ of: losses, number: loss, z: losses.deviations(loss) }];
      const judged = [...given, { of: norms, number: norm, z: norms.deviations(norm) }];
      const spikes = judged.filter(({ z }) => z > sigma);
      if (spikes.length > 0)
        gradients.skip(spikes.map(({ of, number, z }) => reason(of, number, z)).join(', '));
      const areFinite = judged.every(({ number }) => Number.isFinite(number));
      for (const { of, number } of areFinite ? judged : []) of.numbers = [...of.numbers, number];
      const values = judged.flatMap(({ of: { what }, number, z }) => [
        [what, number],
        [`${what}Deviations`, z],
      ]);
      return Object.fromEntries(values);
    },
    state: () => ({ losses: [...losses.numbers], norms: [...norms.numbers] }),
    restore: (state) => {
      const saved = [numbersIn(name, state, 'losses'), numbersIn(name, state, 'norms')];
      [losses.numbers, norms.numbers] = saved;
    },
  };
}
