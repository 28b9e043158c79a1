/**
 * The training loop (train.ts, which decides what diverged), its records (record.ts) and their summary (summary.ts): what
 * runs anywhere. Replicas in threads are in replicas.ts.
 */

export { median } from '../statistics/quantile.js';
export type { Divergence, StepRecord, TrainResult } from './record.js';
export { type RunSummary, summarize } from './summary.js';
export { type TrainOptions, train, trainSteps } from './train.js';
