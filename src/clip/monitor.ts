/** The monitor: what clipping did to a run so far, in bounded memory, from the report of each training step. */

import { shareOf } from '../statistics/share.js';
import { QuantileSketch } from '../statistics/sketch.js';
import { checkCount } from '../tensor/arguments.js';
import { integer, type OptionRanges, optional, ranges, settingsOf } from './checks.js';
import type { HookState } from './hook.js';
import { type RateShift, RateWatch } from './rate-watch.js';
import { countIn, namedNumbersIn, partIn, wrong } from './state.js';

/** Options of `ClipMonitor`. */
export interface ClipMonitorOptions {
  /** Steps whose clip rate is compared with the rate before; default 200. */
  readonly window?: number;
  /** Called as soon as the clip rate shifts. */
  readonly onShift?: (shift: RateShift) => void;
}

const defaults = { window: 200, onShift: undefined };
const optionRanges: OptionRanges<ClipMonitorOptions> = {
  window: integer(1),
  onShift: optional(ranges.callback),
};

/** What clipping did in one step: what the monitor reads, and part of an optimizer's `StepReport` and of a `StepRecord`. */
export interface ObservedStep {
  /** Norm of all gradients before the hooks. */
  readonly normBefore: number;
  /** Norm of all gradients after the hooks: what the rule saw. */
  readonly normAfter: number;
  /** Whether any hook changed the gradients. */
  readonly clipped: boolean;
  /** Norm of each parameter's gradient before the hooks, by name. */
  readonly norms: Readonly<Record<string, number>>;
  /** Why no update was made, or null. */
  readonly skipped: string | null;
}

/** What clipping did so far. Norms are those before clipping. */
export interface ClipSummary {
  /** Steps that updated the parameters. */
  readonly steps: number;
  readonly skipped: number;
  /** Steps whose norm was NaN or infinite; no other number here counts them. */
  readonly nonFinite: number;
  /** Share of the steps in which a hook changed the gradients. */
  readonly clipRate: number;
  /** Σ(1 − s)‖g‖ / Σ‖g‖, s being the norm after divided by the norm before: the share of all step length that clipping removed. */
  readonly stepLengthLost: number;
  /** Percentiles of the norm, right to 1 %. */
  readonly percentiles: Readonly<Record<'p10' | 'p50' | 'p75' | 'p90' | 'p99', number>>;
  /** Largest finite norm. */
  readonly largest: number;
  /** Mean share of each parameter in the squared norm, by name, where that is not 0. */
  readonly shares: Readonly<Record<string, number>>;
  /** Degrees by which clipping turned the gradient, as `measureTurn` reported them; null without it. */
  readonly turn: { readonly mean: number; readonly largest: number } | null;
  /** The latest shifts of the clip rate, at most 100. */
  readonly shifts: readonly RateShift[];
}

const MOST_SHIFTS = 100;

const COUNTS = ['steps', 'skipped', 'nonFinite', 'clipped', 'turns'] as const;
const SUMS = ['length', 'lost', 'largest', 'turn', 'largestTurn'] as const;

const PARTS = ['window', 'counts', 'sums', 'shares', 'norms', 'watch', 'shifts'] as const;
const SHIFT = ['step', 'before', 'after', 'p'] as const;

const zeros = <Name extends string>(names: readonly Name[]): Record<Name, number> =>
  Object.fromEntries(names.map((name) => [name, 0])) as Record<Name, number>;

/**
 * Keeps percentiles of the norm, the clip rate, the step length lost, each parameter's share, the angle clipping turned
 * the gradient by, and tells when the clip rate shifts. Give it every step:
 *
 *     const monitor = new ClipMonitor();
 *     const hooks = [measureTurn(clipByValue(0.5), monitor.turned)]; // the angle, only if wanted
 *     await train({ …, onStep: (record) => monitor.observe(record) });
 */
export class ClipMonitor {
  readonly #onShift: ((shift: RateShift) => void) | undefined;
  readonly #window: number;
  #sketch = new QuantileSketch();
  #watch: RateWatch;
  #counts = zeros(COUNTS);
  #sums = zeros(SUMS);
  #shares = new Map<string, number>();
  #shifts: RateShift[] = [];

  /** Throws unless `window` is an integer ≥ 1. */
  constructor(options: ClipMonitorOptions = {}) {
    checkCount('ClipMonitor', arguments.length, 1);
    const { window, onShift } = settingsOf('ClipMonitor', options, defaults, optionRanges);
    this.#window = window;
    this.#watch = new RateWatch(window);
    this.#onShift = onShift;
  }

  /** Adds a step; returns the shift of the clip rate that it shows, or null. */
  observe({ normBefore, normAfter, clipped, norms, skipped }: ObservedStep): RateShift | null {
    if (!Number.isFinite(normBefore)) this.#counts.nonFinite++;
    else this.#measure(normBefore, norms);
    if (skipped !== null) {
      this.#counts.skipped++;
      return null;
    }
    this.#counts.steps++;
    if (clipped) this.#counts.clipped++;
    if (Number.isFinite(normBefore) && Number.isFinite(normAfter)) {
      this.#sums.length += normBefore;
      this.#sums.lost += normBefore - normAfter;
    }
    const shift = this.#watch.add(clipped);
    if (shift) {
      this.#shifts = [...this.#shifts, shift].slice(-MOST_SHIFTS);
      this.#onShift?.(shift);
    }
    return shift;
  }

  /** Adds an angle in degrees: what `measureTurn` is to call. Bound, so that it can be passed on. */
  readonly turned = (degrees: number): void => {
    if (!Number.isFinite(degrees)) return;
    this.#counts.turns++;
    this.#sums.turn += degrees;
    this.#sums.largestTurn = Math.max(this.#sums.largestTurn, degrees);
  };

  /** What clipping did so far. */
  summary(): ClipSummary {
    const { steps, skipped, nonFinite, clipped, turns } = this.#counts;
    const { length, lost, largest, turn, largestTurn } = this.#sums;
    const quantile = (q: number): number => this.#sketch.quantile(q);
    const shared = this.#sketch.count - this.#sketch.zeros;
    return {
      steps,
      skipped,
      nonFinite,
      clipRate: shareOf(clipped, steps),
      stepLengthLost: shareOf(lost, length),
      percentiles: {
        p10: quantile(0.1),
        p50: quantile(0.5),
        p75: quantile(0.75),
        p90: quantile(0.9),
        p99: quantile(0.99),
      },
      largest,
      shares: Object.fromEntries([...this.#shares].map(([name, sum]) => [name, sum / shared])),
      turn: turns > 0 ? { mean: turn / turns, largest: largestTurn } : null,
      shifts: this.#shifts,
    };
  }

  /** All it remembers, as plain JSON: a copy. */
  state(): HookState {
    return {
      window: this.#window,
      counts: { ...this.#counts },
      sums: { ...this.#sums },
      shares: Object.fromEntries(this.#shares),
      norms: this.#sketch.state(),
      watch: this.#watch.state(),
      shifts: this.#shifts.map((shift) => ({ ...shift })),
    };
  }

  /** Continues from a saved state. Throws an Error unless it is one of a monitor of this window, and keeps what it had. */
  restore(state: HookState): void {
    const name = 'ClipMonitor';
    const whole = partIn(name, state, PARTS);
    if (whole.window !== this.#window) throw wrong(name, 'window', `${this.#window}, as this monitor's`);
    const told = partIn(name, whole, COUNTS, 'counts');
    const counts = Object.fromEntries(COUNTS.map((key) => [key, countIn(name, told, key)]));
    if (counts.clipped > counts.steps) throw wrong(name, 'clipped', 'at most steps');
    partIn(name, whole, SUMS, 'sums');
    const [sums, shares] = ['sums', 'shares'].map((key) => namedNumbersIn(name, whole, key));
    const [watch, sketch] = [new RateWatch(this.#window), new QuantileSketch()];
    watch.restore(name, partIn(name, whole, RateWatch.keys, 'watch'));
    const norms = partIn(name, whole, ['zeros', 'bins'], 'norms');
    sketch.restore(countIn(name, norms, 'zeros'), binsIn(name, norms));
    const shifts = shiftsIn(name, whole);
    [this.#watch, this.#sketch, this.#shares] = [watch, sketch, shares];
    this.#counts = counts as Record<(typeof COUNTS)[number], number>;
    this.#sums = Object.fromEntries(sums) as Record<(typeof SUMS)[number], number>;
    this.#shifts = shifts;
  }

  /** A finite norm and what each parameter has of its square. */
  #measure(norm: number, norms: Readonly<Record<string, number>>): void {
    this.#sketch.add(norm);
    this.#sums.largest = Math.max(this.#sums.largest, norm);
    if (norm === 0) return;
    for (const name in norms) {
      this.#shares.set(name, (this.#shares.get(name) ?? 0) + (norms[name] / norm) ** 2);
    }
  }
}

/** How many norms fell into each bin, by its whole number. */
function binsIn(name: string, norms: HookState): Map<string, number> {
  const bins = namedNumbersIn(name, norms, 'bins');
  for (const [bin, count] of bins) {
    if (!/^-?\d{1,6}$/.test(bin) || !(Number.isSafeInteger(count) && count > 0)) {
      throw wrong(name, 'bins', 'counts ≥ 1 by whole numbers');
    }
  }
  return bins;
}

function shiftsIn(name: string, { shifts }: HookState): RateShift[] {
  const rule = `a list of at most ${MOST_SHIFTS} shifts of the clip rate`;
  if (!Array.isArray(shifts) || shifts.length > MOST_SHIFTS) throw wrong(name, 'shifts', rule);
  return shifts.map((shift: unknown) => {
    const { step, before, after, p } = partIn(name, { shift }, SHIFT, 'shift') as unknown as RateShift;
    const areShares = [before, after, p].every(
      (value) => typeof value === 'number' && value >= 0 && value <= 1,
    );
    if (!Number.isSafeInteger(step) || step < 1 || !areShares) throw wrong(name, 'shifts', rule);
    return { step, before, after, p };
  });
}
