/** The public entry point of tamegrad. */

export * from './autograd/index.js';
export * from './clip/index.js';
export * from './diagnose/index.js';
export * from './nn/index.js';
export * from './optim/index.js';
export * from './persist/index.js';
export * from './tensor/index.js';
export * from './train/index.js';
