/** Public surface of the optimizers. */

export { Adam, type AdamOptions } from './adam.js';
export type { GroupOptions, OptimizerGroup, ParameterGroup, Settings } from './group.js';
export { Optimizer, type OptimizerOptions, type StepOptions } from './optimizer.js';
export type { StepReport } from './report.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { UpdateRun } from './update-run.js';
