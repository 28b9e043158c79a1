/**
 * Adaptive gradient clipping (AGC), Brock et al. 2021 (arXiv 2102.06171), §4: the gradient of each unit is compared with
 * the norm of its weights.
 */

import { checkCount } from '../tensor/arguments.js';
import { type OptionRanges, oneOf, ranges, settingsOf } from './checks.js';
import type { GradientHook, NonFinitePolicy } from './hook.js';
import { policyRange } from './non-finite.js';
import type { Schedule } from './schedule.js';
import { checkThreshold, clipFactor, countClipped, thresholdAt } from './threshold.js';
import { scaledUnits, type UnitKind, unitKinds, unitNorms } from './units.js';

/** Options of `clipUnitwise`. */
export interface ClipUnitwiseOptions {
  /**
   * `rows` (default): all weights of one output of [out, in, …], as timm; `columns`: all but the last axis, for weights
   * laid out [in, out], as Optax.
   */
  readonly units?: UnitKind;
  /** The smallest norm that weights count as having, so that weights that start at zero can move; default 1e-3. */
  readonly floor?: number;
  /** Parameters to leave as they are, by name; the paper leaves out the last layer. */
  readonly exclude?: (name: string) => boolean;
  /** What to do about NaN and infinite gradients (default: throw, naming the parameters). */
  readonly nonFinite?: NonFinitePolicy;
}

const defaults: Required<ClipUnitwiseOptions> = {
  units: 'rows',
  floor: 1e-3,
  exclude: () => false,
  nonFinite: 'throw',
};
const optionRanges: OptionRanges<ClipUnitwiseOptions> = {
  units: oneOf(unitKinds),
  floor: ranges.bound,
  exclude: ranges.callback,
  nonFinite: policyRange,
};

/**
 * Scales the gradient of each unit so that its norm is at most `maxRatio` (λ) times that of the unit's weights:
 * G_u ← G_u · min(1, λ max(‖W_u‖, ε) / ‖G_u‖), ε being `floor`. The step is then bounded in proportion to the
 * weights that it changes. Norms are computed on the host in float64.
 */
export function clipUnitwise(
  maxRatio: number | Schedule = 0.01,
  options: ClipUnitwiseOptions = {},
): GradientHook {
  const name = 'clipUnitwise';
  checkCount(name, arguments.length, 2);
  const { units, floor, exclude, nonFinite } = settingsOf(name, options, defaults, optionRanges);
  checkThreshold(name, 'maxRatio', maxRatio);
  return {
    name,
    settings: { maxRatio, units, floor, exclude, nonFinite },
    nonFinite,
    async apply(gradients, { step }) {
      const threshold = thresholdAt(name, maxRatio, step);
      const norm = await gradients.norm();
      let clippedUnits = 0;
      for (const [i, { value }] of gradients.parameters.entries()) {
        if (exclude(gradients.names[i])) continue;
        const weights = unitNorms(value, units);
        const scales = unitNorms(gradients.get(i), units).map((own, u) =>
          clipFactor(own, threshold * Math.max(weights[u], floor)),
        );
        if (countClipped(scales) > 0) gradients.edit(i, (grad) => scaledUnits(name, grad, units, scales));
        clippedUnits += countClipped(scales);
      }
      return { norm, threshold, clippedUnits };
    },
  };
}
