/** Notices when the share of clipped steps shifts. Separate from the monitor, so that its false alarms can be counted. */

import { hypergeometricTail } from '../statistics/fisher-test.js';
import { shareOf } from '../statistics/share.js';
import type { HookState } from './hook.js';
import { countIn, wrong } from './state.js';

/** A change of the share of clipped steps. */
export interface RateShift {
  /** Steps seen when it was noticed. */
  readonly step: number;
  /** Share of clipped steps since the shift before, and in the window that differs. */
  readonly before: number;
  readonly after: number;
  /** Two-sided probability of such a difference by chance. */
  readonly p: number;
}

/** Chance of a false alarm per window, where steps are clipped independently at one rate. */
const FALSE_ALARM = 1e-3;

const KEYS = ['steps', 'windowSteps', 'windowClipped', 'earlierSteps', 'earlierClipped'] as const;

type Counts = Record<(typeof KEYS)[number], number>;

/**
 * Compares each window of steps with all steps since the last shift, by Fisher's exact test at 0.001: at a constant rate
 * one window in a thousand, or fewer, gives a false alarm. After an alarm the window is what later ones are compared with.
 */
export class RateWatch {
  /** What its state consists of. */
  static readonly keys: readonly string[] = KEYS;
  readonly #window: number;
  #counts: Counts = {
    steps: 0,
    windowSteps: 0,
    windowClipped: 0,
    earlierSteps: 0,
    earlierClipped: 0,
  };

  /** `window`: steps that are compared at once. */
  constructor(window: number) {
    this.#window = window;
  }

  /** Adds a step. Returns the shift if this step completes a window that shows one, else null. */
  add(clipped: boolean): RateShift | null {
    const counts = this.#counts;
    counts.steps++;
    counts.windowSteps++;
    if (clipped) counts.windowClipped++;
    return counts.windowSteps < this.#window ? null : this.#close();
  }

  #close(): RateShift | null {
    const { steps, windowSteps, windowClipped, earlierSteps, earlierClipped } = this.#counts;
    const total = windowSteps + earlierSteps;
    const clipped = windowClipped + earlierClipped;
    const more = hypergeometricTail(windowClipped, windowSteps, clipped, total);
    const fewer = hypergeometricTail(windowSteps - windowClipped, windowSteps, total - clipped, total);
    const p = Math.min(1, 2 * Math.min(more, fewer));
    const isShift = earlierSteps > 0 && p < FALSE_ALARM;
    this.#counts = {
      steps,
      windowSteps: 0,
      windowClipped: 0,
      earlierSteps: isShift ? windowSteps : total,
      earlierClipped: isShift ? windowClipped : clipped,
    };
    if (!isShift) return null;
    const [before, after] = [shareOf(earlierClipped, earlierSteps), shareOf(windowClipped, windowSteps)];
    return { step: steps, before, after, p };
  }

  state(): HookState {
    return { ...this.#counts };
  }

  /** Continues from a saved state. Throws an Error if it is not a saved state, and keeps what it had. */
  restore(caller: string, state: HookState): void {
    const entries = KEYS.map((key) => [key, countIn(caller, state, key)] as const);
    const counts = Object.fromEntries(entries) as Counts;
    if (counts.windowSteps >= this.#window)
      throw wrong(caller, 'windowSteps', `below the window of ${this.#window}`);
    if (counts.windowClipped > counts.windowSteps || counts.earlierClipped > counts.earlierSteps) {
      throw wrong(caller, 'watch', 'of no more clipped steps than steps');
    }
    this.#counts = counts;
  }
}
