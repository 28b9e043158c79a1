/** The table of ops: every export is one, and the test suite checks each. */

export * from './activation.js';
export * from './elementwise.js';
export * from './layer.js';
export * from './matmul.js';
export * from './movement.js';
export * from './recurrence.js';
export * from './reduce.js';
