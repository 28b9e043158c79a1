/** The table of ops: every export is one, and the test suite checks each, as it does those of internal.ts. */

export { gelu, leakyRelu, relu, sigmoid, silu, softplus, tanh } from './activation.js';
export { affine } from './affine.js';
export { clipGradientAt, type GradientLimit } from './clip-gradient.js';
export * from './elementwise.js';
export * from './matmul.js';
export * from './movement.js';
export { type RecurrenceParams, recurrence } from './recurrent/rnn.js';
export * from './reduce.js';
export { gatherRows } from './rows.js';
export { type AxisOption, logSoftmax, logSumExp, softmax } from './softmax.js';
