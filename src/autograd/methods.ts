/**
 * Ops as methods that chain: `h.matmul(w).add(b).tanh()`. Separate from Variable so that the engine names no op; an
 * op becomes a method by standing in this list.
 */

import {
  abs,
  add,
  broadcastTo,
  clamp,
  cos,
  div,
  exp,
  gatherRows,
  gelu,
  leakyRelu,
  log,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  norm,
  pow,
  reciprocal,
  relu,
  reshape,
  rsqrt,
  sigmoid,
  silu,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  transpose,
  variance,
} from './ops/index.js';
import { type Operand, Variable } from './variable.js';

const chained = {
  abs,
  add,
  broadcastTo,
  clamp,
  cos,
  div,
  exp,
  gatherRows,
  gelu,
  leakyRelu,
  log,
  logSoftmax,
  logSumExp,
  matmul,
  max,
  maximum,
  mean,
  min,
  minimum,
  mul,
  neg,
  norm,
  pow,
  reciprocal,
  relu,
  reshape,
  rsqrt,
  sigmoid,
  silu,
  sin,
  slice,
  softmax,
  softplus,
  sqrt,
  square,
  sub,
  sum,
  tanh,
  transpose,
  variance,
};

type Chained<Ops> = {
  [Name in keyof Ops]: Ops[Name] extends (self: Operand, ...rest: infer Rest) => Variable
    ? (...rest: Rest) => Variable
    : never;
};

declare module './variable.js' {
  interface Variable extends Chained<typeof chained> {}
}

for (const [name, op] of Object.entries(chained)) {
  Object.defineProperty(Variable.prototype, name, {
    value(this: Variable, ...rest: unknown[]) {
      return (op as (...args: unknown[]) => Variable)(this, ...rest);
    },
  });
}
