/** Measures the angle by which a clipper turns the gradient: a hook around a hook, which costs nothing unless it is used. */

import type { FloatArray } from '../tensor/index.js';
import { check, described, optional, ranges } from './checks.js';
import type { Gradients } from './gradients.js';
import type { GradientHook } from './hook.js';

/**
 * The clipper itself, which also reports as `turn` by how many degrees it turned the gradient of all parameters together:
 * 0 if it changes nothing and (to rounding) if it scales, above 0 if it bounds elements or parts. It copies the gradients.
 * `onTurn` is called with every angle, NaN if a gradient that changed is zero or not finite; it is not called for a skipped
 * step.
 */
export function measureTurn(hook: GradientHook, onTurn?: (degrees: number) => void): GradientHook {
  if (Object(hook).stage === 'update' || typeof Object(hook).apply !== 'function') {
    throw new Error(`measureTurn: takes a gradient hook, as clipByValue(1) makes, got ${described(hook)}`);
  }
  check('measureTurn', 'onTurn', onTurn, optional(ranges.callback));
  return {
    name: hook.name,
    ...(hook.settings && { settings: hook.settings }),
    ...(hook.nonFinite && { nonFinite: hook.nonFinite }),
    ...(hook.state && { state: () => hook.state!() }),
    ...(hook.restore && { restore: (state) => hook.restore!(state) }),
    async apply(gradients, step) {
      const [before, changes] = [copiesOf(gradients), gradients.changes];
      const values = (await hook.apply(gradients, step)) ?? {};
      if (gradients.skipped !== null) return values;
      const turn = gradients.changes > changes ? angleBetween(before, copiesOf(gradients)) : 0;
      onTurn?.(turn);
      return { ...values, turn };
    },
  };
}

/** A copy of every gradient. */
function copiesOf(gradients: Gradients): readonly FloatArray[] {
  return gradients.parameters.map(({ grad }) => grad!.data());
}

/**
 * Degrees between two gradients: 2·atan(‖a − b‖ / ‖a + b‖) of the unit vectors (Kahan 2006, §12), which
 * keeps its digits at angles where a cosine has lost all.
 */
function angleBetween(before: readonly FloatArray[], after: readonly FloatArray[]): number {
  const [a, b] = [lengthOf(before), lengthOf(after)];
  let [difference, sum] = [0, 0];
  for (const [i, values] of before.entries()) {
    for (let j = 0; j < values.length; j++) {
      const [x, y] = [values[j] / a, after[i][j] / b];
      difference += (x - y) ** 2;
      sum += (x + y) ** 2;
    }
  }
  return (360 / Math.PI) * Math.atan2(Math.sqrt(difference), Math.sqrt(sum));
}

/** Euclidean length in float64, scaled by the largest element so that no square overflows. */
function lengthOf(vectors: readonly FloatArray[]): number {
  let largest = 0;
  for (const values of vectors) for (const value of values) largest = Math.max(largest, Math.abs(value));
  let sum = 0;
  for (const values of vectors) for (const value of values) sum += (value / largest) ** 2;
  return largest * Math.sqrt(sum);
}
