/** Public surface of nn: Module, layers, losses, initial weights. */

export { GELU, LeakyReLU, ReLU, Sigmoid, SiLU, Softplus, Tanh } from './activation.js';
export { Embedding, type EmbeddingOptions } from './embedding.js';
export type { IdArray, Ids, NestedIds } from './ids.js';
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
export { Linear, type LinearOptions } from './linear.js';
export {
  bceWithLogits,
  crossEntropy,
  type HuberOptions,
  huberLoss,
  type LossOptions,
  mseLoss,
  type Reduction,
} from './losses.js';
export { type LayerInput, Module, type StateDict } from './module.js';
export type { RecurrentOutput } from './recurrent-output.js';
export { RNN, type RNNNonlinearity, type RNNOptions } from './rnn.js';
export { type InputOf, type Layer, type OutputOf, Sequential } from './sequential.js';
export {
  type ScaledWeight,
  type SpectralNorm,
  type SpectralNormOptions,
  spectralNorm,
  withSpectralNorm,
} from './spectral.js';
export { unstack } from './unstack.js';
