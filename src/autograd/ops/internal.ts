/** Ops that the library's own layers and losses are made of: they trust their caller, who has checked. */

export { gru } from './gru.js';
export { layerNorm } from './layer-norm.js';
export { lstm } from './lstm.js';
export { recurrenceLast } from './recurrence.js';
export { pickRows } from './rows.js';
export { causalSoftmax, crossEntropyRows } from './softmax.js';
export { squaredError } from './squared-error.js';
