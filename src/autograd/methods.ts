/**
 * Functions as methods that chain: `h.matmul(w).add(b).tanh().sum().backward()`. The engine names no op: an op becomes a
 * method of Variable by standing in this list.
 */

import * as pass from './backward.js';
import { Variable } from './graph.js';
import type { Operand } from './op.js';
import * as ops from './ops/index.js';

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
  'unstack',
  'variance',
] as const;

/** The functions without their first argument. The mapped types lead an editor from a method to its op. */
type Chained<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (self: never, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

declare module './graph.js' {
  interface Variable
    extends Chained<Pick<typeof ops, (typeof names)[number]>>,
      Chained<Pick<typeof pass, 'backward'>> {}
}

const functions: Readonly<Record<string, unknown>> = { ...ops, ...pass };
for (const name of [...names, 'backward']) {
  const fn = functions[name] as (self: Operand, ...rest: unknown[]) => unknown;
  Object.defineProperty(Variable.prototype, name, {
    value(this: Variable, ...rest: unknown[]) {
      return fn(this, ...rest);
    },
  });
}
