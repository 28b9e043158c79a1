/**
 * Functions as methods that chain: `h.matmul(w).add(b).tanh().sum().backward()`. The engine names no op: an op becomes a
 * method of Variable by standing in this list, and of Tensor, which computes the same without a graph.
 */

import { checkCount, wrongKind } from '../tensor/arguments.js';
import { Tensor, type TensorLike } from '../tensor/index.js';
import * as pass from './backward.js';
import { noGrad, Variable } from './graph.js';
import type { Operand } from './op.js';
import * as ops from './ops/index.js';

/** Ops that Tensor has as well, as methods of its own. */
const shared = [
  'abs',
  'add',
  'broadcastTo',
  'cos',
  'div',
  'erf',
  'exp',
  'gatherRows',
  'log',
  'log1p',
  'matmul',
  'max',
  'mul',
  'neg',
  'reciprocal',
  'relu',
  'reshape',
  'sigmoid',
  'sign',
  'sin',
  'slice',
  'sqrt',
  'square',
  'sub',
  'sum',
  'tanh',
  'transpose',
] as const;

/** Ops that Tensor answers to by computing them here. */
const lent = [
  'clamp',
  'gelu',
  'leakyRelu',
  'logSoftmax',
  'logSumExp',
  'maximum',
  'mean',
  'min',
  'minimum',
  'norm',
  'pow',
  'rsqrt',
  'silu',
  'softmax',
  'softplus',
  'unstack',
  'variance',
] as const;

/** The functions without their first argument. The mapped types lead an editor from a method to its op. */
type Chained<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (self: never, ...rest: infer Rest) => infer Result
    ? (...rest: Rest) => Result
    : never;
};

/** The same on Tensors: Tensors in, Tensors out. */
type OnTensors<Functions> = {
  [Name in keyof Functions]: Functions[Name] extends (self: never, ...rest: infer Rest) => infer Result
    ? (
        ...rest: { [K in keyof Rest]: Variable extends Rest[K] ? TensorLike : Rest[K] }
      ) => Result extends Variable ? Tensor : Tensor[]
    : never;
};

type OwnMethods = (typeof shared)[number] | (typeof lent)[number] | 'clipGradientAt';

declare module './graph.js' {
  interface Variable
    extends Chained<Pick<typeof ops, OwnMethods>>,
      Chained<Pick<typeof pass, 'backward'>>,
      Pick<Tensor, (typeof read)[number] | (typeof known)[number]> {
    /** This where the condition is not zero, `other` elsewhere; no gradient flows to the condition. */
    where(condition: Operand, other: Operand): Variable;
  }
}

declare module '../tensor/tensor.js' {
  interface Tensor extends OnTensors<Pick<typeof ops, (typeof lent)[number]>> {}
}

type AnyFunction = (self: Operand, ...rest: unknown[]) => unknown;

const functions: Readonly<Record<string, unknown>> = { ...ops, ...pass };
for (const name of [...shared, ...lent, 'clipGradientAt', 'backward']) {
  const fn = functions[name] as AnyFunction;
  Object.defineProperty(Variable.prototype, name, {
    value(this: Variable, ...rest: unknown[]) {
      return fn(this, ...rest);
    },
  });
}

Variable.prototype.where = function (condition, other) {
  checkCount('where', arguments.length, 2);
  return ops.where(condition, this, other);
};

for (const name of lent) {
  const fn = functions[name] as AnyFunction;
  Object.defineProperty(Tensor.prototype, name, {
    value(this: Tensor, ...rest: unknown[]) {
      for (const operand of rest) {
        if (operand instanceof Variable) throw wrongKind(name, 'an operand', 'a Tensor or a number', operand);
      }
      const made = noGrad(() => fn(this, ...rest)) as Variable | Variable[];
      return Array.isArray(made) ? made.map(({ value }) => value) : made.value;
    },
  });
}

/** What a Variable tells of its value. */
const known = ['dtype', 'backend', 'rank', 'size'] as const;
const read = ['data', 'ndarray', 'toArray', 'argmax'] as const;

for (const name of known) {
  Object.defineProperty(Variable.prototype, name, {
    get(this: Variable) {
      return this.value[name];
    },
  });
}

for (const name of read) {
  Object.defineProperty(Variable.prototype, name, {
    value(this: Variable, ...rest: unknown[]) {
      return (this.value[name] as (...rest: unknown[]) => unknown).apply(this.value, rest);
    },
  });
}
