/** Clipping each parameter group of the optimizer by its own norm, to one threshold or one each. */

import { combineNorms } from '../../kernels/gpu/host.js';
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
 * Scales the gradients of each parameter group together so that their p-norm is at most `maxNorm`: one threshold (or
 * schedule) for all groups, or one each in the order of the groups. The direction within a group is kept; the global
 * 2-norm may reach the norm of the thresholds.
 */
export function clipByGroupNorm(
  maxNorm: number | Schedule | readonly (number | Schedule)[],
  options: NormClipOptions = {},
): GradientHook {
  const name = 'clipByGroupNorm';
  checkCount(name, arguments.length, 2);
  const { p, eps, nonFinite } = settingsOf(name, options, normDefaults, normRanges);
  const given = Array.isArray(maxNorm) ? [...(maxNorm as readonly (number | Schedule)[])] : null;
  for (const each of given ?? [maxNorm as number]) checkThreshold(name, 'maxNorm', each);
  return {
    name,
    settings: { maxNorm, p, eps, nonFinite },
    nonFinite,
    async apply(gradients, { groups, step }) {
      const thresholds = given ?? groups.map(() => maxNorm as number | Schedule);
      if (thresholds.length !== groups.length) {
        throw new Error(
          `${name}: needs one maxNorm, or one for each group, got ${thresholds.length} for ${groups.length} groups`,
        );
      }
      const norms = await gradients.norms(p);
      const groupOf = gradients.parameters.map((each) => groups.findIndex((group) => group.includes(each)));
      const factors = groups.map((_, g) => {
        const norm = combineNorms(
          norms.filter((_, i) => groupOf[i] === g),
          p,
        );
        return clipFactor(norm, thresholdAt(name, thresholds[g], step), eps);
      });
      gradients.scaleEach(groupOf.map((g) => factors[g]));
      return {
        norm: combineNorms(norms, p),
        clippedGroups: factors.filter((factor) => factor !== 1).length,
      };
    },
  };
}
