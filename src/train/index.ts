/** The training loop, its records and their summary: what runs anywhere. */

export { median } from '../statistics/quantile.js';
export type { Divergence, StepRecord, TrainResult } from './record.js';
export { type RunSummary, summarize } from './summary.js';
export { type TrainOptions, train, trainSteps } from './train.js';
