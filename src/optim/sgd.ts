/** Stochastic gradient descent, with PyTorch's momentum. */

import { ranges } from '../clip/checks.js';
import { atLeast, carriedFrom } from '../tensor/tiny.js';
import { defineOptimizer } from './define-optimizer.js';
import type { OptimizerOptions } from './optimizer-options.js';

/** Options of SGD; names and defaults as in PyTorch. */
export interface SGDOptions extends OptimizerOptions {
  /** Share of the last velocity that is kept, in [0, 1); default 0. */
  readonly momentum?: number;
  /** Share of the gradient that is left out of the velocity; default 0. */
  readonly dampening?: number;
  /** Look ahead along the velocity (Sutskever et al. 2013); needs momentum and no dampening. */
  readonly nesterov?: boolean;
  /** Coupled L2 penalty: adds weightDecay · value to the gradient, after the hooks. */
  readonly weightDecay?: number;
  /** Climb instead of descend. */
  readonly maximize?: boolean;
}

/**
 * v ← μ·v + (1 − τ)·g (v ← g the first time), θ ← θ − lr·v; without momentum θ ← θ − lr·g. PyTorch's `SGD`, for
 * which a learning-rate change acts at once on the whole velocity.
 */
export class SGD extends defineOptimizer<SGDOptions>({
  name: 'SGD',
  formula: 'v ← μv + (1 − τ)g, θ ← θ − lr·v',
  defaults: { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0, maximize: false },
  ranges: {
    momentum: ranges.share,
    dampening: ranges.finite,
    nesterov: ranges.flag,
    weightDecay: ranges.finite,
    maximize: ranges.flag,
  },
  check({ nesterov, momentum, dampening }) {
    if (!nesterov || (momentum > 0 && dampening === 0)) return;
    throw new Error(
      `SGD: nesterov needs momentum > 0 and dampening 0, got momentum ${momentum}, dampening ${dampening}`,
    );
  },
  state: ({ momentum }) => (momentum === 0 ? [] : ['velocity']),
  update(run, options) {
    const { lr, momentum, dampening, nesterov, weightDecay, maximize } = options;
    const { values, grads, start, end, count } = run;
    const velocity = momentum === 0 ? null : run.state('velocity');
    if (run.fused.sgd) {
      run.fused.sgd(run, velocity, count === 0, options);
      return;
    }
    const keepGradient = count === 0 ? 1 : 1 - dampening;
    const least = carriedFrom(values);
    for (let i = start; i < end; i++) {
      let direction = maximize ? -grads[i] : grads[i];
      if (weightDecay !== 0) direction += weightDecay * values[i];
      if (velocity) {
        velocity[i] = atLeast(least, momentum * velocity[i] + keepGradient * direction);
        direction = nesterov ? direction + momentum * velocity[i] : velocity[i];
      }
      values[i] -= lr * direction;
    }
  },
}) {}
