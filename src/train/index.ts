/** Public surface of training that runs anywhere: the loop, its records and summary. */

export {
  type CheckpointNotes,
  type CheckpointParts,
  encodeCheckpoint,
  restoreCheckpoint,
} from './checkpoint.js';
export { type Diagnosis, diagnose } from './diagnose/diagnose.js';
export type { Cause, Evidence, Verdict } from './diagnose/verdict.js';
export { toJson } from './json.js';
export { LogColumns } from './log-columns.js';
export { type LoggedStep, loggedStep } from './logged-step.js';
export {
  type ClipEffect,
  recommendThreshold,
  type ThresholdAdvice,
  type ThresholdCandidate,
} from './recommend.js';
export type { Divergence, StepRecord } from './record.js';
export { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js';
export { median, type RunSummary, summarize } from './summary.js';
export { type TrainOptions, type TrainResult, train } from './train.js';
