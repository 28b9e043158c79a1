/** Clipping by how fast a gradient may grow: the norm-growth limiter of Fira. */

import { checkCount } from '../tensor/arguments.js';
import { check, from, ranges, settingsOf } from './checks.js';
import type { GradientHook, NonFinitePolicy } from './hook.js';
import { mayRemember, policyRange } from './non-finite.js';
import { namedNumbersIn } from './state.js';
import { clipFactor, countClipped } from './threshold.js';

/** Options of `capNormGrowth`. */
export interface CapNormGrowthOptions {
  /** A gradient may always have the norm floor · √elements, so that one that has nearly vanished can grow again; default 1e-7. */
  readonly floor?: number;
  /** Added to the norm before dividing; 0 (default) lands on the cap, Optimisers.jl uses 1e-8. */
  readonly eps?: number;
  /** What to do about NaN and infinite gradients (default: throw, naming the parameters). */
  readonly nonFinite?: NonFinitePolicy;
}

const defaults: Required<CapNormGrowthOptions> = { floor: 1e-7, eps: 0, nonFinite: 'throw' };
const optionRanges = { floor: ranges.bound, eps: ranges.finite, nonFinite: policyRange };

/**
 * Bounds the norm of each parameter's gradient to `maxGrowth` times the capped norm of the step before:
 * g_t ← g_t · min(1, γ‖g_{t−1}‖ / ‖g_t‖) (Chen et al. 2024, "Fira"; γ = 1.01 there). Directions are kept. The first
 * gradient of a parameter is not capped. Zero gradients, and steps with NaN or ∞ anywhere, are not remembered.
 */
export function capNormGrowth(maxGrowth = 1.01, options: CapNormGrowthOptions = {}): GradientHook {
  const name = 'capNormGrowth';
  checkCount(name, arguments.length, 2);
  const { floor, eps, nonFinite } = settingsOf(name, options, defaults, optionRanges);
  check(name, 'maxGrowth', maxGrowth, from(1));
  let last = new Map<string, number>();
  return {
    name,
    settings: { maxGrowth, floor, eps, nonFinite },
    nonFinite,
    async apply(gradients) {
      const { names, parameters } = gradients;
      const [norm, norms] = [await gradients.norm(), await gradients.norms()];
      const scales = norms.map((own, i) => {
        const before = last.get(names[i]);
        if (before === undefined) return 1;
        return clipFactor(
          own,
          Math.max(maxGrowth * before, floor * Math.sqrt(parameters[i].value.size)),
          eps,
        );
      });
      gradients.scaleEach(scales);
      for (const [i, own] of mayRemember(gradients, norm) ? norms.entries() : []) {
        if (own > 0) last.set(names[i], scales[i] * own);
      }
      return { norm, clippedParameters: countClipped(scales) };
    },
    state: () => ({ norms: Object.fromEntries(last) }),
    restore: (state) => {
      last = namedNumbersIn(name, state, 'norms');
    },
  };
}
