/** Clips each parameter by a running average of its own norms: AdaGC, Wang et al. 2025 (arXiv 2502.11034), Alg. 1. */

import { checkCount } from '../tensor/arguments.js';
import { check, integer, type OptionRanges, ranges, settingsOf } from './checks.js';
import type { GradientHook, NonFinitePolicy } from './hook.js';
import { mayRemember, policyRange } from './non-finite.js';
import { countIn, namedNumbersIn } from './state.js';
import { clipFactor, countClipped } from './threshold.js';

/** Options of `adaGC`; symbols are the paper's. */
export interface AdaGCOptions {
  /** Steps clipped by the global norm while the averages start, an integer ≥ 0; default 100. (T_start) */
  readonly warmup?: number;
  /** Bound on the global norm in the warm-up; default 1. (λ_abs) */
  readonly maxNorm?: number;
  /** Share of the old in the averages, in [0, 1); default 0.98. (β) */
  readonly decay?: number;
  /** Added to the global norm of the warm-up before dividing; 0 (default) lands on the threshold. */
  readonly eps?: number;
  /** What to do about NaN and infinite gradients (default: throw, naming the parameters). */
  readonly nonFinite?: NonFinitePolicy;
}

const defaults = { warmup: 100, maxNorm: 1, decay: 0.98, eps: 0, nonFinite: 'throw' } as const;
const optionRanges: OptionRanges<AdaGCOptions> = {
  warmup: integer(0),
  maxNorm: ranges.bound,
  decay: ranges.share,
  eps: ranges.finite,
  nonFinite: policyRange,
};

/**
 * Scales the gradient of parameter i so that its norm is at most `maxRatio` (λ_rel, 1.05) times its own average:
 * ĝ_i = g_i · min(1, λ_rel γ_i / ‖g_i‖), then γ_i ← βγ_i + (1 − β)‖ĝ_i‖. In the warm-up it clips by the global norm and
 * γ_i is the smallest ‖ĝ_i‖ so far. Norms that are zero (with γ = 0 nothing would pass any more) or not finite do not change
 * γ; a parameter that is new after the warm-up starts at its norm, at most `maxNorm`.
 */
export function adaGC(maxRatio = 1.05, options: AdaGCOptions = {}): GradientHook {
  const name = 'adaGC';
  checkCount(name, arguments.length, 2);
  const { warmup, maxNorm, decay, eps, nonFinite } = settingsOf(name, options, defaults, optionRanges);
  check(name, 'maxRatio', maxRatio, ranges.bound);
  let steps = 0;
  let averages = new Map<string, number>();
  return {
    name,
    settings: { maxRatio, warmup, maxNorm, decay, eps, nonFinite },
    nonFinite,
    async apply(gradients) {
      const [norm, norms] = [await gradients.norm(), await gradients.norms()];
      const before = gradients.names.map((each) => averages.get(each));
      const scales = norms.map((own, i) => {
        if (steps < warmup) return clipFactor(norm, maxNorm, eps);
        return clipFactor(own, before[i] === undefined ? maxNorm : maxRatio * before[i]);
      });
      gradients.scaleEach(scales);
      if (mayRemember(gradients, norm)) {
        for (const [i, own] of norms.entries()) {
          if (own === 0) continue;
          const clipped = scales[i] * own;
          const average = before[i] ?? clipped;
          const next = steps < warmup ? Math.min(average, clipped) : decay * average + (1 - decay) * clipped;
          averages.set(gradients.names[i], next);
        }
        steps++;
      }
      return { norm, clippedParameters: countClipped(scales) };
    },
    state: () => ({ steps, averages: Object.fromEntries(averages) }),
    restore: (state) => {
      const restored = namedNumbersIn(name, state, 'averages');
      steps = countIn(name, state, 'steps');
      averages = restored;
    },
  };
}
