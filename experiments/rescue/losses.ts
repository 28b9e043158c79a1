/** Losses of a training as the experiments of this part look at them: late, smoothed, on data not trained on. */

import type { Training } from '../../demos/demo.js';
import { noGrad, type StepRecord, scope, type TrainResult } from '../../src/index.js';

function meanOf(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Mean loss of the last steps; not a finite number where the training diverged. */
export function lateLoss({ records, divergence }: TrainResult, steps: number): number {
  return divergence ? Number.POSITIVE_INFINITY : meanOf(records.slice(-steps).map(({ loss }) => loss));
}

/** Mean loss of every so many steps, each drawn at its last. */
export function smoothed({ records }: TrainResult, every: number) {
  const blocks: (readonly StepRecord[])[] = [];
  for (let start = 0; start < records.length; start += every)
    blocks.push(records.slice(start, start + every));
  return {
    x: blocks.map((block) => block[block.length - 1].step),
    y: blocks.map((block) => meanOf(block.map(({ loss }) => loss))),
  };
}

/** Mean loss over the next batches of a task, without training on them. */
export function freshLoss<Batch>({ batches, loss }: Training<Batch>, count: number): number {
  const losses: number[] = [];
  for (const batch of batches) {
    losses.push(noGrad(() => scope(() => loss(batch, 0).item())));
    if (losses.length === count) break;
  }
  return meanOf(losses);
}

/** Steps at which a hook changed the gradients. */
export function clipsOf({ records }: TrainResult): number {
  return records.filter(({ clipped }) => clipped).length;
}
