/** Schedules made of schedules: one after the other, and multiplied. */

import { described } from '../../clip/checks.js';
import { type Schedule, valueAt } from '../../clip/schedule.js';
import { checkNames } from '../../tensor/options.js';
import { checkMilestones } from './checks.js';

/**
 * One schedule after the other, each counting its own updates from 0: the next begins at the next number of `at`, e.g.
 * `inSequence([linearRamp({ from: 0, to: 0.1, steps: 10 }), cosineDecay({ from: 0.1, steps: 90 })], { at: [10] })`.
 * PyTorch's SequentialLR, with `at` its milestones.
 */
export function inSequence(
  schedules: readonly Schedule[],
  options: { readonly at: readonly number[] },
): Schedule {
  if (!Array.isArray(schedules)) {
    throw new Error(`inSequence: takes an array of schedules, got ${described(schedules)}`);
  }
  const parts = [...(schedules as readonly Schedule[])];
  checkSchedules('inSequence', parts);
  checkNames('inSequence', options, ['at']);
  if (!Array.isArray(options.at)) {
    throw new Error(`inSequence: at must be an array of integers ≥ 1, got ${described(options.at)}`);
  }
  const at = [...options.at];
  if (parts.length !== at.length + 1) {
    throw new Error(
      `inSequence: needs one more schedule than numbers in at, got ${parts.length} and ${at.length}`,
    );
  }
  if (at.length > 0) checkMilestones('inSequence', at);
  return (step) => {
    const passed = at.filter((milestone) => milestone <= step);
    return parts[passed.length](step - (passed.at(-1) ?? 0));
  };
}

/**
 * The product of schedules and numbers at every step, e.g. a warm-up from 0 to 1 times a decay. PyTorch's
 * ChainedScheduler, of schedulers that multiply.
 */
export function productOfSchedules(...factors: readonly (Schedule | number)[]): Schedule {
  checkSchedules('productOfSchedules', factors.filter((factor) => typeof factor !== 'number') as Schedule[]);
  return (step) => factors.reduce<number>((result, factor) => result * valueAt(factor, step), 1);
}

function checkSchedules(caller: string, schedules: readonly Schedule[]): void {
  const wrong = schedules.find((schedule) => typeof schedule !== 'function');
  if (wrong === undefined) return;
  throw new Error(`${caller}: takes schedules, functions of the step, got ${described(wrong)}`);
}
