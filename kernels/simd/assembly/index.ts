/*
 * tamegrad's SIMD kernels: every function that the module exports. What each computes, with its arguments, is
 * documented where it is defined and, for callers, in ../load.ts.
 */

export { adam, sgd } from './optim';
export { maxAbs, scaleBlock, sumSquares, sumSquaresSegments } from './block';
export { binary } from './elementwise/binary';
export { copy, fill, gatherRows, scatterAddRows, where } from './elementwise/copy';
export { unary } from './elementwise/unary';
export { activationBackward } from './fused/activation';
export { layerNormBackward, layerNormForward } from './fused/layer-norm';
export { gruBackward, gruForward, gruScratchBytes } from './fused/gru';
export { lstmBackward, lstmForward, lstmScratchBytes } from './fused/lstm';
export { recurrentBackward, recurrentForward, recurrentScratchBytes } from './fused/recurrent';
export {
  causalSoftmaxRows, crossEntropyBackward, crossEntropyForward, logSoftmaxRows, softmaxRows,
} from './fused/softmax';
export { matmul, matmulScratchBytes } from './matmul/matmul';
export { reduceColumns, reduceRows, sum } from './reduce';
