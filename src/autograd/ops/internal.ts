/** Ops that the library's own layers and losses are made of: they trust their caller, who has checked. */

export { recurrenceLast } from './recurrence.js';
export { pickRows } from './rows.js';
export { crossEntropyRows } from './softmax.js';
export { squaredError } from './squared-error.js';
