/**
 * The op contract. An op is one entry that stands in one place: its name, forward and backward on plain tensors,
 * and the samples on which the test suite checks its derivative and compares backends.
 */

import type { Shape, Tensor } from '../tensor/index.js';
import { watched } from './anomaly.js';
import { outputOf } from './contract.js';
import { asVariables, isRecording, type Operand, Variable } from './variable.js';

/** What a backward rule may look at besides the gradient of the output. */
export interface BackwardContext<Inputs extends readonly Tensor[], Params> {
  readonly inputs: Inputs;
  readonly output: Tensor;
  readonly params: Params;
}

/** A call on which an op is checked: inputs are drawn from `range` (default −2 … 2), no two alike. */
export interface Sample<Params> {
  readonly shapes: readonly Shape[];
  readonly params?: Params;
  readonly range?: readonly [low: number, high: number];
  /** Inputs that are masks of zeros and ones, and are not differentiated. */
  readonly masks?: readonly number[];
}

/** One op: what `defineOp` takes. */
export interface OpDefinition<Inputs extends readonly Tensor[], Params> {
  readonly name: string;
  forward(inputs: Inputs, params: Params): Tensor;
  /**
   * One function per input that computes dLoss/dInput from dLoss/dOutput; it is called only if that input needs
   * a gradient. Its result may have the broadcast shape: the engine sums it back.
   */
  backward(grad: Tensor, context: BackwardContext<Inputs, Params>): readonly (() => Tensor)[];
  /** At least one; an op that takes any number of inputs shows it by samples of different numbers. */
  readonly samples: readonly Sample<Params>[];
}

/** An op as the engine and the test suite see it. */
export type OpRule = OpDefinition<readonly Tensor[], unknown>;

type Operands<Inputs extends readonly Tensor[]> = { readonly [K in keyof Inputs]: Operand };
type Trailing<Params> = [Params] extends [void]
  ? []
  : undefined extends Params
    ? [params?: Params]
    : [params: Params];

/** How an op is called: `op(a, b, params)`; `op([a, b, …], params)` where it takes any number of inputs. */
export type OpFunction<Inputs extends readonly Tensor[], Params> = (number extends Inputs['length']
  ? (inputs: readonly Operand[], ...params: Trailing<Params>) => Variable
  : (...args: [...Operands<Inputs>, ...Trailing<Params>]) => Variable) & { readonly rule: OpRule };

/** Makes the function that computes an op and, unless recording is off, remembers how. */
export function defineOp<Inputs extends readonly Tensor[], Params = void>(
  definition: OpDefinition<Inputs, Params>,
): OpFunction<Inputs, Params> {
  const rule = definition as unknown as OpRule;
  const [count, ...others] = rule.samples.map(({ shapes }) => shapes.length);
  const isVariadic = others.some((other) => other !== count);
  if (count === undefined) {
    throw new Error(`defineOp: '${rule.name}' needs at least one sample; its derivative is checked on them`);
  }
  const call = (...args: unknown[]): Variable => {
    if (!Array.isArray(args[0])) return applyOp(rule, asVariables(rule.name, args, count), args[count]);
    const { length } = args[0];
    if (!isVariadic && length !== count)
      throw new Error(`${rule.name}: takes ${count} operands, got ${length}`);
    return applyOp(rule, asVariables(rule.name, args[0], length), args[1]);
  };
  return Object.assign(call, { rule }) as unknown as OpFunction<Inputs, Params>;
}

/** Computes an op and, unless recording is off, remembers how. */
export function applyOp(op: OpRule, inputs: readonly Variable[], params: unknown): Variable {
  const values: Tensor[] = [];
  const versions: number[] = [];
  let requiresGrad = false;
  for (const input of inputs) {
    values.push(input.value);
    versions.push(input.value.version);
    requiresGrad ||= input.requiresGrad;
  }
  const output = outputOf(watched(op, inputs), values, params);
  if (!requiresGrad || !isRecording()) return new Variable(output);
  return new Variable(output, true, { op, params, inputs, values, versions, used: false });
}
