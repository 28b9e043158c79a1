/** AdamW: Loshchilov & Hutter 2019, Algorithm 2. */

import type { Parameter } from '../autograd/index.js';
import { type AdamOptions, adamDefaults, adamState, adamUpdate, checkAdam } from './adam.js';
import type { GroupOptions, ParameterGroup, Settings } from './group.js';
import { Optimizer } from './optimizer.js';
import type { UpdateRun } from './update-run.js';

/** Options of AdamW; names and defaults as in PyTorch. */
export interface AdamWOptions extends Omit<AdamOptions, 'weightDecay'> {
  /** Decoupled: every update first multiplies the value by 1 − lr · weightDecay; default 0.01. */
  readonly weightDecay?: number;
}

/**
 * θ ← (1 − lr · weightDecay) · θ, then Adam's update from the gradient alone: the decay enters no moment, so that it is
 * neither clipped nor divided by √v̂, and a weight shrinks at the same rate whatever its gradients are.
 */
export class AdamW extends Optimizer<AdamWOptions> {
  constructor(
    params: Iterable<Parameter> | Iterable<ParameterGroup<AdamWOptions>>,
    options: Partial<AdamWOptions> = {},
  ) {
    super(params, options, { ...adamDefaults, weightDecay: 0.01 });
  }

  protected override validate(options: GroupOptions<AdamWOptions>): void {
    checkAdam('AdamW', options);
  }

  protected override stateNames(options: GroupOptions<AdamWOptions>): readonly string[] {
    return adamState(options);
  }

  protected override update(run: UpdateRun, options: Settings<AdamWOptions>): void {
    adamUpdate(run, options, true);
  }
}
