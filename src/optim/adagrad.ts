/** Adagrad: Duchi, Hazan & Singer 2011. */

import { ranges } from '../clip/checks.js';
import type { FloatArray } from '../tensor/index.js';
import { atLeast, squaredFrom } from '../tensor/tiny.js';
import { defineOptimizer } from './define-optimizer.js';
import type { OptimizerOptions } from './optimizer-options.js';

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

/** The largest finite number: an infinite sum of squares would never let its weight move again. */
const largestOf = (array: FloatArray): number =>
  array instanceof Float64Array ? Number.MAX_VALUE : 3.4028234663852886e38;

/** s ← s + g², θ ← θ − lr / (1 + t · lrDecay) · g / (√s + ε), t counting the earlier updates of the parameter. */
export class Adagrad extends defineOptimizer<AdagradOptions>({
  name: 'Adagrad',
  formula: 's ← s + g², θ ← θ − lr · g / (√s + ε)',
  defaults: { lr: 0.01, lrDecay: 0, initialAccumulatorValue: 0, eps: 1e-10, weightDecay: 0, maximize: false },
  ranges: {
    lrDecay: ranges.finite,
    initialAccumulatorValue: ranges.finite,
    eps: ranges.finite,
    weightDecay: ranges.finite,
    maximize: ranges.flag,
  },
  state: () => ['sumOfSquares'],
  squares: true,
  update(run, { lr, lrDecay, initialAccumulatorValue, eps, weightDecay, maximize }) {
    const { values, grads, start, end, count } = run;
    const sum = run.state('sumOfSquares');
    const largest = largestOf(sum);
    const least = squaredFrom(sum, 1);
    const rate = lr / (1 + count * lrDecay);
    const before = count === 0 ? initialAccumulatorValue : 0;
    for (let i = start; i < end; i++) {
      let grad = maximize ? -grads[i] : grads[i];
      if (weightDecay !== 0) grad += weightDecay * values[i];
      grad = atLeast(least, grad);
      sum[i] = Math.min(sum[i] + (before + grad * grad), largest);
      values[i] -= (rate * grad) / (Math.sqrt(sum[i]) + eps);
    }
  },
}) {}
