/** Clipping each parameter by a running average of its own norms: AdaGC, Wang et al. 2025 (arXiv 2502.11034), Alg. 1. */

import { withDefaults } from '../tensor/options.js';
import { checkBound, checkCount, checkDecay } from './checks.js';
import { checkEps, clipFactor } from './clip-by-global-norm.js';
import type { GradientHook, HookReport, NonFinitePolicy } from './hook.js';
import { measuredNorm } from './measured-norm.js';
import { checkPolicy, checkReach } from './non-finite.js';
import { countIn, namedNumbersIn } from './state.js';

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

/**
 * Scales the gradient of parameter i so that its norm is at most `factor` (λ_rel, 1.05) times its own average:
 * ĝ_i = g_i · min(1, λ_rel γ_i / ‖g_i‖), then γ_i ← βγ_i + (1 − β)‖ĝ_i‖. In the warm-up it clips by the global norm and
 * γ_i is the least ‖ĝ_i‖ seen. Norms that are zero (a γ of 0 would let nothing pass any more) or not finite leave γ alone;
 * a parameter first seen behind the warm-up starts at its norm, at most `maxNorm`.
 */
export function adaGC(factor = 1.05, options: AdaGCOptions = {}): GradientHook {
  const name = 'adaGC';
  const { warmup, maxNorm, decay, eps, nonFinite } = withDefaults(name, options, defaults);
  checkBound(name, 'factor', factor);
  checkCount(name, 'warmup', warmup, 0);
  checkBound(name, 'maxNorm', maxNorm);
  checkDecay(name, 'decay', decay);
  checkEps(name, eps);
  checkPolicy(name, nonFinite);
  let steps = 0;
  let averages = new Map<string, number>();
  const learn = (parameter: string, norm: number): void => {
    const average = averages.get(parameter) ?? norm;
    const next = steps < warmup ? Math.min(average, norm) : decay * average + (1 - decay) * norm;
    averages.set(parameter, next);
  };
  return {
    name,
    async apply(gradients): Promise<HookReport> {
      const { norm, zeroed, counts } = await measuredNorm(name, gradients, nonFinite);
      if (gradients.skipped !== null) return { hook: name, clipped: false, values: { norm } };
      await checkReach(name, gradients, norm);
      const norms = await gradients.norms();
      const whole = clipFactor(norm, maxNorm, eps);
      const scales = [...norms].map(([parameter, own]) => {
        if (steps < warmup) return whole;
        const average = averages.get(parameter);
        return clipFactor(own, average === undefined ? maxNorm : factor * average, 0);
      });
      gradients.scaleEach(scales);
      if (counts) {
        for (const [i, [parameter, own]] of [...norms].entries()) {
          if (own > 0) learn(parameter, scales[i] * own);
        }
        steps++;
      }
      const clippedParameters = scales.filter((scale) => scale !== 1).length;
      return { hook: name, clipped: zeroed || clippedParameters > 0, values: { norm, clippedParameters } };
    },
    state: () => ({ steps, averages: Object.fromEntries(averages) }),
    restore: (state) => {
      const restored = namedNumbersIn(name, state, 'averages');
      steps = countIn(name, state, 'steps');
      averages = restored;
    },
  };
}
