/** The training loop, its records and their summary: what runs anywhere. */

export type { Divergence, StepRecord } from './record.js';
export { median, type RunSummary, summarize } from './summary.js';
export { type TrainOptions, type TrainResult, train, trainSteps } from './train.js';
