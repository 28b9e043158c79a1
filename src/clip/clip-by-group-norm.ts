/** Clipping each parameter group of the optimizer by its own norm, to one threshold or one each. */

import type { Parameter } from '../autograd/index.js';
import { withDefaults } from '../tensor/options.js';
import { checkNormClip, clipFactor, type NormClipOptions, normDefaults } from './clip-by-global-norm.js';
import type { GradientHook, StepContext } from './hook.js';
import { combineNorms } from './host-norm.js';
import { applyPolicy, checkReach } from './non-finite.js';
import { type Schedule, thresholdAt } from './schedule.js';

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
  const { p, eps, nonFinite } = withDefaults(name, options, normDefaults);
  for (const each of [maxNorm].flat()) checkNormClip(name, each, { p, eps, nonFinite });
  return {
    name,
    async apply(gradients, context) {
      const thresholds = thresholdsOf(name, maxNorm, context);
      const zeroed = await applyPolicy(name, gradients, nonFinite);
      const norms = [...(await gradients.norms(p)).values()];
      const members = membersOf(gradients.parameters, context.groups);
      const groupNorms = members.map((positions) =>
        combineNorms(
          positions.map((i) => norms[i]),
          p,
        ),
      );
      const scales = new Array<number>(norms.length).fill(1);
      let clippedGroups = 0;
      for (const [g, norm] of groupNorms.entries()) {
        if (gradients.skipped !== null || thresholds[g] === Number.POSITIVE_INFINITY) continue;
        await checkReach(name, gradients, norm);
        const scale = clipFactor(norm, thresholds[g], eps);
        for (const i of members[g]) scales[i] = scale;
        if (scale !== 1) clippedGroups++;
      }
      gradients.scaleEach(scales);
      const values = { norm: combineNorms(norms, p), clippedGroups };
      return { hook: name, clipped: zeroed || clippedGroups > 0, values };
    },
  };
}

/** The threshold of every group at this step. Throws where there are not as many. */
function thresholdsOf(
  name: string,
  maxNorm: number | Schedule | readonly (number | Schedule)[],
  { groups, step }: StepContext,
): number[] {
  const each = typeof maxNorm === 'object' ? maxNorm : groups.map(() => maxNorm);
  if (each.length !== groups.length) {
    throw new Error(
      `${name}: needs one threshold or one a group, got ${each.length} for ${groups.length} groups`,
    );
  }
  return each.map((threshold) => thresholdAt(name, threshold, step));
}

/** Positions of each group's parameters in a list. */
function membersOf(
  parameters: readonly Parameter[],
  groups: readonly (readonly Parameter[])[],
): readonly (readonly number[])[] {
  const positions = new Map(parameters.map((parameter, i) => [parameter, i]));
  return groups.map((group) =>
    group.map((parameter) => positions.get(parameter)).filter((i) => i !== undefined),
  );
}
