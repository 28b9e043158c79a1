/** Schedules along a straight line: a constant, and a ramp for warming up or cooling down. */

import { check, REQUIRED, ranges, settingsOf } from '../../clip/checks.js';
import type { Schedule } from '../../clip/index.js';
import { updates } from './checks.js';

/** Options of `linearRamp`. */
export interface LinearRampOptions {
  /** The value at first. */
  readonly from: number;
  /** The value after `steps` updates. */
  readonly to: number;
  /** Updates from one to the other. */
  readonly steps: number;
}

/** The same at every step: a part of `inSequence`. `Infinity` is a clip threshold that measures only. */
export function constantSchedule(value: number): Schedule {
  check('constantSchedule', 'value', value, ranges.bound);
  return () => value;
}

/**
 * from + (to − from) · step / steps, then `to`: a warm-up where it rises. PyTorch's LinearLR, with from and to its
 * start_factor and end_factor times the base rate.
 */
export function linearRamp(options: LinearRampOptions): Schedule {
  const { from, to, steps } = settingsOf(
    'linearRamp',
    options,
    { from: REQUIRED, to: REQUIRED, steps: REQUIRED },
    { from: ranges.finite, to: ranges.finite, steps: updates },
  );
  return (step) => (step >= steps ? to : from + ((to - from) * step) / steps);
}
