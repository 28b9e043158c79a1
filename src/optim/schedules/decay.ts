/** Schedules that multiply by a factor, at once or at every update. */

import { REQUIRED, ranges, settingsOf } from '../../clip/checks.js';
import type { Schedule } from '../../clip/index.js';
import { power } from '../../tensor/math.js';
import { checkMilestones, updates } from './checks.js';

const defaults = { from: REQUIRED, factor: REQUIRED };
const optionRanges = { from: ranges.finite, factor: ranges.finite };

/** From where, and by which factor. */
export interface DecayOptions {
  /** The value at first. */
  readonly from: number;
  /** What it is multiplied by. */
  readonly factor: number;
}

/** Options of `stepDecay`. */
export interface StepDecayOptions extends DecayOptions {
  /** Updates between two multiplications. */
  readonly every: number;
}

/** Options of `multiStepDecay`. */
export interface MultiStepDecayOptions extends DecayOptions {
  /** The updates before which it is multiplied, ascending. */
  readonly at: readonly number[];
}

/** from · factor^⌊step / every⌋. PyTorch's StepLR, with `every` its step_size and `factor` its gamma. */
export function stepDecay(options: StepDecayOptions): Schedule {
  const { from, factor, every } = settingsOf(
    'stepDecay',
    options,
    { ...defaults, every: REQUIRED },
    { ...optionRanges, every: updates },
  );
  return (step) => from * power(factor, Math.floor(step / every));
}

/** from · factor^(how many of `at` are ≤ step). PyTorch's MultiStepLR, with `at` its milestones. */
export function multiStepDecay(options: MultiStepDecayOptions): Schedule {
  const {
    from,
    factor,
    at: milestones,
  } = settingsOf(
    'multiStepDecay',
    options,
    { ...defaults, at: [] },
    { ...optionRanges, at: { rule: 'an array of integers ≥ 1', has: Array.isArray } },
  );
  const at = [...milestones];
  checkMilestones('multiStepDecay', at);
  return (step) => from * power(factor, at.filter((milestone) => milestone <= step).length);
}

/** from · factor^step. PyTorch's ExponentialLR. */
export function exponentialDecay(options: DecayOptions): Schedule {
  const { from, factor } = settingsOf('exponentialDecay', options, defaults, optionRanges);
  return (step) => from * power(factor, step);
}
