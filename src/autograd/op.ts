/**
 * Ops. An op stands in one place: its name, forward and backward on plain Tensors, and samples of its calls, on which the
 * tests check its derivative and compare backends. `defineOp` makes a function of it, which takes and makes Variables:
 *
 *     const mul = defineOp<[a: Tensor, b: Tensor]>({
 *       name: 'mul',
 *       forward: ([a, b]) => a.mul(b),
 *       backward: (grad, { inputs: [a, b] }) => [() => grad.mul(b), () => grad.mul(a)],
 *       samples: [{ shapes: [[2, 3], [3]] }],
 *     });
 */

import { checkCount, checkRest, kindOf, wrongKind } from '../tensor/arguments.js';
import { type Shape, Tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { type GraphNode, type GraphOp, isRecording, Variable, watcher } from './graph.js';

/** What an op accepts: a Variable, a Tensor, which is a constant, or a number, which takes the dtype of another operand. */
export type Operand = Variable | Tensor | number;

type Tensors = readonly Tensor[];

/** What an op makes: one tensor, or several. */
export type Outputs = Tensor | Tensors;

/** dLoss/dOutput; of several outputs a list, with null for those that the loss does not depend on. */
export type GradOf<Out extends Outputs> = Out extends Tensor
  ? Tensor
  : { readonly [K in keyof Out]: Tensor | null };

/** One function per input, which computes its gradient: called only if the input needs one. */
export type Rules<Inputs extends Tensors> = { readonly [K in keyof Inputs]: () => Tensor };

/** What backward may read besides the gradient of the output. */
export interface BackwardContext<
  Inputs extends Tensors,
  Params = void,
  Saved extends Tensors = readonly [],
  Out extends Outputs = Tensor,
> {
  readonly inputs: Inputs;
  readonly output: Out;
  readonly params: Params;
  /** What forward saved. */
  readonly saved: Saved;
}

/** A call on which an op is checked. */
export interface Sample<Params> {
  /** Of the inputs. */
  readonly shapes: readonly Shape[];
  readonly params?: Params;
  /** What the elements are drawn from, no two alike; default −2 … 2. */
  readonly range?: readonly [low: number, high: number];
  /** Inputs that are masks of zeros and ones, and are not differentiated. */
  readonly masks?: readonly number[];
}

/**
 * One op: what `defineOp` takes. `Inputs` are its operands, `Params` what follows them in a call, `Saved` what forward
 * keeps for backward, `Out` what it makes.
 */
export type OpDefinition<
  Inputs extends Tensors,
  Params = void,
  Saved extends Tensors = readonly [],
  Out extends Outputs = Tensor,
> = {
  readonly name: string;
  /** Computes the output. May call `save`, once, with tensors that backward needs. */
  forward(inputs: Inputs, params: Params, save: (...tensors: Saved) => void): Out;
  /**
   * Gives the functions that compute dLoss/dInput from dLoss/dOutput. If an input was broadcast, its gradient may have the
   * broadcast shape: the pass sums it. A tensor given to `note` can be read from `node.note` after the pass.
   */
  backward(
    grad: GradOf<Out>,
    context: BackwardContext<Inputs, Params, Saved, Out>,
    note: (tensor: Tensor) => void,
  ): Rules<Inputs>;
  /** Names of the options, if the params are an object of these: an unknown one is refused. */
  readonly options?: readonly string[];
  /** At least one, and at least one with params if the op takes any. */
  readonly samples: readonly Sample<Params>[];
} & (number extends Inputs['length']
  ? { /** Takes a list of any number of operands. */ readonly variadic: true }
  : { readonly variadic?: never }) &
  (Out extends Tensor
    ? { readonly severalOutputs?: never }
    : { /** Forward returns a list of tensors. */ readonly severalOutputs: true });

/** An op as the graph and the tests see it, whatever its types: lists of tensors in, lists of tensors out. */
export interface OpRule extends GraphOp {
  /** Number of operands; null for any number of them, in a list. */
  readonly arity: number | null;
  readonly severalOutputs: boolean;
  readonly samples: readonly Sample<unknown>[];
  forward(inputs: Tensors, params: unknown, save: (...tensors: Tensor[]) => void): Tensors;
}

/** What a call of an op takes for its inputs and after them, and what it gives. */
type Operands<Inputs extends Tensors> = { readonly [K in keyof Inputs]: Operand };
type Trailing<Params> = [Params] extends [void]
  ? []
  : undefined extends Params
    ? [params?: Params]
    : [params: Params];
type Result<Out extends Outputs> = Out extends Tensor ? Variable : { -readonly [K in keyof Out]: Variable };

/** How an op is called: `op(a, b, params)`; `op([a, b, …], params)` if it takes any number of inputs. */
export type OpFunction<Inputs extends Tensors, Params = void, Out extends Outputs = Tensor> = ((
  ...args: number extends Inputs['length']
    ? [inputs: readonly Operand[], ...params: Trailing<Params>]
    : [...Operands<Inputs>, ...Trailing<Params>]
) => Result<Out>) & { readonly rule: OpRule };

/**
 * Makes the function that computes an op and, unless recording is off, remembers how. Throws an Error unless there are
 * samples, with one number of inputs in all of them if the op is not variadic.
 */
export function defineOp<
  Inputs extends Tensors,
  Params = void,
  Saved extends Tensors = readonly [],
  Out extends Outputs = Tensor,
>(definition: OpDefinition<Inputs, Params, Saved, Out>): OpFunction<Inputs, Params, Out> {
  checkCount('defineOp', arguments.length, 1);
  checkDefinition(definition);
  const rule = ruleOf(definition as unknown as AnyDefinition);
  const { name, arity } = rule;
  const { options } = definition;
  /** The most arguments of a call: the operands, and params if the op takes any. */
  const limit = (arity ?? 1) + (rule.samples.some(({ params }) => params !== undefined) ? 1 : 0);
  const call = (...args: unknown[]): Variable | readonly Variable[] => {
    checkRest(name, args, limit);
    const operands = arity === null ? args[0] : args;
    if (!Array.isArray(operands)) {
      throw new Error(`${name}: takes a list of operands, as in ${name}([a, b]), got ${kindOf(operands)}`);
    }
    const count = arity ?? operands.length;
    const params = args[arity ?? 1];
    const inputs = asVariables(name, operands, count);
    if (options && params !== undefined) checkNames(name, params as object, options);
    const outputs = applyOp(rule, inputs, params);
    return rule.severalOutputs ? [...outputs] : outputs[0];
  };
  return Object.assign(call, { rule }) as unknown as OpFunction<Inputs, Params, Out>;
}

/** Computes an op and, if recording is on and an input needs a gradient, remembers how. */
export function applyOp(op: OpRule, inputs: readonly Variable[], params: unknown): Variable[] {
  const count = inputs.length;
  const values = new Array<Tensor>(count);
  const versions = new Array<number>(count + 1); // with room for the output, of which there is usually one
  let requiresGrad = false;
  for (let i = 0; i < count; i++) {
    values[i] = inputs[i].value;
    versions[i] = values[i].version;
    requiresGrad ||= inputs[i].requiresGrad;
  }
  const outer = saved; // of an op whose forward calls this one
  saved = none;
  try {
    const tensors = op.forward(values, params, save);
    if (!requiresGrad || !isRecording()) {
      watcher?.computed(op, inputs, tensors, null);
      return tensors.map((output) => new Variable(output));
    }
    let k = count;
    for (let i = 0; i < tensors.length; i++) versions[k++] = tensors[i].version;
    for (let i = 0; i < saved.length; i++) versions[k++] = saved[i].version;
    const outputs = new Array<Variable>(tensors.length);
    const node: GraphNode = {
      op,
      params,
      inputs,
      values,
      outputs,
      saved,
      versions,
      used: false,
      pass: null,
      note: null,
    };
    for (let i = 0; i < tensors.length; i++) outputs[i] = new Variable(tensors[i], true, node);
    watcher?.computed(op, inputs, tensors, node);
    return outputs;
  } finally {
    saved = outer;
  }
}

const none: Tensors = [];
/** What the forward that is running has saved. */
let saved: Tensors = none;

function save(...tensors: Tensor[]): void {
  saved = tensors;
}

/** A definition whose types are not known. */
type AnyDefinition = {
  readonly name: string;
  readonly samples: readonly Sample<unknown>[];
  readonly variadic?: boolean;
  readonly severalOutputs?: boolean;
  forward(...args: unknown[]): unknown;
  backward(...args: unknown[]): unknown;
};

/** An op from its definition, with checks of what forward and backward return: errors name the op. */
function ruleOf(definition: AnyDefinition): OpRule {
  const { name, samples, variadic = false, severalOutputs = false } = definition;
  const arity = variadic ? null : arityOf(name, samples);
  return {
    name,
    samples,
    arity,
    severalOutputs,
    forward(inputs, params, save) {
      const made = definition.forward(inputs, params, save);
      return severalOutputs ? checkOutputs(name, made) : [checkOutput(name, made)];
    },
    backward(grads, { values: inputs, outputs, params, saved }, note) {
      const grad = severalOutputs ? grads : grads[0];
      const output = severalOutputs ? outputs.map(({ value }) => value) : outputs[0].value;
      return checkRules(name, definition.backward(grad, { inputs, output, params, saved }, note), inputs);
    },
  };
}

/** Throws an Error unless a definition has the fields that every op needs. */
function checkDefinition(definition: unknown): void {
  const { name, forward, backward, samples } = (definition ?? {}) as Partial<AnyDefinition>;
  const fits = typeof name === 'string' && typeof forward === 'function' && typeof backward === 'function';
  if (fits && Array.isArray(samples)) return;
  throw wrongKind('defineOp', 'the definition', 'an object { name, forward, backward, samples }', definition);
}

function arityOf(name: string, samples: readonly Sample<unknown>[]): number {
  const counts = samples.map(({ shapes }) => shapes.length);
  if (counts.length === 0) {
    throw new Error(`defineOp: '${name}' needs at least one sample; its derivative is checked on them`);
  }
  const other = counts.find((count) => count !== counts[0]);
  if (other !== undefined) {
    throw new Error(
      `defineOp: samples of '${name}' must have one number of inputs, got ${counts[0]} and ${other}; an op that takes any number says variadic: true`,
    );
  }
  return counts[0];
}

function checkOutput(name: string, made: unknown): Tensor {
  if (made instanceof Tensor) return made;
  throw new Error(
    `${name}: forward must return a Tensor, got ${kindOf(made)}; compute by methods of the Tensors given`,
  );
}

function checkOutputs(name: string, made: unknown): Tensors {
  if (Array.isArray(made)) return made.map((output) => checkOutput(name, output));
  throw new Error(`${name}: forward must return a list of Tensors, got ${kindOf(made)}`);
}

function checkRules(name: string, rules: unknown, { length }: Tensors): readonly (() => Tensor)[] {
  if (!Array.isArray(rules) || rules.length !== length) {
    const got = Array.isArray(rules) ? `${rules.length}` : kindOf(rules);
    throw new Error(`backward: '${name}' must return one function per input, got ${got} for ${length}`);
  }
  for (const rule of rules) {
    if (typeof rule === 'function') continue;
    throw new Error(`backward: '${name}' must return one function per input, got ${kindOf(rule)} among them`);
  }
  return rules;
}

/** What a rule of an op computed. Throws an Error unless it is a Tensor. */
export function checkGradient(name: string, made: unknown): Tensor {
  if (made instanceof Tensor) return made;
  throw new Error(
    `backward: a function of '${name}' must return a Tensor, got ${kindOf(made)}; compute by methods of the Tensors given`,
  );
}

/** The first `count` operands as Variables; numbers take dtype and backend of the first tensor among them. */
export function asVariables(caller: string, operands: readonly unknown[], count: number): Variable[] {
  if (count === 0) exemplar(caller, operands);
  const variables = new Array<Variable>(count);
  for (let i = 0; i < count; i++) {
    const operand = operands[i];
    if (operand instanceof Variable) variables[i] = operand;
    else if (operand instanceof Tensor) variables[i] = new Variable(operand);
    else if (typeof operand === 'number') {
      variables[i] = new Variable(exemplar(caller, operands).like(operand));
    } else throw wrongKind(caller, 'each operand', 'a Variable, a Tensor or a number', operand);
  }
  return variables;
}

/** The first tensor among operands. */
function exemplar(caller: string, operands: readonly unknown[]): Tensor {
  for (const operand of operands) {
    if (operand instanceof Variable) return operand.value;
    if (operand instanceof Tensor) return operand;
  }
  const got = operands.length > 0 ? 'numbers only' : 'none';
  throw new Error(`${caller}: at least one operand must be a Variable or a Tensor, got ${got}`);
}
