/** Clipping by the global norm: Pascanu, Mikolov & Bengio 2013, §3.2. */

import { checkCount } from '../tensor/arguments.js';
import { settingsOf } from './checks.js';
import type { GradientHook } from './hook.js';
import type { Schedule } from './schedule.js';
import {
  checkThreshold,
  clipFactor,
  type NormClipOptions,
  normDefaults,
  normRanges,
  thresholdAt,
} from './threshold.js';

/**
 * Scales all gradients by one factor so that their p-norm is at most `maxNorm`: g ← g · min(1, maxNorm / ‖g‖). Below
 * the threshold not one bit changes; above it the norm becomes the threshold and the direction is kept, both to float32
 * rounding (of float64 gradients: to float64's). `Infinity` measures only; a schedule moves the threshold.
 */
export function clipByGlobalNorm(maxNorm: number | Schedule, options: NormClipOptions = {}): GradientHook {
  const name = 'clipByGlobalNorm';
  checkCount(name, arguments.length, 2);
  const { p, eps, nonFinite } = settingsOf(name, options, normDefaults, normRanges);
  checkThreshold(name, 'maxNorm', maxNorm);
  return {
    name,
    settings: { maxNorm, p, eps, nonFinite },
    nonFinite,
    async apply(gradients, { step }) {
      const threshold = thresholdAt(name, maxNorm, step);
      const norm = await gradients.norm(p);
      const scale = clipFactor(norm, threshold, eps);
      gradients.scale(scale);
      return { norm, threshold, scale };
    },
  };
}
