/** What makes one optimizer another: its rule, written as data and one function. Separate from the order of a step, which is the same for all. */

import type { OptionRange } from '../clip/checks.js';
import type { GroupOptions, RuleOptions } from './group.js';
import type { OptimizerOptions } from './optimizer-options.js';
import type { UpdateRun } from './update-run.js';

/** The rule of an optimizer. */
export interface UpdateRule<Options extends OptimizerOptions> {
  /** The optimizer's name, for errors and for printing. */
  readonly name: string;
  /** The rule as the paper writes it, for printing: `θ ← θ − lr·g`. */
  readonly formula: string;
  /** Every option besides those of all optimizers, and perhaps `lr`; without it `lr` must be given. */
  readonly defaults: Omit<RuleOptions<Options>, 'lr'> & { readonly lr?: number };
  /** What each of these options may be. An option without a range is not checked. */
  readonly ranges?: { readonly [Name in keyof RuleOptions<Options>]?: OptionRange };
  /** Throws if options that are fine each do not go together. */
  check?(options: GroupOptions<Options>): void;
  /** Names of the state that an update under these options keeps: arrays of zeros before the first update. */
  state?(options: GroupOptions<Options>): readonly string[];
  /**
   * Whether the state holds squares of the gradient: a step whose gradient has an infinite square is then skipped, because
   * such a state would keep its parameter from moving ever again.
   */
  readonly squares?: boolean;
  /** Updates the values of one run from its gradients, in place. */
  update(run: UpdateRun, options: RuleOptions<Options>): void;
}
