/** A rate that falls when a loss stops falling: the one schedule that looks at results, and so the one that remembers. */

import { check, integer, type OptionRanges, oneOf, REQUIRED, ranges, settingsOf } from '../../clip/checks.js';
import type { Schedule } from '../../clip/index.js';
import { checkCount } from '../../tensor/arguments.js';
import type { Stateful } from '../stateful.js';

/** Options of `reduceOnPlateau`; defaults as in PyTorch's ReduceLROnPlateau. */
export interface ReduceOnPlateauOptions {
  /** The value at first. */
  readonly from: number;
  /** What it is multiplied by, in [0, 1); default 0.1. */
  readonly factor?: number;
  /** How many observations without improvement are accepted; default 10. */
  readonly patience?: number;
  /** By which share of the best so far an observation must be better to count; default 1e-4. */
  readonly threshold?: number;
  /** Observations after a reduction that count as nothing; default 0. */
  readonly cooldown?: number;
  /** The least value; default 0. */
  readonly least?: number;
  /** Whether less is better (`min`, a loss; default) or more (`max`, an accuracy). */
  readonly mode?: 'min' | 'max';
}

/** What a plateau schedule remembers. */
export interface PlateauState {
  readonly value: number;
  /** The best observation, or null before the first. */
  readonly best: number | null;
  /** Observations since then that were no better. */
  readonly waited: number;
  readonly cooling: number;
}

/** A schedule that follows the results that it is given. */
export interface PlateauSchedule extends Schedule, Stateful<PlateauState> {
  /** Adds a result, such as the validation loss of an epoch; NaN is no improvement. */
  observe(result: number): void;
}

const defaults: Required<ReduceOnPlateauOptions> = {
  from: REQUIRED,
  factor: 0.1,
  patience: 10,
  threshold: 1e-4,
  cooldown: 0,
  least: 0,
  mode: 'min',
};

const optionRanges: OptionRanges<ReduceOnPlateauOptions> = {
  from: ranges.finite,
  factor: ranges.share,
  patience: integer(0),
  threshold: ranges.finite,
  cooldown: integer(0),
  least: ranges.finite,
  mode: oneOf(['min', 'max']),
};

/**
 * `from`, multiplied by `factor` whenever the results have not become better for more than `patience` observations.
 * PyTorch's ReduceLROnPlateau (relative threshold). It does not follow the step but what `observe` is told, and a
 * checkpoint keeps it among `others`:
 *
 * ```ts
 * const lr = reduceOnPlateau({ from: 0.1, factor: 0.5, patience: 5 });
 * const optimizer = new SGD(model.parameters(), { lr });
 * // after each epoch:
 * lr.observe(validationLoss);
 * saveCheckpoint('run.ckpt', { model, optimizer, others: { lr } }, { step });
 * ```
 */
export function reduceOnPlateau(options: ReduceOnPlateauOptions): PlateauSchedule {
  const name = 'reduceOnPlateau';
  checkCount(name, arguments.length, 1);
  const settings = settingsOf(name, options, defaults, optionRanges);
  const { from, factor, patience, threshold, cooldown, least, mode } = settings;
  let state: PlateauState = { value: from, best: null, waited: 0, cooling: 0 };
  const isBetter = (result: number, best: number | null): boolean => {
    if (best === null) return !Number.isNaN(result);
    return mode === 'min' ? result < best * (1 - threshold) : result > best * (1 + threshold);
  };
  const observe = (result: number): void => {
    check(`${name}.observe`, 'result', result, { rule: 'a number', has: (x) => typeof x === 'number' });
    let { value, best, waited, cooling } = state;
    if (isBetter(result, best)) [best, waited] = [result, 0];
    else waited++;
    if (cooling > 0) [cooling, waited] = [cooling - 1, 0];
    if (waited > patience) [value, cooling, waited] = [Math.max(value * factor, least), cooldown, 0];
    state = { value, best, waited, cooling };
  };
  return Object.assign(() => state.value, {
    observe,
    state: () => ({ ...state }),
    restore(saved: PlateauState) {
      const { value, best, waited, cooling } = Object(saved) as PlateauState;
      check(`${name}.restore`, 'value', value, ranges.finite);
      check(`${name}.restore`, 'best', best, {
        rule: 'a number or null',
        has: (x) => x === null || (typeof x === 'number' && !Number.isNaN(x)),
      });
      check(`${name}.restore`, 'waited', waited, integer(0));
      check(`${name}.restore`, 'cooling', cooling, integer(0));
      state = { value, best, waited, cooling };
    },
  });
}
