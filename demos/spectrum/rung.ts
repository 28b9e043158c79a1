/** What the ladder measures: its trainings, its rungs, and the first gradient of each. */

import { parseClipSpec } from '../../src/index.js';
import type { DemoConfig, StudyResult, StudyTask } from '../demo.js';
import { firstGradients, growthOf } from '../latch/model.js';
import { predictedNorm } from './law.js';
import { startSpectrum } from './model.js';
import type { Cell } from './outcome.js';

/** Rates of the story of the rate: that of `latch`, and a fifth of it. */
export const RATES = [0.02, 0.1] as const;

/** A training of the ladder, or of one of the two stories beside it. */
export interface Climb extends StudyTask {
  readonly story: 'ladder' | 'tanh' | 'rate';
}

/** A finished training. */
export interface Climbed {
  readonly task: Climb;
  readonly result: StudyResult;
}

/** One value of ρ: what its first gradient was, and what became of its trainings. */
export interface Rung {
  readonly rho: number;
  readonly firstNorm: number;
  readonly predictedNorm: number;
  /** ‖∂L/∂hₜ‖ by t, at the first step. */
  readonly hidden: readonly number[];
  /** Of ‖∂L/∂hₜ‖ per step back in time, in the mean. */
  readonly growthPerStep: number;
  /** By clip spec, in the order of the configuration; null where nothing was finished. */
  readonly cells: readonly (Cell | null)[];
  readonly runs: readonly Climbed[];
}

/** The whole measurement. */
export interface Ladder {
  readonly config: DemoConfig;
  readonly rungs: readonly Rung[];
  /** The trainings of the stories beside it; empty but for the page. */
  readonly beside: readonly Climbed[];
}

/** The first gradient of the first seed, measured and by the law. */
export function firstStepOf(config: DemoConfig, rho: number) {
  const { hidden, total } = firstGradients(startAt(config, rho));
  return {
    firstNorm: total,
    predictedNorm: lawAt(config, rho),
    hidden,
    growthPerStep: growthOf(hidden).mean,
  };
}

/** What the law says of it. */
export function lawAt(config: DemoConfig, rho: number): number {
  return predictedNorm(startAt(config, rho), rho, String(config.own.activation));
}

function startAt(config: DemoConfig, rho: number) {
  return startSpectrum({ ...config, own: { ...config.own, rho } });
}

/** The norm at which a spec clips; null where it does not. */
export function thresholdOf(clip: string): number | null {
  return parseClipSpec(clip).threshold;
}
