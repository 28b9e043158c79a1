/** Clipping at a percentile of the norms so far: AutoClip, Seetharaman et al. 2020 (arXiv 2007.14469), §3. */

import { RankedWindow } from '../statistics/window.js';
import { checkCount } from '../tensor/arguments.js';
import { check, integer, type OptionRange, settingsOf } from './checks.js';
import type { GradientHook } from './hook.js';
import { mayRemember } from './non-finite.js';
import { numbersIn } from './state.js';
import { clipFactor, type NormClipOptions, normDefaults, normRanges } from './threshold.js';

/** Options of `autoClip`. */
export interface AutoClipOptions extends NormClipOptions {
  /** How many of the latest norms are remembered; default 10 000. The paper keeps all. */
  readonly window?: number;
}

const defaults = { ...normDefaults, window: 10_000 };
const optionRanges = { ...normRanges, window: integer(1) };
const percent: OptionRange = {
  rule: 'a number from 0 to 100',
  has: (x) => typeof x === 'number' && x >= 0 && x <= 100,
};

/**
 * Scales all gradients so that their norm is at most a percentile of all norms seen, this one included:
 * g ← g · min(1, P_q(‖g_1‖ … ‖g_t‖) / ‖g_t‖), the norms taken before clipping. `percentile` q in [0, 100]: the paper's 10
 * clips nine steps in ten, down to the norm of the quiet ones. Norms that are zero or not finite are not remembered;
 * before the first that is remembered nothing is clipped.
 */
export function autoClip(percentile = 10, options: AutoClipOptions = {}): GradientHook {
  const name = 'autoClip';
  checkCount(name, arguments.length, 2);
  const { window, p, eps, nonFinite } = settingsOf(name, options, defaults, optionRanges);
  check(name, 'percentile', percentile, percent);
  let history = new RankedWindow(window);
  return {
    name,
    settings: { percentile, window, p, eps, nonFinite },
    nonFinite,
    async apply(gradients) {
      const norm = await gradients.norm(p);
      if (mayRemember(gradients, norm)) history.push(norm);
      const threshold = history.size > 0 ? history.percentile(percentile) : Number.POSITIVE_INFINITY;
      const scale = clipFactor(norm, threshold, eps);
      gradients.scale(scale);
      return { norm, threshold, scale };
    },
    state: () => ({ norms: history.toArray() }),
    restore: (state) => {
      history = new RankedWindow(window, numbersIn(name, state, 'norms'));
    },
  };
}
