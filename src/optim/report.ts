/** What one optimizer step did: separate from the optimizer because logs, loops and charts read it alone. */

import type { HookReport, MeterDevice } from '../clip/index.js';

/** What `optimizer.step()` tells. Norms are 2-norms over all parameters with a gradient. */
export interface StepReport {
  /** Updates applied before this one: 0 at the first. */
  readonly step: number;
  /** Learning rate of the first group. */
  readonly lr: number;
  readonly normBefore: number;
  readonly normAfter: number;
  /** normAfter / normBefore; 1 where nothing changed or there was nothing to scale. */
  readonly scale: number;
  /** Whether any hook changed the gradients. */
  readonly clipped: boolean;
  /** Norm of each parameter's gradient before the hooks, by name. */
  readonly norms: Readonly<Record<string, number>>;
  /** Names of the gradients that were NaN or infinite before the hooks. */
  readonly nonFinite: readonly string[];
  /** What each hook that ran said, in order. */
  readonly hooks: readonly HookReport[];
  /** Why no update was made, or null. */
  readonly skipped: string | null;
  /** Where these norms were computed: a gpu.js device, the simd kernels, or the host (float64 gradients). */
  readonly normDevice: MeterDevice;
}
