/** What the log of a run tells: a threshold to clip at, and what is wrong with the run. Needs numbers only, no tensors. */

export { type Diagnosis, diagnose } from './diagnose.js';
export { LogColumns } from './log-columns.js';
export { type LoggedStep, loggedStep } from './logged-step.js';
export {
  type ClipEffect,
  recommendThreshold,
  type ThresholdAdvice,
  type ThresholdCandidate,
} from './recommend.js';
export type { Cause, Evidence, Verdict } from './verdict.js';
