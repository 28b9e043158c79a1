/** What a thread of the pool runs: one experiment with one seed. */

import { experimentOf } from '../../../experiments/index.js';
import { type Outcome, runExperiment } from '../../../experiments/run.js';

/** Which experiment, and its seed. */
export interface Task {
  readonly number: number;
  readonly seed: number;
}

/** Runs a task. */
export default function runTask({ number, seed }: Task): Promise<Outcome> {
  return runExperiment(experimentOf(number), seed);
}
