/** Dynamic loss scaling (Micikevicius et al. 2018, §3.2): keeps small gradients above what float16 rounds to zero. */

import { check, integer, type OptionRange, type OptionRanges, settingsOf } from '../clip/checks.js';
import { checkCount } from '../tensor/arguments.js';

/** A factor on the loss, which an optimizer divides out of the gradients before any hook sees them. */
export interface LossScale {
  readonly name: string;
  /** What it was made with, for checkpoints. */
  readonly settings?: Readonly<Record<string, unknown>>;
  /** The factor now. */
  readonly scale: number;
  /**
   * Learns, at the end of a step, whether a gradient overflowed; `use` says whose step it was and which factor multiplied
   * its loss. Optimizers that share a loss scale each report: the factor moves once a round.
   */
  update(overflowed: boolean, use?: LossScaleUse): void;
  /** What a checkpoint must save. */
  state(): LossScaleState;
  restore(state: LossScaleState): void;
}

/** The use that one optimizer made of a loss scale in one step. */
export interface LossScaleUse {
  readonly by: object;
  readonly scale: number;
}

/** What a loss scale remembers. */
export interface LossScaleState {
  readonly scale: number;
  /** Steps without overflow since the scale last changed. */
  readonly cleanSteps: number;
}

/** Options of `dynamicLossScale`; defaults as in PyTorch's GradScaler. */
export interface LossScaleOptions {
  /** The scale at first; default 65,536. */
  readonly initial?: number;
  /** What the scale is multiplied by after `interval` steps without overflow; default 2. */
  readonly growth?: number;
  /** What it is multiplied by after an overflow; default 0.5. */
  readonly backoff?: number;
  /** Steps without overflow before it grows; default 2000. */
  readonly interval?: number;
}

/** Below this scale, the scale is not the cause of an overflow. */
const SMALLEST = 2 ** -24;
/** A scale never grows beyond this: a larger one makes a float32 loss infinite, and an infinite scale can never shrink. */
const LARGEST = 2 ** 127;

const scaleRange: OptionRange = {
  rule: 'a finite number of at least 2^-24',
  has: (x) => typeof x === 'number' && x >= SMALLEST && x < Infinity,
};

const defaults: Required<LossScaleOptions> = { initial: 2 ** 16, growth: 2, backoff: 0.5, interval: 2000 };

const optionRanges: OptionRanges<LossScaleOptions> = {
  initial: scaleRange,
  growth: { rule: 'a finite number ≥ 1', has: (x) => typeof x === 'number' && x >= 1 && x < Infinity },
  backoff: { rule: 'a number between 0 and 1', has: (x) => typeof x === 'number' && x > 0 && x < 1 },
  interval: integer(1),
};

/**
 * The loss scale for `new Adam(params, { lossScale: dynamicLossScale() })` and `optimizer.backward(loss)`. A step whose
 * gradients are NaN or infinite is skipped (hooks and all) and scale ← scale · backoff; after `interval` steps in a row
 * without, scale ← scale · growth, up to 2¹²⁷. Powers of two change no bit of a gradient. Throws, instead of skipping for
 * ever, once the scale would fall below 2⁻²⁴.
 */
export function dynamicLossScale(options: LossScaleOptions = {}): LossScale {
  const name = 'dynamicLossScale';
  checkCount(name, arguments.length, 1);
  const { initial, growth, backoff, interval } = settingsOf(name, options, defaults, optionRanges);
  let [scale, cleanSteps] = [initial, 0];
  let reported = new Set<object>();
  let hasOverflowed = false;
  return {
    name,
    settings: { growth, backoff, interval },
    get scale() {
      return scale;
    },
    update(overflowed, use) {
      // A round ends when an optimizer that has reported in it reports again. Later reports in a round change nothing, except
      // for its first overflow.
      const isNewRound = use === undefined || reported.size === 0 || reported.has(use.by);
      if (isNewRound) [reported, hasOverflowed] = [new Set(), false];
      if (use) reported.add(use.by);
      if (overflowed) {
        if (hasOverflowed) return;
        const used = use?.scale ?? scale;
        if (used * backoff < SMALLEST) {
          throw new Error(
            `${name}: gradients are not finite even at a scale of ${used}; look for the cause in the model or the data`,
          );
        }
        [scale, cleanSteps, hasOverflowed] = [used * backoff, 0, true];
      } else if (!isNewRound) {
        return;
      } else if (++cleanSteps >= interval) {
        [scale, cleanSteps] = [scale * growth <= LARGEST ? scale * growth : scale, 0];
      }
    },
    state: () => ({ scale, cleanSteps }),
    restore(state) {
      const saved = Object(state) as LossScaleState;
      check(`${name}.restore`, 'scale', saved.scale, scaleRange);
      check(`${name}.restore`, 'cleanSteps', saved.cleanSteps, integer(0));
      ({ scale, cleanSteps } = saved);
      [reported, hasOverflowed] = [new Set(), false];
    },
  };
}
