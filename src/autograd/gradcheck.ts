/**
 * Derivatives checked against central differences, (f(x + h) − f(x − h)) / 2h: the proof that every op, here or outside,
 * must pass.
 */

import { checkArray, checkCount, checkFunction, wrongKind } from '../tensor/arguments.js';
import { allBackends, Random, sizeOf, Tensor, tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { allocateArray, type DType } from '../tensor/view.js';
import { type Variable, variable } from './graph.js';
import { applyOp, defineOp, type OpRule, type Sample } from './op.js';

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  /** The step h of the differences (default 1e-5). */
  readonly step?: number;
  /** Largest allowed |analytic − numeric| / max(1, |numeric|) (default 1e-6). */
  readonly tolerance?: number;
}

/** A function of Variables, with one result or several. */
type Differentiable = (...inputs: Variable[]) => Variable | readonly Variable[];

/**
 * Compares the derivative of `fn` with central differences at `inputs` (float64), element by element, for the
 * scalar Σ cᵢ·yᵢ over all elements of all that `fn` returns, with fixed unequal cᵢ. Returns the worst relative error;
 * throws an Error that names the input, the element, both numbers, if it exceeds the tolerance.
 */
export function gradcheck(
  fn: Differentiable,
  inputs: readonly Tensor[],
  options: GradcheckOptions = {},
): number {
  checkCount('gradcheck', arguments.length, 3);
  checkFunction('gradcheck', 'the first argument', fn);
  checkArray('gradcheck', 'inputs', inputs, 'Tensors');
  checkNames('gradcheck', options, ['step', 'tolerance']);
  const { step = 1e-5, tolerance = 1e-6 } = options;
  for (const input of inputs) {
    if (!(input instanceof Tensor)) throw wrongKind('gradcheck', 'each input', 'a Tensor', input);
  }
  for (const { dtype } of inputs) {
    if (dtype !== 'float64') throw new Error(`gradcheck: inputs must be float64, got ${dtype}`);
  }
  const lossAt = (leaves: readonly Variable[]): Variable => weightedSum([fn(...leaves)].flat());
  const leaves = inputs.map((input) => variable(input));
  lossAt(leaves).backward();
  let worst = 0;
  inputs.forEach((input, k) => {
    const analytic = leaves[k].grad?.data() ?? allocateArray('float64', input.size);
    for (let i = 0; i < input.size; i++) {
      const at = (shift: number): number => {
        const moved = inputs.map((other, j) => (j === k ? shifted(other, i, shift) : other));
        return lossAt(moved.map((input) => variable(input))).item();
      };
      const numeric = (at(step) - at(-step)) / (2 * step);
      const error = Math.abs(analytic[i] - numeric) / Math.max(1, Math.abs(numeric));
      if (!(error <= tolerance)) {
        throw new Error(
          `gradcheck: input ${k}, element ${i}: backward gave ${analytic[i]}, differences give ${numeric}`,
        );
      }
      worst = Math.max(worst, error);
    }
  });
  return worst;
}

/** Σ cᵢ·yᵢ over all elements of all operands. */
const weightedSum = defineOp<readonly Tensor[]>({
  name: 'weightedSum',
  variadic: true,
  forward: (ys) => ys.map((y) => y.mul(weights(y)).sum()).reduce((total, part) => total.add(part)),
  backward: (grad, { inputs: ys }) => ys.map((y) => () => weights(y).mul(grad)),
  samples: [{ shapes: [[3], []] }],
});

/** Unequal numbers near 1, so that no error in one element hides behind another. */
function weights(like: Tensor): Tensor {
  const values = Array.from({ length: like.size }, (_, i) => 0.5 + (((i + 1) * 0.6180339887498949) % 1));
  return tensor(values, { shape: like.shape, dtype: like.dtype, backend: like.backend.name });
}

function shifted(input: Tensor, element: number, shift: number): Tensor {
  const data = input.data();
  data[element] += shift;
  return tensor(data, { shape: input.shape, dtype: input.dtype, backend: input.backend.name });
}

/** Inputs for a sample: shuffled and evenly spaced; no two are equal, and none is 0, where relu has no derivative. */
export function drawInputs(
  { shapes, range: [low, high] = [-2, 2], masks }: Sample<unknown>,
  seed: number,
  dtype: DType,
  backend = 'reference',
): Tensor[] {
  const total = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const grid = Array.from({ length: total }, (_, i) => low + ((i + 0.37) / total) * (high - low));
  new Random(seed).shuffle(grid);
  return shapes.map((shape, i) => {
    const values = grid.splice(0, sizeOf(shape));
    const drawn = masks?.includes(i) ? values.map((v) => (v > (low + high) / 2 ? 1 : 0)) : values;
    return tensor(drawn, { shape, dtype, backend });
  });
}

/**
 * Compares an op's derivative with central differences on each of its samples, in float64, through all outputs together
 * and through each alone; masks are held fixed. Then runs the samples on every backend in float32, forward and backward,
 * and compares. Returns the worst relative error of the derivative; throws an Error that names op, sample, input (masks
 * not counted) and element, or the backend, if one exceeds the tolerance.
 */
export function checkOp(op: { readonly rule: OpRule }, options: GradcheckOptions = {}): number {
  checkCount('checkOp', arguments.length, 2);
  const rule = op?.rule;
  if (!Array.isArray(rule?.samples)) {
    throw wrongKind('checkOp', 'the argument', 'an op, as defineOp makes it', op);
  }
  const errors = rule.samples.flatMap((sample, k) => {
    const inputs = drawInputs(sample, k, 'float64');
    const isFree = (_: unknown, i: number): boolean => !sample.masks?.includes(i);
    const free = inputs.filter(isFree);
    const outputsOf = (leaves: readonly Variable[]): Variable[] => {
      const left = [...leaves];
      const operands = inputs.map((input, i) => (isFree(input, i) ? left.shift()! : variable(input)));
      return applyOp(rule, operands, sample.params);
    };
    const { length } = outputsOf(free.map((input) => variable(input)));
    const ways: Differentiable[] = [(...leaves) => outputsOf(leaves)];
    for (let n = 0; length > 1 && n < length; n++) ways.push((...leaves) => outputsOf(leaves)[n]);
    try {
      const worst = ways.map((fn) => gradcheck(fn, free, options));
      compareBackends(rule, sample, inputs);
      return worst;
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`checkOp: '${rule.name}', sample ${k}: ${message.replace(/^gradcheck: /, '')}`);
    }
  });
  return Math.max(...errors);
}

/** Throws unless the op gives the same numbers, outputs and gradients, on every backend, to a part in a thousand. */
function compareBackends(rule: OpRule, { params }: Sample<unknown>, inputs: readonly Tensor[]): void {
  const run = (operands: readonly Tensor[]): Tensor[] => {
    const leaves = operands.map((operand) => variable(operand));
    const outputs = applyOp(rule, leaves, params);
    weightedSum(outputs).backward();
    return [...outputs.map(({ value }) => value), ...leaves.flatMap(({ grad }) => grad ?? [])];
  };
  const expected = run(inputs).map((result) => result.data());
  for (const backend of allBackends().filter(({ dtypes }) => dtypes.includes('float32'))) {
    try {
      run(inputs.map((input) => input.to('float32', backend))).forEach((result, r) => {
        const wrong = [...result.data()].findIndex((got, i) => !isNear(got, expected[r][i]));
        if (wrong < 0) return;
        throw new Error(
          `result ${r}, element ${wrong} is ${result.data()[wrong]}, in float64 it is ${expected[r][wrong]}`,
        );
      });
    } catch (error) {
      throw new Error(`on backend '${backend.name}' in float32: ${(error as Error).message}`);
    }
  }
}

function isNear(got: number, expected: number): boolean {
  return Object.is(got, expected) || Math.abs(got - expected) <= 1e-3 * Math.max(1, Math.abs(expected));
}
