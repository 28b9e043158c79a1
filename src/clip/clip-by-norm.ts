/** Clipping each parameter's gradient by its own norm: Keras' `clipnorm`. */

import { withDefaults } from '../tensor/options.js';
import { checkNormClip, clipFactor, type NormClipOptions, normDefaults } from './clip-by-global-norm.js';
import type { GradientHook } from './hook.js';
import { combineNorms } from './host-norm.js';
import { applyPolicy, checkReach } from './non-finite.js';
import { type Schedule, thresholdAt } from './schedule.js';

/**
 * Scales each gradient alone so that its p-norm is at most `maxNorm`. The direction of each is kept, that of all
 * together is not, and the global 2-norm may reach maxNorm · √(number of parameters).
 */
export function clipByNorm(maxNorm: number | Schedule, options: NormClipOptions = {}): GradientHook {
  return clipEach('clipByNorm', maxNorm, withDefaults('clipByNorm', options, normDefaults), () => 1);
}

/** Scales each gradient alone so that its p-norm is at most the threshold times what `unit` makes of its size. */
export function clipEach(
  name: string,
  maxNorm: number | Schedule,
  options: Required<NormClipOptions>,
  unit: (size: number) => number,
): GradientHook {
  checkNormClip(name, maxNorm, options);
  const { p, eps, nonFinite } = options;
  return {
    name,
    async apply(gradients, { step }) {
      const threshold = thresholdAt(name, maxNorm, step);
      const zeroed = await applyPolicy(name, gradients, nonFinite);
      const norms = [...(await gradients.norms(p)).values()];
      const measuresOnly = threshold === Number.POSITIVE_INFINITY || gradients.skipped !== null;
      if (!measuresOnly) await checkReach(name, gradients, Math.max(...norms));
      const scales = norms.map((norm, i) => {
        if (gradients.skipped) return 1;
        return clipFactor(norm, threshold * unit(gradients.parameters[i].value.size), eps);
      });
      gradients.scaleEach(scales);
      const clippedParameters = scales.filter((scale) => scale !== 1).length;
      const values = { norm: combineNorms(norms, p), threshold, clippedParameters };
      return { hook: name, clipped: zeroed || clippedParameters > 0, values };
    },
  };
}
