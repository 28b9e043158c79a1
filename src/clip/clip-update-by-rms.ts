/** Clipping the update, not the gradient: StableAdamW. */

import type { Parameter } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import type { FloatArray } from '../tensor/index.js';
import { power } from '../tensor/math.js';
import { ranges, settingsOf } from './checks.js';
import type { UpdateHook } from './hook.js';
import type { Schedule } from './schedule.js';
import { type StepContext, stateOf } from './step-context.js';
import { checkThreshold, countClipped, thresholdAt } from './threshold.js';

/** Options of `clipUpdateByRms`. */
export interface ClipUpdateByRmsOptions {
  /** √v̂ counts as at least this, so that nothing is divided by almost 0; default 1e-6. */
  readonly eps?: number;
}

/** 1 − β₂ⁿ: v starts at 0 and is too small by this factor after n updates. */
function correctionOf({ optionsOf, updatesOf }: StepContext, parameter: Parameter): number {
  const { betas } = optionsOf(parameter);
  const beta2 = Array.isArray(betas) ? Number(betas[1]) : 0;
  return 1 - power(beta2, updatesOf(parameter));
}

/** √mean(g² / max(v̂, ε²)), v̂ = v / correction. */
function rmsOf({ grad }: Parameter, moments: FloatArray, correction: number, eps: number): number {
  const { data, offset } = grad!.view();
  let sum = 0;
  for (let i = 0; i < moments.length; i++) {
    sum += (data[offset + i] / Math.max(Math.sqrt(moments[i] / correction), eps)) ** 2;
  }
  return moments.length === 0 ? 0 : Math.sqrt(sum / moments.length);
}

/**
 * Shortens the update of each parameter whose gradient the second moment underestimates: by 1 / max(1, RMS / maxRms),
 * RMS = √mean(g² / max(v̂, ε²)), v̂ being the moment after the update (Wortsman et al. 2023, "Stable and low-precision
 * training", Algorithm 2: StableAdamW; the update clipping of Adafactor, Shazeer & Stern 2018, brought to Adam).
 * For Adam and AdamW; decoupled weight decay is shortened with it, as in the paper. NaN and ∞ pass, since
 * the moments hold them already. Throws if the optimizer keeps no second moment.
 */
export function clipUpdateByRms(
  maxRms: number | Schedule = 1,
  options: ClipUpdateByRmsOptions = {},
): UpdateHook {
  const name = 'clipUpdateByRms';
  checkCount(name, arguments.length, 2);
  const { eps } = settingsOf(name, options, { eps: 1e-6 }, { eps: ranges.positive });
  checkThreshold(name, 'maxRms', maxRms);
  return {
    name,
    settings: { maxRms, eps },
    stage: 'update',
    apply(updates, context: StepContext) {
      const limit = thresholdAt(name, maxRms, context.step);
      const rms = updates.parameters.map((parameter) => {
        const moments = stateOf(name, context, parameter, 'secondMoment');
        return rmsOf(parameter, moments, correctionOf(context, parameter), eps);
      });
      const scales = rms.map((each) => (each > limit ? limit / each : 1));
      updates.scaleEach(scales);
      return { largestRms: Math.max(0, ...rms), threshold: limit, clippedParameters: countClipped(scales) };
    },
  };
}
