/** Skips the steps whose norm is too large: the simplest contrast to clipping. Megatron's `grad_norm_skip_threshold`. */

import { checkCount } from '../tensor/arguments.js';
import { settingsOf } from './checks.js';
import type { GradientHook } from './hook.js';
import type { Schedule } from './schedule.js';
import { checkThreshold, type NormClipOptions, normDefaults, normRanges, thresholdAt } from './threshold.js';

/**
 * Skips the step if the p-norm of all gradients is above `maxNorm`: nothing is learned from it, where `clipByGlobalNorm`
 * learns from its direction. A threshold that every step exceeds ends the training, while clipping slows it.
 */
export function skipAbove(
  maxNorm: number | Schedule,
  options: Omit<NormClipOptions, 'eps'> = {},
): GradientHook {
  const name = 'skipAbove';
  checkCount(name, arguments.length, 2);
  const { eps: _default, ...defaults } = normDefaults;
  const { eps: _range, ...optionRanges } = normRanges;
  const { p, nonFinite } = settingsOf(name, options, defaults, optionRanges);
  checkThreshold(name, 'maxNorm', maxNorm);
  return {
    name,
    settings: { maxNorm, p, nonFinite },
    nonFinite,
    async apply(gradients, { step }) {
      const threshold = thresholdAt(name, maxNorm, step);
      const norm = await gradients.norm(p);
      if (norm > threshold) gradients.skip(`the norm ${norm} is above ${threshold}`);
      return { norm, threshold };
    },
  };
}
