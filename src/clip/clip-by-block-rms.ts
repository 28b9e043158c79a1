/** Clipping each gradient by the root mean square of its elements: Optax' `clip_by_block_rms`. */

import { withDefaults } from '../tensor/options.js';
import { type NormClipOptions, normDefaults } from './clip-by-global-norm.js';
import { clipEach } from './clip-by-norm.js';
import type { GradientHook } from './hook.js';
import type { Schedule } from './schedule.js';

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
  const { p, ...defaults } = normDefaults;
  const settings = withDefaults(name, options, defaults);
  return clipEach(name, maxRms, { p, ...settings }, (size) => Math.sqrt(size || 1));
}
