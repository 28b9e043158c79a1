/**
 * Anomaly mode: which op made the first number that is not finite. Separate from the engine, which only asks `watched`
 * what to run: the op itself, unless the mode is on.
 */

import { formatShape, type Shape, type Tensor } from '../tensor/index.js';
import { gradientOf, outputOf, rulesOf } from './contract.js';
import type { OpRule } from './op.js';
import type { Variable } from './variable.js';

let detecting = false;

/** Where the op that made a tensor was called: the cause of an error in its backward. */
const calls = new WeakMap<Tensor, Error>();

/**
 * Runs `fn` (forward, backward, or both) and throws at the first number that is not finite: the error names the op and
 * whether it was its forward or its backward, the input or output with its shape, the element, and the range of what
 * went in; for a backward, its `cause` shows where the forward was called. An infinity that a constant brings along, as
 * an attention mask of −∞ does, is none. Every number is read once more, so it is for finding an error, not for
 * training; outside it costs nothing. `fn` must be synchronous, or an Error is thrown.
 */
export function detectAnomaly<T>(fn: () => T): T {
  const before = detecting;
  detecting = true;
  try {
    const result = fn();
    if (result instanceof Promise) {
      result.catch(() => undefined); // what it does next is not watched; this error says so
      throw new Error(
        'detectAnomaly: takes a synchronous function, got one that returns a Promise; wrap forward and backward alone',
      );
    }
    return result;
  } finally {
    detecting = before;
  }
}

/** The op to run on these inputs: itself, or in anomaly mode one that checks what it is given and what it makes. */
export function watched(op: OpRule, inputs: readonly Variable[]): OpRule {
  if (!detecting) return op;
  return {
    ...op,
    forward(values, params) {
      for (const [i, input] of inputs.entries()) checkGiven(op, input, i);
      const output = outputOf(op, values, params);
      checkMade(op, inputs, output);
      // An op may hand on the tensor it was given, which then belongs to the op that made it.
      if (!calls.has(output)) calls.set(output, new Error(`'${op.name}' was called here`));
      return output;
    },
    backward(grad, context) {
      return rulesOf(op, grad, context).map((rule, i) => () => {
        const result = gradientOf(op, rule);
        checkRule(op, inputs, i, { result, grad, output: context.output });
        return result;
      });
    },
  };
}

/** In anomaly mode, throws where the gradient of a Variable, all parts summed, is not finite. */
export function checkSum(variable: Variable, grad: Tensor): void {
  if (!detecting) return;
  const found = scan(grad);
  if (found.first < 0) return;
  throw anomaly(
    `the gradient that reached ${variable} is ${place(found, grad.shape)}, though no op gave one: its parts are too large to be summed, or { grad } was not finite`,
  );
}

/** A leaf brings its numbers from outside: no op can have made them. */
function checkGiven(op: OpRule, input: Variable, i: number): void {
  if (input.node) return;
  const found = scan(input.value);
  if (found.first < 0 || (found.nans === 0 && !input.requiresGrad)) return;
  throw anomaly(
    `'${op.name}' was given them: input ${i}, ${input}, is ${place(found, input.shape)}; look where it was made`,
  );
}

function checkMade(op: OpRule, inputs: readonly Variable[], output: Tensor): void {
  const found = scan(output);
  if (found.first < 0) return;
  const given = inputs.map(({ value }) => scan(value));
  const handedOn = found.nans === 0 && given.some(({ first }) => first >= 0);
  if (handedOn) return;
  throw anomaly(
    `the forward of '${op.name}' made one: its output ${formatShape(output.shape)} is ${place(found, output.shape)}; ${describe(inputs, given)}`,
  );
}

interface RuleCall {
  readonly result: Tensor;
  readonly grad: Tensor;
  readonly output: Tensor;
}

function checkRule(
  op: OpRule,
  inputs: readonly Variable[],
  i: number,
  { result, grad, output }: RuleCall,
): void {
  const found = scan(result);
  if (found.first < 0) return;
  const given = inputs.map(({ value }) => scan(value));
  throw anomaly(
    `the backward of '${op.name}' made one: the gradient ${formatShape(result.shape)} of its input ${i} is ${place(found, result.shape)}; the gradient of its output was finite, ${range(scan(grad))}; ${describe(inputs, given)}`,
    calls.get(output),
  );
}

function anomaly(what: string, cause?: Error): Error {
  return new Error(`detectAnomaly: every number must be finite; ${what}`, cause && { cause });
}

/** What a look at every number of a tensor found. */
interface Scan {
  readonly size: number;
  /** How many are not finite, how many of these are NaN, the first one's position and value (−1 without one). */
  readonly count: number;
  readonly nans: number;
  readonly first: number;
  readonly value: number;
  readonly low: number;
  readonly high: number;
}

function scan(tensor: Tensor): Scan {
  const data = tensor.data();
  let [count, nans, first, low, high] = [0, 0, -1, Number.POSITIVE_INFINITY, Number.NEGATIVE_INFINITY];
  for (let i = 0; i < data.length; i++) {
    const value = data[i];
    if (!Number.isFinite(value)) {
      if (first < 0) first = i;
      count++;
    }
    if (Number.isNaN(value)) nans++;
    else {
      low = Math.min(low, value);
      high = Math.max(high, value);
    }
  }
  return { size: data.length, count, nans, first, value: data[first], low, high };
}

/** `-Infinity at [0, 2] (1 of 6 numbers)`. */
function place({ value, first, count, size }: Scan, shape: Shape): string {
  const index: number[] = [];
  let rest = first;
  for (const length of shape.toReversed()) {
    index.unshift(rest % length);
    rest = Math.floor(rest / length);
  }
  return `${value} at ${formatShape(index)} (${count} of ${size} numbers)`;
}

function describe(inputs: readonly Variable[], scans: readonly Scan[]): string {
  const finite = scans.every(({ first }) => first < 0);
  const parts = inputs.map((input, i) => `${i}: ${input} ${range(scans[i])}`);
  return `its inputs were ${finite ? 'finite' : 'not all finite'}, ${parts.join(', ')}`;
}

/** `0 … 0.7`, and whether there are NaN beside. */
function range({ low, high, nans, size }: Scan): string {
  const [from, to] = [low, high].map((bound) => Number(bound.toPrecision(5)));
  if (nans === size) return size === 0 ? 'empty' : 'NaN';
  return `${from} … ${to}${nans > 0 ? ' and NaN' : ''}`;
}
