/** Public surface of training that runs anywhere: the loop, its records and summary. */

export { toJson } from './json.js';
export type { Divergence, StepRecord } from './record.js';
export { median, type RunSummary, summarize } from './summary.js';
export { type TrainOptions, type TrainResult, train } from './train.js';
