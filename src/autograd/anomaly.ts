/**
 * Anomaly mode: which op made the first number that is not finite. A tool beside the engine: it installs itself as the
 * watcher of the graph.
 */

import { checkCount, checkFunction, checkSynchronous } from '../tensor/arguments.js';
import { formatShape, type Shape, type Tensor } from '../tensor/index.js';
import { type GraphNode, type GraphOp, type Variable, type Watcher, watching } from './graph.js';

/**
 * Runs `fn` (forward, backward, or both) and throws at the first number that is not finite: the error names the op and
 * whether it was its forward or its backward, the input or output with its shape, the element, and the range of what
 * went in; for a backward, its `cause` shows where the forward was called, if the mode was on then. An infinity in
 * a constant, such as an attention mask of −∞, passes. Every number is read once more, so it is for finding
 * an error, not for training; outside it costs nothing. `fn` must be synchronous, or an Error is thrown.
 */
export function detectAnomaly<T>(fn: () => T): T {
  checkCount('detectAnomaly', arguments.length, 1);
  checkFunction('detectAnomaly', 'the argument', fn);
  const result = watching(detector, fn);
  checkSynchronous('detectAnomaly', result, 'wrap forward and backward alone');
  return result;
}

class AnomalyDetector implements Watcher {
  /** Where the op of a node was called: the cause of an error in its backward. */
  readonly #calls = new WeakMap<GraphNode, Error>();

  computed(op: GraphOp, inputs: readonly Variable[], outputs: readonly Tensor[], node: GraphNode | null) {
    for (const [i, input] of inputs.entries()) checkGiven(op, input, i);
    for (const output of outputs) checkMade(op, inputs, output);
    if (node) this.#calls.set(node, new Error(`'${op.name}' was called here`));
  }

  completed(variable: Variable, grad: Tensor) {
    const found = scan(grad);
    if (found.first < 0) return;
    throw anomaly(
      `the gradient that reached ${variable} is ${place(found, grad.shape)}, though no op gave one: its parts are too large to be summed, or { grad } was not finite`,
    );
  }

  passedBack(node: GraphNode, i: number, grad: Tensor, grads: readonly (Tensor | null)[]) {
    const found = scan(grad);
    if (found.first < 0) return;
    const given = node.values.map(scan);
    const arrived = grads.flatMap((part) => (part ? [range(scan(part))] : []));
    throw anomaly(
      `the backward of '${node.op.name}' made one: the gradient ${formatShape(grad.shape)} of its input ${i} is ${place(found, grad.shape)}; the gradient of its output was finite, ${arrived.join(', ')}; ${describe(node.inputs, given)}`,
      this.#calls.get(node),
    );
  }
}

const detector = new AnomalyDetector();

/** A leaf brings its numbers from outside: no op can have made them. */
function checkGiven(op: GraphOp, input: Variable, i: number): void {
  if (input.node) return;
  const found = scan(input.value);
  if (found.first < 0 || (found.nans === 0 && !input.requiresGrad)) return;
  throw anomaly(
    `'${op.name}' was given them: input ${i}, ${input}, is ${place(found, input.shape)}; look where it was made`,
  );
}

function checkMade(op: GraphOp, inputs: readonly Variable[], output: Tensor): void {
  const found = scan(output);
  if (found.first < 0) return;
  const given = inputs.map(({ value }) => scan(value));
  const handedOn = found.nans === 0 && given.some(({ first }) => first >= 0);
  if (handedOn) return;
  throw anomaly(
    `the forward of '${op.name}' made one: its output ${formatShape(output.shape)} is ${place(found, output.shape)}; ${describe(inputs, given)}`,
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
