/** Dynamic loss scaling (Micikevicius et al. 2018, §3.2): keeps small gradients above what float16 rounds to zero. */

import { checkCount } from '../clip/checks.js';
import { checkNames } from '../tensor/options.js';

/** A factor on the loss, which an optimizer divides out of the gradients before any hook sees them. */
export interface LossScale {
  readonly name: string;
  /** The factor now. */
  readonly scale: number;
  /** Learns, at the end of a step, whether a gradient overflowed. */
  update(overflowed: boolean): void;
  /** What a checkpoint must save. */
  state(): LossScaleState;
  restore(state: LossScaleState): void;
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

/** Below this scale an overflow is not the scale's doing. */
const SMALLEST = 2 ** -24;
/** Beyond it no scale grows: a float32 loss times more is infinite, and from an infinite scale there is no way back. */
const LARGEST = 2 ** 127;

/**
 * The loss scale for `new Adam(params, { lossScale: dynamicLossScale() })` and `optimizer.backward(loss)`. A step whose
 * gradients are NaN or infinite is skipped (hooks and all) and scale ← scale · backoff; after `interval` steps in a row
 * without, scale ← scale · growth, up to 2¹²⁷. Powers of two change no bit of a gradient. Throws, instead of skipping for
 * ever, once the scale would fall below 2⁻²⁴.
 */
export function dynamicLossScale(options: LossScaleOptions = {}): LossScale {
  const name = 'dynamicLossScale';
  const { initial = 2 ** 16, growth = 2, backoff = 0.5, interval = 2000 } = options;
  checkNames(name, options, ['initial', 'growth', 'backoff', 'interval']);
  checkScale(name, 'initial', initial);
  if (!(growth >= 1 && growth < Infinity))
    throw new Error(`${name}: growth must be at least 1, got ${growth}`);
  if (!(backoff > 0 && backoff < 1))
    throw new Error(`${name}: backoff must lie between 0 and 1, got ${backoff}`);
  checkCount(name, 'interval', interval, 1);
  let [scale, cleanSteps] = [initial, 0];
  return {
    name,
    get scale() {
      return scale;
    },
    update(overflowed) {
      if (overflowed) {
        if (scale * backoff < SMALLEST) {
          throw new Error(
            `${name}: gradients are not finite even at a scale of ${scale}; look for the cause in the model or the data`,
          );
        }
        [scale, cleanSteps] = [scale * backoff, 0];
      } else if (++cleanSteps >= interval) {
        [scale, cleanSteps] = [scale * growth <= LARGEST ? scale * growth : scale, 0];
      }
    },
    state: () => ({ scale, cleanSteps }),
    restore(state) {
      checkScale(`${name}.restore`, 'scale', state.scale);
      checkCount(`${name}.restore`, 'cleanSteps', state.cleanSteps, 0);
      ({ scale, cleanSteps } = state);
    },
  };
}

function checkScale(caller: string, option: string, scale: number): void {
  if (typeof scale === 'number' && scale >= SMALLEST && scale < Infinity) return;
  throw new Error(`${caller}: ${option} must be a finite number of at least 2^-24, got ${scale}`);
}
