/** Ops for the library's own layers and losses alone, which check the shapes before they call them. */

export { binaryCrossEntropy } from './binary-cross-entropy.js';
export { layerNorm } from './layer-norm.js';
export { gru } from './recurrent/gru.js';
export { lstm } from './recurrent/lstm.js';
export { pickRows } from './rows.js';
export { causalSoftmax, crossEntropyRows } from './softmax.js';
export { squaredError } from './squared-error.js';
