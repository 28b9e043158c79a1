/** Gradients by hand through a real step, and the geometry of vectors: what the experiments of this part share. */

import { type DType, type GradientHook, Parameter, SGD, type StepReport, tensor } from '../../src/index.js';

/** A vector. */
export type Vector = readonly number[];

/** What a step left. */
export interface Stepped {
  /** The gradients that the optimizer used, one for each given. */
  readonly gradients: readonly Vector[];
  readonly report: StepReport;
}

/**
 * Takes one step of plain gradient descent at rate 1 from 0 with the given gradients, one parameter each: what the
 * parameters have become is what the optimizer was handed, with the opposite sign.
 */
export async function stepWith(
  hooks: readonly GradientHook[],
  gradients: readonly Vector[],
  dtype: DType = 'float64',
): Promise<Stepped> {
  const place = { dtype, backend: 'reference' } as const;
  const parameters = gradients.map((gradient, i) => {
    const parameter = new Parameter(
      tensor(
        gradient.map(() => 0),
        place,
      ),
      `w${i}`,
    );
    parameter.grad = tensor([...gradient], place);
    return parameter;
  });
  const report = await new SGD(parameters, { lr: 1, hooks }).step();
  return { gradients: parameters.map(({ value }) => Array.from(value.data(), (x) => -x)), report };
}

/** The one gradient that a hook leaves of one. */
export async function clipped(hook: GradientHook, gradient: Vector, dtype?: DType): Promise<Vector> {
  return (await stepWith([hook], [gradient], dtype)).gradients[0];
}

/** Euclidean length. */
export function lengthOf(vector: Vector): number {
  return Math.hypot(...vector);
}

/** Cosine of the angle between two vectors. */
export function cosine(a: Vector, b: Vector): number {
  return a.reduce((sum, x, i) => sum + x * b[i], 0) / (lengthOf(a) * lengthOf(b));
}

/** 1 − cosine, without the cancellation that the difference would have: ½·‖a/‖a‖ − b/‖b‖‖². */
export function turn(a: Vector, b: Vector): number {
  const [m, n] = [lengthOf(a), lengthOf(b)];
  return a.reduce((sum, x, i) => sum + (x / m - b[i] / n) ** 2, 0) / 2;
}

/** Degrees between two vectors. */
export function degrees(a: Vector, b: Vector): number {
  return (2 * Math.asin(Math.min(1, Math.sqrt(turn(a, b) / 2))) * 180) / Math.PI;
}
