/** What the log of a run tells: a threshold to clip at, and what is wrong with the run. Needs numbers only, no tensors. */

export { type DiagnoseOptions, type Diagnosis, diagnose, type Objective } from './diagnose.js';
export {
  type JudgedLog,
  type JudgedRun,
  type JudgeOptions,
  judgeLog,
  type ThresholdInForce,
} from './judge.js';
export { LogColumns } from './log-columns.js';
export { type LoggedStep, loggedStep } from './logged-step.js';
export { LogError } from './read/log-error.js';
export { LogReader } from './read/log-reader.js';
export {
  type ByteStream,
  type Log,
  type LogOfOptions,
  type LogSource,
  logOf,
  type ReadLogOptions,
  readLog,
} from './read/read-log.js';
export type { Run } from './read/runs.js';
export {
  type ClipEffect,
  recommendThreshold,
  type ThresholdAdvice,
  type ThresholdCandidate,
} from './recommend.js';
export type { Cause, Evidence, Verdict } from './verdict.js';
