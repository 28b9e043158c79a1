/**
 * What a training run leaves behind: one record a step, and how the run ended. These are plain data, separate from the
 * loop that fills them, because logs, charts, tables and reports all read them.
 */

import type { MeterDevice } from '../clip/index.js';
import type { StepReport } from '../optim/index.js';

/** One training step: its loss, and of the optimizer's report what a log keeps. `step` counts the steps taken, from 0. */
export interface StepRecord extends Omit<StepReport, 'nonFinite' | 'hooks' | 'normDevice'> {
  /** Of an optimizer that accumulates, the mean over its micro-batches. */
  readonly loss: number;
}

/** The first non-finite number of a run: where it stood and when it came. */
export interface Divergence {
  readonly step: number;
  readonly what: 'loss' | 'gradient' | 'parameter';
  /** Names of the parameters whose gradient (or value) was not finite; empty where the loss alone was not. */
  readonly names: readonly string[];
  /** Name of the parameter with the largest gradient at that step, one that is not finite before all others. */
  readonly largest: string;
}

/** What a training left behind. */
export interface TrainResult {
  readonly records: readonly StepRecord[];
  /** The first non-finite loss, gradient or parameter, at which the training stopped; null if there was none. */
  readonly divergence: Divergence | null;
  /** Whether the signal ended it. */
  readonly interrupted: boolean;
  /** The backend that computed. */
  readonly backend: string;
  /** Where gradient norms were measured. */
  readonly normDevice: MeterDevice;
  readonly wallMs: number;
}
