/** Clipping each gradient by the root mean square of its elements: Optax' `clip_by_block_rms`. */

import { checkCount } from '../tensor/arguments.js';
import { settingsOf } from './checks.js';
import type { GradientHook } from './hook.js';
import type { Schedule } from './schedule.js';
import {
  checkThreshold,
  clipFactor,
  countClipped,
  type NormClipOptions,
  normDefaults,
  normRanges,
  thresholdAt,
} from './threshold.js';

/**
 * Scales each gradient alone so that RMS(g) = ‖g‖ / √(number of elements) is at most `maxRms`: g ← g / max(1, RMS(g) / d).
 * One threshold then means the same to tensors of all sizes. Adafactor (Shazeer & Stern 2018, §6) does it with d = 1, to
 * the update rather than the gradient.
 */
export function clipByBlockRms(
  maxRms: number | Schedule,
  options: Omit<NormClipOptions, 'p'> = {},
): GradientHook {
  const name = 'clipByBlockRms';
  checkCount(name, arguments.length, 2);
  const { p: _2, ...defaults } = normDefaults;
  const { p: _power, ...ranges } = normRanges;
  const { eps, nonFinite } = settingsOf(name, options, defaults, ranges);
  checkThreshold(name, 'maxRms', maxRms);
  return {
    name,
    settings: { maxRms, eps, nonFinite },
    nonFinite,
    async apply(gradients, { step }) {
      const threshold = thresholdAt(name, maxRms, step);
      const norms = await gradients.norms();
      const scales = norms.map((norm, i) => {
        return clipFactor(norm, threshold * Math.sqrt(gradients.parameters[i].value.size || 1), eps);
      });
      gradients.scaleEach(scales);
      return { norm: await gradients.norm(), threshold, clippedParameters: countClipped(scales) };
    },
  };
}
