/** Argument checks that layers share, so that each says the same thing in the same way. */

import { Variable } from '../autograd/index.js';
import { checkCount, kindOf, wrongKind } from '../tensor/arguments.js';
import { formatShape, Random, type Shape, ShapeError, sameShape, Tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import type { LayerInput } from './module.js';

/** Throws an Error unless a value is a Variable or a Tensor. */
export function checkOperand(caller: string, name: string, value: LayerInput): void {
  if (value instanceof Variable || value instanceof Tensor) return;
  throw wrongKind(caller, name, 'a Variable or a Tensor', value);
}

/** Throws an Error unless `forward` was given what a layer takes, and no more arguments than `limit`. */
export function checkInput(caller: string, x: LayerInput, given: number, limit = 1): void {
  checkCount(`${caller}.forward`, given, limit);
  checkOperand(caller, 'x', x);
}

/** Throws an Error unless a value is a layer, which has a method `forward`. */
export function checkLayer(caller: string, layer: unknown): void {
  if (
    typeof layer === 'object' &&
    layer !== null &&
    'forward' in layer &&
    typeof layer.forward === 'function'
  )
    return;
  throw wrongKind(caller, 'each layer', 'a Module with a forward method', layer);
}

/** The numbers of what may be a Variable. */
export function tensorIn(x: LayerInput): Tensor {
  return x instanceof Tensor ? x : x.value;
}

/** Options that any layer may be given, so that several can be made with the same. */
const shared = ['random', 'dtype', 'backend'];

/** The options of a layer that draws numbers. Throws if one has no name known, or without a Random. */
export function drawingOptions<Options extends { readonly random: Random }>(
  caller: string,
  options: Options,
  ...own: readonly (string & keyof Options)[]
): Options {
  checkNames(caller, options ?? {}, [...own, ...shared]);
  if (options?.random instanceof Random) return options;
  throw new Error(`${caller}: options must name a Random: { random: new Random(seed) }`);
}

/** The options of a layer that draws none, without the Random it was given. Throws an Error for an unknown name. */
export function plainOptions<Options extends object>(
  caller: string,
  options: Options & { readonly random?: Random },
  ...own: readonly (string & keyof Options)[]
): Options {
  checkNames(caller, options, [...own, ...shared]);
  const { random: _, ...others } = options;
  return others as Options;
}

/** Throws an Error unless a size is an integer of at least 1. */
export function checkSize(caller: string, name: string, size: number): void {
  if (Number.isInteger(size) && size >= 1) return;
  const got = typeof size === 'number' ? String(size) : kindOf(size);
  throw new Error(`${caller}: ${name} must be an integer ≥ 1, got ${got}`);
}

/** Throws ShapeError unless the last axis of `shape` has `length`; `name` says which argument asked for it. */
export function checkLastAxis(caller: string, shape: Shape, name: string, length: number): void {
  if (shape.length > 0 && shape[shape.length - 1] === length) return;
  throw new ShapeError(
    `${caller}: the last axis of x must be ${name} = ${length}, got ${formatShape(shape)}; reshape x or build the layer for it`,
  );
}

/** Throws ShapeError unless prediction and target have one shape: a loss must not broadcast silently. */
export function checkSameShape(caller: string, prediction: Shape, target: Shape): void {
  if (sameShape(prediction, target)) return;
  throw new ShapeError(
    `${caller}: prediction and target must have the same shape, got ${formatShape(prediction)} and ${formatShape(target)}; reshape one (nothing is broadcast)`,
  );
}
