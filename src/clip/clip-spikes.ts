/** Clips elements that are much larger than their own history: SPAM's spike-aware clipping. */

import type { Parameter } from '../autograd/index.js';
import { checkCount } from '../tensor/arguments.js';
import { type FloatArray, longLived, type Tensor } from '../tensor/index.js';
import type { GradientHook } from './hook.js';
import type { Schedule } from './schedule.js';
import { type StepContext, stateOf } from './step-context.js';
import { checkThreshold, thresholdAt } from './threshold.js';

/** What Adam and its kin keep of g², or RMSprop under its name; undefined before the first update. */
function momentsOf(context: StepContext, parameter: Parameter): FloatArray | undefined {
  const { secondMoment, meanSquare } = context.optimizerState(parameter);
  return secondMoment ?? meanSquare;
}

/** Bounds and counts the spikes of a gradient: elements with g² > θ·v. With `out` null it only counts. */
function boundSpikes(grad: Tensor, moments: FloatArray, threshold: number, out: Tensor | null): number {
  const { data, offset } = grad.view();
  const written = out?.view();
  let spikes = 0;
  for (let i = 0; i < grad.size; i++) {
    const g = data[offset + i];
    const bound = Math.sqrt(threshold * moments[i]);
    // An element whose moment is 0 has no history yet; as a bound it would keep it at 0 forever.
    if (!(Math.abs(g) > rounded(bound, grad) && moments[i] > 0)) continue;
    if (written) written.data[written.offset + i] = g > 0 ? bound : -bound;
    spikes++;
  }
  return spikes;
}

/** As the gradient will hold it: a bound rounded upwards would be found outside again. */
function rounded(bound: number, { dtype }: Tensor): number {
  return dtype === 'float32' ? Math.fround(bound) : bound;
}

/**
 * Bounds every element by what its second moment v, as the optimizer left it one step before, leads to expect: if
 * g² > θ·v_{t−1}, g ← sign(g)·√(θ·v_{t−1}), θ being `maxRatio` (Huang et al. 2025, "SPAM"; θ = 5000 there). Elements without a history
 * (the first step, rows not seen yet) stay; NaN passes and ±∞ is bounded. Throws if the optimizer keeps no second
 * moment; Adam and RMSprop do. SPAM also zeroes the moments every 500 steps; this does not, since hooks only read an
 * optimizer's state.
 */
export function clipSpikes(maxRatio: number | Schedule = 5000): GradientHook {
  const name = 'clipSpikes';
  checkCount(name, arguments.length, 1);
  checkThreshold(name, 'maxRatio', maxRatio);
  return {
    name,
    settings: { maxRatio },
    apply(gradients, context) {
      const limit = thresholdAt(name, maxRatio, context.step);
      const { parameters } = gradients;
      const moments = parameters.map((parameter) => momentsOf(context, parameter));
      // Parameters of a group that was added later have no moment yet. If no parameter has one, the optimizer keeps none.
      if (context.step > 0 && context.parameters.every((each) => momentsOf(context, each) === undefined)) {
        stateOf(name, context, parameters[0], 'secondMoment');
      }
      let clippedElements = 0;
      for (const [i, moment] of moments.entries()) {
        if (moment === undefined || boundSpikes(parameters[i].grad!, moment, limit, null) === 0) continue;
        gradients.edit(i, (grad) => {
          const bounded = longLived(() => grad.copy());
          clippedElements += boundSpikes(grad, moment, limit, bounded);
          return bounded;
        });
      }
      return { threshold: limit, clippedElements };
    },
  };
}
