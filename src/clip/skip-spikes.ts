/** Skips steps whose loss or gradient norm is far from the latest ones: OLMo-core's SkipStepOptimizer. */

import { combineNorms } from '../../kernels/gpu/host.js';
import { LatestWindow } from '../statistics/window.js';
import { checkCount } from '../tensor/arguments.js';
import { check, integer, type OptionRange, settingsOf } from './checks.js';
import type { GradientHook } from './hook.js';
import { numbersIn } from './state.js';

/** Nothing is judged before there are this many numbers. */
const LEAST = 20;

/** Options of `skipSpikes`; defaults as in OLMo-core. */
export interface SkipSpikesOptions {
  /** How many steps are remembered: an integer ≥ 20; default 128. Nothing is judged before max(20, half of it). */
  readonly window?: number;
}

const aboveZero: OptionRange = { rule: 'a number > 0', has: (x) => typeof x === 'number' && x > 0 };

/** The latest numbers of one kind. */
interface History {
  readonly what: string;
  latest: LatestWindow;
}

/**
 * How many unbiased standard deviations a number lies from the mean of a history: 0 while that is too short, ∞ if the
 * number is not finite. Computed from differences to the number itself, so that a rounding error is not a spike if all are
 * equal.
 */
function deviationsFrom({ latest }: History, number: number): number {
  if (!Number.isFinite(number)) return Number.POSITIVE_INFINITY;
  const count = latest.size;
  if (count < Math.max(LEAST, latest.capacity / 2)) return 0;
  const differences = latest.toArray().map((each) => each - number);
  const mean = differences.reduce((sum, each) => sum + each / count, 0);
  if (mean === 0) return 0;
  const spread = combineNorms(
    differences.map((each) => each - mean),
    2,
  );
  return (Math.abs(mean) * Math.sqrt(count - 1)) / spread;
}

/** Why a number counts as a spike. */
function reason({ what }: History, number: number, z: number): string {
  const how = Number.isFinite(number) ? `, ${z.toPrecision(3)} standard deviations from its mean` : '';
  return `${what} ${number}${how}`;
}

/**
 * Skips the step if the loss or the global norm lies more than `maxDeviations` standard deviations from its mean over the
 * last `window` steps, above or below: |x − μ| > 6σ by default (OLMo-core, `SkipStepOptimizer`). Skipped
 * steps are remembered too, so that a lasting change is accepted after a while. A step whose loss or norm is not finite is
 * skipped and never remembered. `train` passes the loss; in your own loop call `step({ loss })`, or only the norm is judged.
 */
export function skipSpikes(maxDeviations = 6, options: SkipSpikesOptions = {}): GradientHook {
  const name = 'skipSpikes';
  checkCount(name, arguments.length, 2);
  const { window } = settingsOf(name, options, { window: 128 }, { window: integer(LEAST) });
  check(name, 'maxDeviations', maxDeviations, aboveZero);
  const losses: History = { what: 'loss', latest: new LatestWindow(window) };
  const norms: History = { what: 'norm', latest: new LatestWindow(window) };
  return {
    name,
    settings: { maxDeviations, window },
    async apply(gradients, { loss }) {
      const norm = await gradients.norm();
      const given = loss === null ? [] : [{ of: losses, number: loss, z: deviationsFrom(losses, loss) }];
      const judged = [...given, { of: norms, number: norm, z: deviationsFrom(norms, norm) }];
      const spikes = judged.filter(({ z }) => z > maxDeviations);
      if (spikes.length > 0)
        gradients.skip(spikes.map(({ of, number, z }) => reason(of, number, z)).join(', '));
      const areFinite = judged.every(({ number }) => Number.isFinite(number));
      for (const { of, number } of areFinite ? judged : []) of.latest.push(number);
      const values = judged.flatMap(({ of: { what }, number, z }) => [
        [what, number],
        [`${what}Deviations`, z],
      ]);
      return Object.fromEntries(values);
    },
    state: () => ({ losses: losses.latest.toArray(), norms: norms.latest.toArray() }),
    restore: (state) => {
      const saved = [numbersIn(name, state, 'losses'), numbersIn(name, state, 'norms')];
      [losses.latest, norms.latest] = saved.map((numbers) => new LatestWindow(window, numbers));
    },
  };
}
