/** What one optimizer step did: separate from the optimizer because logs, loops and charts read it alone. */

import type { HookReport, MeterDevice, ObservedStep } from '../clip/index.js';

/** What `optimizer.step()` tells. Norms are 2-norms over all parameters with a gradient. */
export interface StepReport extends ObservedStep {
  /** Updates applied before this one: 0 at the first. */
  readonly step: number;
  /** Learning rate of the first group. */
  readonly lr: number;
  /** normAfter / normBefore; 1 if nothing changed or there was nothing to scale. */
  readonly scale: number;
  /** Names of the gradients that were NaN or infinite before the hooks. */
  readonly nonFinite: readonly string[];
  /** What each hook that ran said, in order. */
  readonly hooks: readonly HookReport[];
  /** Where these norms were computed: a gpu.js device, the simd kernels, or the host (float64 gradients). */
  readonly normDevice: MeterDevice;
}

/** What reads as the report on a Promise of it: the sign of a forgotten await. */
const pending: object = Object.create(Promise.prototype);
const reported: readonly (keyof StepReport)[] = [
  'step',
  'lr',
  'normBefore',
  'normAfter',
  'scale',
  'clipped',
  'norms',
  'nonFinite',
  'hooks',
  'skipped',
  'normDevice',
];
for (const name of reported) {
  Object.defineProperty(pending, name, {
    get() {
      throw new Error(
        `Optimizer.step: ${name} is known once the step has finished; await it: const { ${name} } = await optimizer.step()`,
      );
    },
  });
}

/** The same Promise; reading a field of the report from it throws an error that names the missing await. */
export function namesPending(report: Promise<StepReport>): Promise<StepReport> {
  return Object.setPrototypeOf(report, pending);
}
