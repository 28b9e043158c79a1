/** Public surface of the optimizers. */

export { Adam, type AdamOptions } from './adam.js';
export { Optimizer, type OptimizerGroup, type OptimizerOptions, type ParameterGroup } from './optimizer.js';
export type { StepReport } from './report.js';
export { SGD, type SGDOptions } from './sgd.js';
export type { UpdateRun } from './update-run.js';
