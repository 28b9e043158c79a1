/** Public surface of autograd: variables, ops, the backward pass, gradient checks. */

import './methods.js';

export { detectAnomaly } from './anomaly.js';
export { type BackwardOptions, backward } from './backward.js';
export { checkOp } from './check-op.js';
export { type GradcheckOptions, gradcheck } from './gradcheck.js';
export {
  type BackwardContext,
  defineOp,
  type OpDefinition,
  type OpFunction,
  type OpRule,
  type Sample,
} from './op.js';
export * from './ops/index.js';
export { type BlockPlace, Parameter, type ParameterBlock } from './parameter.js';
export { isRecording, noGrad, type Operand, Variable, variable } from './variable.js';
