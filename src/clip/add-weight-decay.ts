/** Weight decay as a hook: an L2 penalty before or after a clipper, depending on its place in the list. */

import { checkCount } from '../tensor/arguments.js';
import { check, type OptionRanges, ranges, settingsOf } from './checks.js';
import type { GradientHook } from './hook.js';

/** Options of `addWeightDecay`. */
export interface AddWeightDecayOptions {
  /** Parameters that do not decay, by name, such as biases. */
  readonly exclude?: (name: string) => boolean;
}

const defaults: Required<AddWeightDecayOptions> = { exclude: () => false };
const optionRanges: OptionRanges<AddWeightDecayOptions> = { exclude: ranges.callback };

/**
 * Adds the gradient of λ/2 · ‖θ‖² to each gradient: g ← g + λθ. Before a clipper, the decay is clipped with the rest;
 * behind it, as SGD's own `weightDecay` does, it is not. Parameters without a gradient do not decay.
 */
export function addWeightDecay(rate: number, options: AddWeightDecayOptions = {}): GradientHook {
  const name = 'addWeightDecay';
  checkCount(name, arguments.length, 2);
  const { exclude } = settingsOf(name, options, defaults, optionRanges);
  check(name, 'rate', rate, ranges.finite);
  return {
    name,
    settings: { rate, exclude },
    apply(gradients) {
      for (const [i, { value }] of gradients.parameters.entries()) {
        if (rate > 0 && !exclude(gradients.names[i])) gradients.edit(i, (grad) => grad.add(value.mul(rate)));
      }
      return { rate };
    },
  };
}
