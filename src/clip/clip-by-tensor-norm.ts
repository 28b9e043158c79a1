/** Clipping each parameter's gradient by its own norm: Keras' `clipnorm`. */

import { combineNorms } from '../../kernels/gpu/host.js';
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
 * Scales each gradient alone so that its p-norm is at most `maxNorm`. The direction of each is kept, that of all
 * together is not, and the global 2-norm may reach maxNorm · √(number of parameters).
 */
export function clipByTensorNorm(maxNorm: number | Schedule, options: NormClipOptions = {}): GradientHook {
  const name = 'clipByTensorNorm';
  checkCount(name, arguments.length, 2);
  const { p, eps, nonFinite } = settingsOf(name, options, normDefaults, normRanges);
  checkThreshold(name, 'maxNorm', maxNorm);
  return {
    name,
    settings: { maxNorm, p, eps, nonFinite },
    nonFinite,
    async apply(gradients, { step }) {
      const threshold = thresholdAt(name, maxNorm, step);
      const norms = await gradients.norms(p);
      const scales = norms.map((norm) => clipFactor(norm, threshold, eps));
      gradients.scaleEach(scales);
      return { norm: combineNorms(norms, p), threshold, clippedParameters: countClipped(scales) };
    },
  };
}
