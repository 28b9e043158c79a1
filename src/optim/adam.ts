/** Adam: Kingma & Ba 2015, Algorithm 1; AMSGrad: Reddi, Kale & Kumar 2018. Its rule also serves AdamW. */

import { type OptionRange, ranges } from '../clip/checks.js';
import { power } from '../tensor/math.js';
import { atLeast, carriedFrom, normalFrom, squaredFrom } from '../tensor/tiny.js';
import { defineOptimizer } from './define-optimizer.js';
import type { RuleOptions } from './group.js';
import type { OptimizerOptions } from './optimizer-options.js';
import type { UpdateRule } from './update-rule.js';
import type { UpdateRun } from './update-run.js';

/** Options of Adam; names and defaults as in PyTorch. */
export interface AdamOptions extends OptimizerOptions {
  /** Decay rates of the first and second moment; default [0.9, 0.999]. */
  readonly betas?: readonly [number, number];
  /** Added to the denominator; default 1e-8. */
  readonly eps?: number;
  /** Coupled L2 penalty: adds weightDecay · value to the gradient, after the hooks. */
  readonly weightDecay?: number;
  /** Divide by the largest second moment seen; default false. */
  readonly amsgrad?: boolean;
  /** Climb instead of descend. */
  readonly maximize?: boolean;
}

const betas: OptionRange = {
  rule: 'two numbers in [0, 1)',
  has: (x) => Array.isArray(x) && x.length === 2 && x.every(ranges.share.has),
};

/** What Adam and AdamW share; with `decoupled`, weight decay shrinks the values instead of entering the gradient. */
export const adamRule = {
  defaults: { lr: 1e-3, betas: [0.9, 0.999], eps: 1e-8, weightDecay: 0, amsgrad: false, maximize: false },
  ranges: {
    betas,
    eps: ranges.finite,
    weightDecay: ranges.finite,
    amsgrad: ranges.flag,
    maximize: ranges.flag,
  },
  state: ({ amsgrad }) => ['firstMoment', 'secondMoment', ...(amsgrad ? ['largestSecondMoment'] : [])],
  squares: true,
} as const satisfies Partial<UpdateRule<AdamOptions>>;

/** m ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − lr · m̂ / (√v̂ + ε) with m̂, v̂ corrected for their start at 0. */
export class Adam extends defineOptimizer<AdamOptions>({
  ...adamRule,
  name: 'Adam',
  formula: 'm ← β₁m + (1−β₁)g, v ← β₂v + (1−β₂)g², θ ← θ − lr · m̂ / (√v̂ + ε)',
  update: (run, options) => adamUpdate(run, options, false),
}) {}

/** The rule of both. */
export function adamUpdate(run: UpdateRun, options: RuleOptions<AdamOptions>, decoupled: boolean): void {
  const { lr, betas, eps, weightDecay, amsgrad, maximize } = options;
  const { values, grads, start, end, count } = run;
  const [first, second] = [run.state('firstMoment'), run.state('secondMoment')];
  const largest = amsgrad ? run.state('largestSecondMoment') : null;
  const stepSize = lr / (1 - power(betas[0], count + 1));
  const correction = Math.sqrt(1 - power(betas[1], count + 1));
  if (run.fused.adam) {
    const constants = { lr, stepSize, correction, betas, eps, weightDecay, decoupled, maximize };
    run.fused.adam(run, { first, second, largest }, constants);
    return;
  }
  const penalty = decoupled ? 0 : weightDecay;
  const shrink = decoupled ? 1 - lr * weightDecay : 1;
  const [least, leastSquare] = [carriedFrom(values), normalFrom(values)];
  const leastGrad = squaredFrom(values, 1 - betas[1]);
  for (let i = start; i < end; i++) {
    let grad = maximize ? -grads[i] : grads[i];
    if (penalty !== 0) grad += penalty * values[i];
    grad = atLeast(leastGrad, grad);
    first[i] = atLeast(least, betas[0] * first[i] + (1 - betas[0]) * grad);
    second[i] = atLeast(leastSquare, betas[1] * second[i] + (1 - betas[1]) * grad * grad);
    let scale = second[i];
    if (largest) {
      // As written, a NaN second moment would never enter the maximum.
      if (!(second[i] <= largest[i])) largest[i] = second[i];
      scale = largest[i];
    }
    values[i] = shrink * values[i] - (stepSize * first[i]) / (Math.sqrt(scale) / correction + eps);
  }
}
