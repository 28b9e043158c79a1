/** Clipping at a percentile of the norms so far: AutoClip, Seetharaman et al. 2020 (arXiv 2007.14469), §3. */

import { withDefaults } from '../tensor/options.js';
import { checkCount } from './checks.js';
import {
  checkEps,
  checkPower,
  clipFactor,
  type NormClipOptions,
  normDefaults,
} from './clip-by-global-norm.js';
import type { GradientHook, HookReport } from './hook.js';
import { measuredNorm } from './measured-norm.js';
import { checkPolicy, checkReach } from './non-finite.js';
import { NormWindow } from './norm-window.js';
import { numbersIn } from './state.js';

/** Options of `autoClip`. */
export interface AutoClipOptions extends NormClipOptions {
  /** How many of the latest norms are remembered; default 10 000. The paper keeps all. */
  readonly window?: number;
}

/**
 * Scales all gradients so that their norm is at most a percentile of all norms seen, this one included:
 * g ← g · min(1, P_q(‖g_1‖ … ‖g_t‖) / ‖g_t‖), the norms taken before clipping. `percentile` q in [0, 100]: the paper's 10
 * clips nine steps in ten, at most by what the quiet ones are. Norms that are zero or not finite are not remembered.
 */
export function autoClip(percentile = 10, options: AutoClipOptions = {}): GradientHook {
  const name = 'autoClip';
  const { window, p, eps, nonFinite } = withDefaults(name, options, { ...normDefaults, window: 10_000 });
  if (!(percentile >= 0 && percentile <= 100)) {
    throw new Error(`${name}: percentile must be a number from 0 to 100, got ${percentile}`);
  }
  checkCount(name, 'window', window, 1);
  checkPower(name, p);
  checkEps(name, eps);
  checkPolicy(name, nonFinite);
  let history = new NormWindow(window);
  return {
    name,
    async apply(gradients): Promise<HookReport> {
      const { norm, zeroed, counts } = await measuredNorm(name, gradients, nonFinite, p);
      if (gradients.skipped !== null) return { hook: name, clipped: false, values: { norm } };
      await checkReach(name, gradients, norm);
      if (counts) history.push(norm);
      // Without a history there is nothing to go by: the gradients pass.
      const known = history.percentile(percentile);
      const threshold = Number.isNaN(known) ? Number.POSITIVE_INFINITY : known;
      const scale = clipFactor(norm, threshold, eps);
      gradients.scale(scale);
      return { hook: name, clipped: zeroed || scale !== 1, values: { norm, threshold, scale } };
    },
    state: () => ({ norms: history.toArray() }),
    restore: (state) => {
      const norms = numbersIn(name, state, 'norms');
      history = new NormWindow(window);
      for (const norm of norms) history.push(norm);
    },
  };
}
