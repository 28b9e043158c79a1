/** What the recurrent layers share: initial weights, checks of what comes in, and the gates of one cell. */

import { Parameter, slice, type Variable } from '../autograd/index.js';
import {
  formatShape,
  fullLike,
  type Random,
  type Shape,
  ShapeError,
  sameShape,
  type TensorOptions,
  uniform,
} from '../tensor/index.js';
import { checkInput, checkLastAxis, checkOperand, checkSize } from './checks.js';
import type { LayerInput } from './module.js';

/** Options of every recurrent layer: precision, backend, how the graph is built. */
export interface RecurrentOptions extends TensorOptions {
  /** Draws the initial weights. */
  readonly random: Random;
  /**
   * Build the graph cell by cell, so that every hidden state is a node of its own: for watching backpropagation step
   * by step. Default false: all steps are one op, which is faster; states and their gradients can be read all the same.
   */
  readonly unrolled?: boolean;
  /**
   * Reads the sequence backwards as well, by weights of its own: `weightIhReverse` and so on. Outputs, last states and
   * starts then hold both directions side by side, forwards first: [T, B, 2H] and [B, 2H]. Default false.
   */
  readonly bidirectional?: boolean;
}

/** Makes a layer's parameters, uniform in ±1/√H (PyTorch's default). Throws an Error unless the sizes are sizes. */
export function parametersOf(
  caller: string,
  inputSize: number,
  hiddenSize: number,
  random: Random,
  place: TensorOptions,
): (shape: Shape) => Parameter {
  checkSize(caller, 'inputSize', inputSize);
  checkSize(caller, 'hiddenSize', hiddenSize);
  const bound = 1 / Math.sqrt(hiddenSize);
  return (shape) => new Parameter(uniform(shape, random, -bound, bound, place));
}

/** Throws an Error unless `forward` was given x [T ≥ 1, B, inputSize], and a start at most. */
export function checkSequence(caller: string, x: LayerInput, inputSize: number, given: number): void {
  checkInput(caller, x, given, 2);
  if (x.shape.length !== 3 || x.shape[0] === 0) {
    throw new ShapeError(
      `${caller}: x must be [time, batch, ${inputSize}] with at least one time step, got ${formatShape(x.shape)}`,
    );
  }
  checkLastAxis(caller, x.shape, 'inputSize', inputSize);
}

/** The state before the first step, [B, H]: zeros like `weight` where none is given. Throws ShapeError for another shape. */
export function startState(
  caller: string,
  name: string,
  given: LayerInput | undefined,
  x: LayerInput,
  weight: Parameter,
): LayerInput {
  const [steps, batch] = x.shape;
  const expected = [batch, weight.shape[1]];
  if (given === undefined) return fullLike(weight.value, 0, expected);
  checkOperand(caller, name, given);
  if (sameShape(given.shape, expected)) return given;
  const isSwapped = sameShape(given.shape, [steps, weight.shape[1]]);
  const remedy = isSwapped ? '; x must be [time, batch, …], write x.transpose([1, 0, 2])' : '';
  throw new ShapeError(
    `${caller}: ${name} must be [batch, hiddenSize] = ${formatShape(expected)}, got ${formatShape(given.shape)}${remedy}`,
  );
}

/** The `count` gates of one cell, which lie side by side: [B, count · H] → count × [B, H]. */
export function gatesOf(rows: Variable, count: number): Variable[] {
  const width = rows.shape[1] / count;
  return Array.from({ length: count }, (_, k) => slice(rows, [null, [k * width, (k + 1) * width]]));
}
