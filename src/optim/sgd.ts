/** Stochastic gradient descent, with PyTorch's momentum. */

import type { Parameter } from '../autograd/index.js';
import { checkFinite } from '../clip/checks.js';
import type { GroupOptions, ParameterGroup, Settings } from './group.js';
import { Optimizer } from './optimizer.js';
import type { OptimizerOptions } from './optimizer-options.js';
import { checkFraction } from './options.js';
import type { UpdateRun } from './update-run.js';

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

const defaults = { momentum: 0, dampening: 0, nesterov: false, weightDecay: 0, maximize: false };

/**
 * v ← μ·v + (1 − τ)·g (v ← g the first time), θ ← θ − lr·v; without momentum θ ← θ − lr·g. PyTorch's `SGD`, for
 * which a learning-rate change acts at once on the whole velocity.
 */
export class SGD extends Optimizer<SGDOptions> {
  constructor(params: Iterable<Parameter> | Iterable<ParameterGroup<SGDOptions>>, options: SGDOptions) {
    super(params, options, defaults);
  }

  protected override validate({
    momentum,
    dampening,
    nesterov,
    weightDecay,
  }: GroupOptions<SGDOptions>): void {
    checkFraction('SGD', 'momentum', momentum);
    checkFinite('SGD', 'dampening', dampening);
    checkFinite('SGD', 'weightDecay', weightDecay);
    if (nesterov && (momentum === 0 || dampening !== 0)) {
      throw new Error(
        `SGD: nesterov needs momentum > 0 and dampening 0, got momentum ${momentum}, dampening ${dampening}`,
      );
    }
  }

  protected override stateNames({ momentum }: GroupOptions<SGDOptions>): readonly string[] {
    return momentum === 0 ? [] : ['velocity'];
  }

  protected override update(run: UpdateRun, options: Settings<SGDOptions>): void {
    const { lr, momentum, dampening, nesterov, weightDecay, maximize } = options;
    const { values, grads, start, end, count } = run;
    const velocity = momentum === 0 ? null : run.state('velocity');
    if (run.fused.sgd) {
      run.fused.sgd(run, velocity, count === 0, options);
      return;
    }
    const keepGradient = count === 0 ? 1 : 1 - dampening;
    for (let i = start; i < end; i++) {
      let direction = maximize ? -grads[i] : grads[i];
      if (weightDecay !== 0) direction += weightDecay * values[i];
      if (velocity) {
        velocity[i] = momentum * velocity[i] + keepGradient * direction;
        direction = nesterov ? direction + momentum * velocity[i] : velocity[i];
      }
      values[i] -= lr * direction;
    }
  }
}
