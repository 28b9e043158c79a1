/**
 * Ops as methods that chain: `h.matmul(w).add(b).tanh()`. Separate from Variable so that the engine names no op; an
 * op becomes a method by standing in this list.
 */

import * as ops from './ops/index.js';
import { type Operand, Variable } from './variable.js';

const names = [
  'abs',
  'add',
  'broadcastTo',
  'clamp',
  'clipGradientAt',
  'cos',
  'div',
  'exp',
  'gatherRows',
  'gelu',
  'leakyRelu',
  'log',
  'logSoftmax',
  'logSumExp',
  'matmul',
  'max',
  'maximum',
  'mean',
  'min',
  'minimum',
  'mul',
  'neg',
  'norm',
  'pow',
  'reciprocal',
  'relu',
  'reshape',
  'rsqrt',
  'sigmoid',
  'silu',
  'sin',
  'slice',
  'softmax',
  'softplus',
  'sqrt',
  'square',
  'sub',
  'sum',
  'tanh',
  'transpose',
  'variance',
] as const;

type Chained<Ops> = {
  [Name in keyof Ops]: Ops[Name] extends (self: Operand, ...rest: infer Rest) => Variable
    ? (...rest: Rest) => Variable
    : never;
};

declare module './variable.js' {
  interface Variable extends Chained<Pick<typeof ops, (typeof names)[number]>> {}
}

for (const [name, op] of Object.entries(ops)) {
  if (!(names as readonly string[]).includes(name)) continue;
  Object.defineProperty(Variable.prototype, name, {
    value(this: Variable, ...rest: unknown[]) {
      return (op as (...args: unknown[]) => Variable)(this, ...rest);
    },
  });
}
