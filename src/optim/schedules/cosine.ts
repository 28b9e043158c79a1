/** Schedules along half a period of the cosine: down, down again and again, up and down. */

import { integer, optional, REQUIRED, ranges, settingsOf } from '../../clip/checks.js';
import type { Schedule } from '../../clip/index.js';
import { cos } from '../../tensor/math.js';
import { updates } from './checks.js';

const defaults = { from: REQUIRED, to: 0, steps: REQUIRED };
const optionRanges = { from: ranges.finite, to: ranges.finite, steps: updates };

/** Options of `cosineDecay`. */
export interface CosineDecayOptions {
  /** The value at first. */
  readonly from: number;
  /** The value after `steps` updates; default 0. */
  readonly to?: number;
  /** Updates from one to the other. */
  readonly steps: number;
}

/** Options of `cosineRestarts`. */
export interface CosineRestartsOptions extends CosineDecayOptions {
  /** How many times as long each descent is as the one before, an integer ≥ 1; default 1. */
  readonly growth?: number;
}

/** Options of `oneCycle`. */
export interface OneCycleOptions {
  /** The largest value. */
  readonly peak: number;
  /** Updates of the whole cycle, at least 2. */
  readonly steps: number;
  /** The value at first; default peak / 25. */
  readonly from?: number;
  /** The value at the last update; default from / 10,000. */
  readonly to?: number;
  /** Share of the updates that leads up, above 1 / steps and below 1; default 0.3. */
  readonly rise?: number;
}

/** to + (from − to) · (1 + cos(π · share)) / 2: from `from` at share 0 to `to` at share 1. */
function between(from: number, to: number, share: number): number {
  return to + ((from - to) * (1 + cos(Math.PI * share))) / 2;
}

/**
 * to + (from − to) · (1 + cos(π · step / steps)) / 2 (Loshchilov & Hutter 2017). PyTorch's CosineAnnealingLR, with
 * `steps` its T_max and `to` its eta_min; like that it rises again beyond `steps`: to stay there, put it `inSequence`
 * with a `constantSchedule`.
 */
export function cosineDecay(options: CosineDecayOptions): Schedule {
  const { from, to, steps } = settingsOf('cosineDecay', options, defaults, optionRanges);
  return (step) => between(from, to, step / steps);
}

/**
 * The cosine again and again: `steps` updates from `from` almost to `to`, then from `from` anew, each descent `growth`
 * times as long as the last (Loshchilov & Hutter 2017, eq. 5). PyTorch's CosineAnnealingWarmRestarts, with `steps` its
 * T_0 and `growth` its T_mult.
 */
export function cosineRestarts(options: CosineRestartsOptions): Schedule {
  const { from, to, steps, growth } = settingsOf(
    'cosineRestarts',
    options,
    { ...defaults, growth: 1 },
    { ...optionRanges, growth: integer(1) },
  );
  return (step) => {
    if (growth === 1) return between(from, to, (step % steps) / steps);
    let [since, length] = [step, steps];
    while (since >= length) {
      since -= length;
      length *= growth;
    }
    return between(from, to, since / length);
  };
}

/**
 * Up from `from` to `peak` along a cosine, then down to `to` (Smith & Topin 2018), where it stays. PyTorch's OneCycleLR
 * with its defaults, `peak` being its max_lr, `steps` its total_steps and `rise` its pct_start; momentum is left alone.
 */
export function oneCycle(options: OneCycleOptions): Schedule {
  const settings = settingsOf(
    'oneCycle',
    options,
    { peak: REQUIRED, steps: REQUIRED, from: undefined, to: undefined, rise: 0.3 },
    {
      peak: ranges.finite,
      steps: updates,
      from: optional(ranges.finite),
      to: optional(ranges.finite),
      rise: ranges.finite,
    },
  );
  const { peak, steps, rise, from = peak / 25, to = from / 1e4 } = settings;
  // The update at which the peak is reached; not always a whole number, as in PyTorch.
  const top = rise * steps - 1;
  if (!(top > 0 && rise < 1)) {
    throw new Error(`oneCycle: rise must lie above 1 / steps and below 1, got ${rise} of ${steps} steps`);
  }
  return (step) => {
    if (step <= top) return between(from, peak, step / top);
    return between(peak, to, Math.min(1, (step - top) / (steps - 1 - top)));
  };
}
