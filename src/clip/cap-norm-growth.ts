/** Clipping by how fast a gradient may grow: the norm-growth limiter of Fira. */

import { withDefaults } from '../tensor/options.js';
import { checkBound } from './checks.js';
import { checkNormClip, clipFactor } from './clip-by-global-norm.js';
import type { GradientHook, HookReport, NonFinitePolicy } from './hook.js';
import { measuredNorm } from './measured-norm.js';
import { checkReach } from './non-finite.js';
import { namedNumbersIn } from './state.js';

/** Options of `capNormGrowth`. */
export interface NormGrowthOptions {
  /** A gradient may always have the norm floor · √elements, so that one that all but vanished can come back; default 1e-7. */
  readonly floor?: number;
  /** Added to the norm before dividing; 0 (default) lands on the cap, Optimisers.jl uses 1e-8. */
  readonly eps?: number;
  /** What to do about NaN and infinite gradients (default: throw, naming the parameters). */
  readonly nonFinite?: NonFinitePolicy;
}

/**
 * Lets no parameter's gradient have more than `growth` times the norm that it had one step before, after capping:
 * g_t ← g_t · min(1, γ‖g_{t−1}‖ / ‖g_t‖) (Chen et al. 2024, "Fira"; γ = 1.01 there). Directions are kept. The first
 * gradient of a parameter is not capped; one that is zero is not remembered, nor a step with NaN or ∞ anywhere.
 */
export function capNormGrowth(growth = 1.01, options: NormGrowthOptions = {}): GradientHook {
  const name = 'capNormGrowth';
  const defaults = { floor: 1e-7, eps: 0, nonFinite: 'throw' } as const;
  const { floor, eps, nonFinite } = withDefaults(name, options, defaults);
  if (!(growth >= 1)) throw new Error(`${name}: growth must be a number ≥ 1, got ${growth}`);
  checkBound(name, 'floor', floor);
  checkNormClip(name, Number.POSITIVE_INFINITY, { p: 2, eps, nonFinite });
  let last = new Map<string, number>();
  const factorOf = (norm: number, parameter: string, size: number): number => {
    const before = last.get(parameter);
    if (before === undefined || !Number.isFinite(norm)) return 1;
    return clipFactor(norm, Math.max(growth * before, floor * Math.sqrt(size)), eps);
  };
  return {
    name,
    async apply(gradients): Promise<HookReport> {
      const { norm, zeroed, counts } = await measuredNorm(name, gradients, nonFinite);
      if (gradients.skipped !== null) return { hook: name, clipped: false, values: { norm } };
      await checkReach(name, gradients, norm);
      const norms = [...(await gradients.norms()).values()];
      const { names, parameters } = gradients;
      const scales = norms.map((own, i) => factorOf(own, names[i], parameters[i].value.size));
      gradients.scaleEach(scales);
      for (const [i, own] of counts ? norms.entries() : []) {
        if (own > 0) last.set(names[i], scales[i] * own);
      }
      const clippedParameters = scales.filter((scale) => scale !== 1).length;
      return { hook: name, clipped: zeroed || clippedParameters > 0, values: { norm, clippedParameters } };
    },
    state: () => ({ norms: Object.fromEntries(last) }),
    restore: (state) => {
      last = namedNumbersIn(name, state, 'norms');
    },
  };
}
