/** Adagrad: Duchi, Hazan & Singer 2011. */

import type { Parameter } from '../autograd/index.js';
import { checkFinite } from '../clip/checks.js';
import type { GroupOptions, ParameterGroup, Settings } from './group.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './optimizer-options.js';
import type { UpdateRun } from './update-run.js';

/** Options of Adagrad; names and defaults as in PyTorch. */
export interface AdagradOptions extends OptimizerOptions {
  /** The rate of update t = 0, 1, … is lr / (1 + t · lrDecay); default 0. */
  readonly lrDecay?: number;
  /** What the sum of squares starts from; default 0. */
  readonly initialAccumulatorValue?: number;
  /** Added to the denominator; default 1e-10. */
  readonly eps?: number;
  /** Coupled L2 penalty: adds weightDecay · value to the gradient, after the hooks. */
  readonly weightDecay?: number;
  /** Climb instead of descend. */
  readonly maximize?: boolean;
}

const defaults: Settings<AdagradOptions> = {
  lr: 0.01,
  lrDecay: 0,
  initialAccumulatorValue: 0,
  eps: 1e-10,
  weightDecay: 0,
  maximize: false,
};

/** s ← s + g², θ ← θ − lr / (1 + t · lrDecay) · g / (√s + ε), t counting the earlier updates of the parameter. */
export class Adagrad extends Optimizer<AdagradOptions> {
  constructor(
    params: Iterable<Parameter> | Iterable<ParameterGroup<AdagradOptions>>,
    options: Partial<AdagradOptions> = {},
  ) {
    super(params, options, defaults);
  }

  protected override validate(options: GroupOptions<AdagradOptions>): void {
    for (const name of ['lrDecay', 'initialAccumulatorValue', 'eps', 'weightDecay'] as const) {
      checkFinite('Adagrad', name, options[name]);
    }
  }

  protected override stateNames(): readonly string[] {
    return ['sumOfSquares'];
  }

  protected override update(run: UpdateRun, options: Settings<AdagradOptions>): void {
    const { lr, lrDecay, initialAccumulatorValue, eps, weightDecay, maximize } = options;
    const { values, grads, start, end, count } = run;
    const sum = run.state('sumOfSquares');
    const rate = lr / (1 + count * lrDecay);
    const before = count === 0 ? initialAccumulatorValue : 0;
    for (let i = start; i < end; i++) {
      let grad = maximize ? -grads[i] : grads[i];
      if (weightDecay !== 0) grad += weightDecay * values[i];
      sum[i] += before + grad * grad;
      values[i] -= (rate * grad) / (Math.sqrt(sum[i]) + eps);
    }
  }
}
