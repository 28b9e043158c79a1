/** Norms by hand through real steps, and the few sums over runs that the experiments of this part share. */

import { recommendThreshold, type ThresholdCandidate } from '../../src/diagnose/index.js';
import { clipByGlobalNorm, Parameter, type Random, SGD, type StepReport, tensor } from '../../src/index.js';

const exact = { dtype: 'float64', backend: 'reference' } as const;

/** The arithmetic mean. */
export function mean(values: readonly number[]): number {
  return values.reduce((sum, value) => sum + value, 0) / values.length;
}

/** Share of the items that something is true of. */
export function share<Item>(items: readonly Item[], is: (item: Item) => boolean): number {
  return items.filter(is).length / items.length;
}

/** Norms whose logarithm is normally distributed, around 1: the larger σ, the heavier their tail. */
export function lognormal(count: number, sigma: number, random: Random): readonly number[] {
  return Array.from({ length: count }, () => Math.exp(sigma * random.normal()));
}

/** A percentile of norms, as the library names it. */
export function percentile(norms: readonly number[], name: ThresholdCandidate['name']): number {
  return recommendThreshold(norms).candidates.find((candidate) => candidate.name === name)!.threshold;
}

/** What clipping by norm did to gradients of these norms, all in the direction (0.6, 0.8), a step each. */
export async function clippedStream(
  threshold: number,
  norms: readonly number[],
): Promise<readonly StepReport[]> {
  const parameter = new Parameter(tensor([0, 0], exact));
  const optimizer = new SGD([parameter], { lr: 1, hooks: [clipByGlobalNorm(threshold)] });
  const reports: StepReport[] = [];
  for (const norm of norms) {
    parameter.grad = tensor([0.6 * norm, 0.8 * norm], exact);
    reports.push(await optimizer.step());
  }
  return reports;
}
