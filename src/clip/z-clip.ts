/** Clips gradients whose norm is far above a running mean of the norms: ZClip, Kumar et al. 2025 (arXiv 2504.02507). */

import { combineNorms } from '../../kernels/gpu/host.js';
import { checkCount } from '../tensor/arguments.js';
import { check, integer, type OptionRanges, oneOf, ranges, settingsOf } from './checks.js';
import type { GradientHook, NonFinitePolicy } from './hook.js';
import { mayRemember, policyRange } from './non-finite.js';
import { numbersIn } from './state.js';
import { clipFactor } from './threshold.js';

/** What a spike is brought down to. */
const modes = ['adaptive', 'mean', 'percentile'] as const;

/** Options of `zClip`; names in brackets are those of the published code. */
export interface ZClipOptions {
  /**
   * What a spike is brought down to: `adaptive` (default) μ + zσ · z / z_t, less for a larger spike; `mean` μ;
   * `percentile` μ + zσ. (mode and clip_option)
   */
  readonly mode?: (typeof modes)[number];
  /** Share of the old in the running mean and variance, in [0, 1); default 0.97. (alpha) */
  readonly decay?: number;
  /** Norms that make the first mean and variance, an integer ≥ 1; default 25. (warmup_steps) */
  readonly warmup?: number;
  /** A fixed bound on the norm as well, also during the warm-up; default 1, Infinity for no bound. (max_grad_norm) */
  readonly maxNorm?: number;
  /** Multiplies what `adaptive` brings a spike down to; default 1, 0.5 to 0.9 are harsher. (clip_factor) */
  readonly factor?: number;
  /** Whether a spike, as clipped, enters mean and variance; default true. (not skip_update_on_spike) */
  readonly learnSpikes?: boolean;
  /** Added to σ, which may be 0; default 1e-6, which is too large for norms near 1e-6. (eps) */
  readonly sigmaEps?: number;
  /** Added to the norm before dividing; 0 (default) lands on the threshold, the published code has 1e-6. */
  readonly eps?: number;
  /** What to do about NaN and infinite gradients (default: throw, naming the parameters). */
  readonly nonFinite?: NonFinitePolicy;
}

const defaults: Required<ZClipOptions> = {
  mode: 'adaptive',
  decay: 0.97,
  warmup: 25,
  maxNorm: 1,
  factor: 1,
  learnSpikes: true,
  sigmaEps: 1e-6,
  eps: 0,
  nonFinite: 'throw',
};

const optionRanges: OptionRanges<ZClipOptions> = {
  mode: oneOf(modes),
  decay: ranges.share,
  warmup: integer(1),
  maxNorm: ranges.bound,
  factor: ranges.finite,
  learnSpikes: ranges.flag,
  sigmaEps: ranges.finite,
  eps: ranges.finite,
  nonFinite: policyRange,
};

/** Mean and standard deviation of norms; σ, not σ², which overflows where the norm does not. */
interface Spread {
  readonly mean: number;
  readonly sigma: number;
}

/**
 * Scales all gradients down if their norm n is a spike, z = (n − μ) / σ > `maxZ`, as `mode` says, and to at most
 * `maxNorm` anyway. μ and σ are exponential averages of the norms, those of spikes as clipped. Norms that are zero or not
 * finite enter neither; in the published code one NaN disables the clipper forever.
 */
export function zClip(maxZ = 2.5, options: ZClipOptions = {}): GradientHook {
  const name = 'zClip';
  checkCount(name, arguments.length, 2);
  const settings = settingsOf(name, options, defaults, optionRanges);
  const { decay, warmup, maxNorm, learnSpikes, sigmaEps, eps, nonFinite } = settings;
  check(name, 'maxZ', maxZ, ranges.bound);
  let first: readonly number[] = [];
  let spread: Spread | null = null;
  const learn = (norm: number): void => {
    if (spread) spread = averaged(spread, norm, decay);
    else first = [...first, norm];
    if (first.length >= warmup) [spread, first] = [spreadOf(first), []];
  };
  return {
    name,
    settings: { maxZ, ...settings },
    nonFinite,
    async apply(gradients) {
      const norm = await gradients.norm();
      const limit = spread ? spread.mean + maxZ * (spread.sigma + sigmaEps) : Number.POSITIVE_INFINITY;
      const target = spread && norm > limit ? targetOf(spread, norm, maxZ, settings) : null;
      const bound = Math.min(target ?? Number.POSITIVE_INFINITY, maxNorm);
      // As published: with an eps, a norm that equals the bound is shrunk in the warm-up, but not after it.
      const scale = spread && norm <= bound ? 1 : clipFactor(norm, bound, eps);
      const values = { norm, threshold: Math.min(limit, maxNorm), scale, ...spread };
      gradients.scale(scale);
      if (mayRemember(gradients, norm) && (learnSpikes || target === null)) learn(target ?? norm);
      return values;
    },
    state: () => ({ first, spread: spread ? [spread.mean, spread.sigma] : [] }),
    restore: (state) => {
      const norms = numbersIn(name, state, 'first');
      const saved = numbersIn(name, state, 'spread');
      if (saved.length !== 0 && saved.length !== 2) {
        throw new Error(`${name}.restore: spread must hold mean and σ or nothing, got [${saved}]`);
      }
      const [mean, sigma] = saved;
      first = norms;
      spread = saved.length === 0 ? null : { mean, sigma };
    },
  };
}

/** What a spike's norm becomes. */
function targetOf(
  { mean, sigma }: Spread,
  norm: number,
  maxZ: number,
  settings: Required<ZClipOptions>,
): number {
  if (settings.mode === 'mean') return mean;
  if (settings.mode === 'percentile') return mean + maxZ * sigma;
  const z = (norm - mean) / (sigma + settings.sigmaEps);
  return settings.factor * (mean + maxZ * sigma * (maxZ / z));
}

/** Mean and σ of these norms (divided by n, not n − 1). */
function spreadOf(norms: readonly number[]): Spread {
  const mean = norms.reduce((sum, norm) => sum + norm, 0) / norms.length;
  const deviations = norms.map((norm) => norm - mean);
  return { mean, sigma: combineNorms(deviations, 2) / Math.sqrt(norms.length) };
}

/** μ ← dμ + (1 − d)n, then σ² ← dσ² + (1 − d)(n − μ)² with the new μ. */
function averaged({ mean: before, sigma }: Spread, norm: number, decay: number): Spread {
  const mean = decay * before + (1 - decay) * norm;
  const parts = [Math.sqrt(decay) * sigma, Math.sqrt(1 - decay) * (norm - mean)];
  return { mean, sigma: combineNorms(parts, 2) };
}
