/** AdamW: Loshchilov & Hutter 2019, Algorithm 2. */

import { type AdamOptions, adamRule, adamUpdate } from './adam.js';
import { defineOptimizer } from './define-optimizer.js';

/** Options of AdamW; names and defaults as in PyTorch. */
export interface AdamWOptions extends Omit<AdamOptions, 'weightDecay'> {
  /** Decoupled: every update first multiplies the value by 1 − lr · weightDecay; default 0.01. */
  readonly weightDecay?: number;
}

/**
 * θ ← (1 − lr · weightDecay) · θ, then Adam's update from the gradient alone: the decay enters no moment, so that it is
 * neither clipped nor divided by √v̂, and a weight shrinks at the same rate whatever its gradients are.
 */
export class AdamW extends defineOptimizer<AdamWOptions>({
  ...adamRule,
  name: 'AdamW',
  formula: 'θ ← (1 − lr·λ)θ, then as Adam',
  defaults: { ...adamRule.defaults, weightDecay: 0.01 },
  update: (run, options) => adamUpdate(run, options, true),
}) {}
