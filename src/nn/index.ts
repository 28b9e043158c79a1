/** Layers, a file each; losses (losses.ts), initial weights (init.ts), and Module, which finds and names parameters (module.ts). */

export { accuracy } from './accuracy.js';
export { GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh } from './activation.js';
export { BatchNorm1d, type BatchNormOptions } from './batch-norm.js';
export { ModuleBuffer } from './buffer.js';
export { Dropout, type DropoutOptions } from './dropout.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export { type Counter, fromPyTorch, type IntegerTensor, toPyTorch } from './from-pytorch.js';
export { GRU, type GRUOptions } from './gru.js';
export type { Ids, NestedIds } from './ids.js';
export {
  type GainName,
  type GainOptions,
  gainFor,
  type KaimingOptions,
  kaimingNormal,
  kaimingUniform,
  orthogonal,
  xavierNormal,
  xavierUniform,
} from './init.js';
export { LayerNorm, type LayerNormOptions } from './layer-norm.js';
export { LearnedPositions, type LearnedPositionsOptions } from './learned-positions.js';
export { Linear, type LinearOptions } from './linear.js';
export {
  type BinaryCrossEntropyOptions,
  bceWithLogits,
  type CrossEntropyOptions,
  crossEntropy,
  type HuberOptions,
  huberLoss,
  type LossOptions,
  mseLoss,
  type Reduction,
} from './losses.js';
export { LSTM, type LSTMOptions } from './lstm.js';
export { type LayerInput, Module, type ModulePart, type StateDict } from './module.js';
export { MultiheadAttention, type MultiheadAttentionOptions } from './multihead-attention.js';
export type { LSTMOutput, RecurrentOutput } from './recurrent-output.js';
export {
  type RecurrentLayer,
  RecurrentStack,
  type RecurrentStackOptions,
  type StackOutput,
} from './recurrent-stack.js';
export { Residual } from './residual.js';
export { RNN, type RNNNonlinearity, type RNNOptions } from './rnn.js';
export { type InputOf, type Layer, type OutputOf, Sequential } from './sequential.js';
export {
  type ScaledWeight,
  type SpectralNorm,
  type SpectralNormOptions,
  spectralNorm,
  withSpectralNorm,
} from './spectral.js';
export { TransformerBlock, type TransformerBlockOptions } from './transformer-block.js';
