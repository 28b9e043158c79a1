/**
 * Autograd: variables, the backward pass, gradient checks. Read graph.ts, op.ts, backward.ts, gradcheck.ts, parameter.ts in
 * this order. An op's forward, derivative and choice of a fused kernel are in one file of ops/; ops/recurrent has those of
 * RNN, LSTM and GRU.
 */

import './methods.js';

export { detectAnomaly } from './anomaly.js';
export { type BackwardOptions, backward } from './backward.js';
export { checkOp, type GradcheckOptions, gradcheck } from './gradcheck.js';
export { type GraphNode, type GraphOp, isRecording, noGrad, Variable, variable } from './graph.js';
export {
  type BackwardContext,
  defineOp,
  type OpDefinition,
  type Operand,
  type OpFunction,
  type OpRule,
  type Rules,
  type Sample,
} from './op.js';
export { toHalf } from './ops/half.js';
export * from './ops/index.js';
export { type BlockPlace, Parameter, type ParameterBlock, type ParameterHolder } from './parameter.js';
