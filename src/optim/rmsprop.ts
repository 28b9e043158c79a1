/** RMSprop: Tieleman & Hinton 2012, lecture 6.5; centered: Graves 2013, §4.2, eqs. 38–45. */

import { ranges } from '../clip/checks.js';
import { atLeast, carriedFrom, normalFrom, squaredFrom } from '../tensor/tiny.js';
import { defineOptimizer } from './define-optimizer.js';
import type { OptimizerOptions } from './optimizer-options.js';

/** Options of RMSprop; names and defaults as in PyTorch. */
export interface RMSpropOptions extends OptimizerOptions {
  /** Decay rate of the mean square, in [0, 1); default 0.99. */
  readonly alpha?: number;
  /** Added to the denominator; default 1e-8. */
  readonly eps?: number;
  /** Share of the last velocity that is kept, in [0, 1); default 0. */
  readonly momentum?: number;
  /** Divide by the standard deviation of the gradient instead of its root mean square; default false. */
  readonly centered?: boolean;
  /** Coupled L2 penalty: adds weightDecay · value to the gradient, after the hooks. */
  readonly weightDecay?: number;
  /** Climb instead of descend. */
  readonly maximize?: boolean;
}

/**
 * s ← αs + (1−α)g², d = g / (√s + ε), θ ← θ − lr · d; with momentum v ← μv + d, θ ← θ − lr · v. Centered, √(s − ḡ²)
 * replaces √s, with ḡ ← αḡ + (1−α)g. If rounding makes that variance negative, it is 0 here and NaN in PyTorch.
 */
export class RMSprop extends defineOptimizer<RMSpropOptions>({
  name: 'RMSprop',
  formula: 's ← αs + (1−α)g², v ← μv + g / (√s + ε), θ ← θ − lr · v',
  defaults: {
    lr: 0.01,
    alpha: 0.99,
    eps: 1e-8,
    momentum: 0,
    centered: false,
    weightDecay: 0,
    maximize: false,
  },
  ranges: {
    alpha: ranges.share,
    eps: ranges.finite,
    momentum: ranges.share,
    centered: ranges.flag,
    weightDecay: ranges.finite,
    maximize: ranges.flag,
  },
  state: ({ momentum, centered }) => [
    'meanSquare',
    ...(centered ? ['mean'] : []),
    ...(momentum === 0 ? [] : ['velocity']),
  ],
  squares: true,
  update(run, { lr, alpha, eps, momentum, centered, weightDecay, maximize }) {
    const { values, grads, start, end } = run;
    const square = run.state('meanSquare');
    const mean = centered ? run.state('mean') : null;
    const velocity = momentum === 0 ? null : run.state('velocity');
    const [least, leastSquare] = [carriedFrom(values), normalFrom(values)];
    const leastGrad = squaredFrom(values, 1 - alpha);
    for (let i = start; i < end; i++) {
      let grad = maximize ? -grads[i] : grads[i];
      if (weightDecay !== 0) grad += weightDecay * values[i];
      grad = atLeast(leastGrad, grad);
      square[i] = atLeast(leastSquare, alpha * square[i] + (1 - alpha) * grad * grad);
      let variance = square[i];
      if (mean) {
        mean[i] = atLeast(least, alpha * mean[i] + (1 - alpha) * grad);
        variance = Math.max(0, variance - mean[i] * mean[i]);
      }
      let direction = grad / (Math.sqrt(variance) + eps);
      if (velocity) {
        velocity[i] = atLeast(least, momentum * velocity[i] + direction);
        direction = velocity[i];
      }
      values[i] -= lr * direction;
    }
  },
}) {}
