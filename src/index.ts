/** The public entry point of tamegrad. */

export * from './autograd/index.js';
export * from './tensor/index.js';
