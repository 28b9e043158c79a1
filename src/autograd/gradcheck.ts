/** Derivatives checked against central differences: the proof that every op, here or outside, must pass. */

import { type Tensor, tensor } from '../tensor/index.js';
import { allocateArray } from '../tensor/view.js';
import { type Variable, variable } from './variable.js';

/** Options of `gradcheck`. */
export interface GradcheckOptions {
  /** Step of the central difference (default 1e-5). */
  readonly step?: number;
  /** Largest allowed |analytic − numeric| / max(1, |numeric|) (default 1e-6). */
  readonly tolerance?: number;
}

/**
 * Compares the derivative of `fn` with central differences at `inputs` (float64), element by element, for the
 * scalar Σ cᵢ·fn(inputs)ᵢ with fixed unequal cᵢ. Returns the worst relative error; throws an Error that names the
 * input, the element, both numbers, if it exceeds the tolerance.
 */
export function gradcheck(
  fn: (...inputs: Variable[]) => Variable,
  inputs: readonly Tensor[],
  { step = 1e-5, tolerance = 1e-6 }: GradcheckOptions = {},
): number {
  for (const { dtype } of inputs) {
    if (dtype !== 'float64') throw new Error(`gradcheck: inputs must be float64, got ${dtype}`);
  }
  const leaves = inputs.map(variable);
  const output = fn(...leaves);
  const weights = cotangent(output.value);
  output.backward({ grad: weights });
  let worst = 0;
  inputs.forEach((input, k) => {
    const analytic = leaves[k].grad?.data() ?? allocateArray('float64', input.size);
    for (let i = 0; i < input.size; i++) {
      const at = (shift: number): number => {
        const moved = inputs.map((other, j) => (j === k ? shifted(other, i, shift) : other));
        return fn(...moved.map(variable))
          .value.mul(weights)
          .sum()
          .item();
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

/** Unequal weights near 1, so that no error in one element hides behind another. */
function cotangent(like: Tensor): Tensor {
  const weights = Array.from({ length: like.size }, (_, i) => 0.5 + (((i + 1) * 0.6180339887498949) % 1));
  return tensor(weights, { shape: like.shape, dtype: like.dtype, backend: like.backend.name });
}

function shifted(input: Tensor, element: number, shift: number): Tensor {
  const data = input.data();
  data[element] += shift;
  return tensor(data, { shape: input.shape, dtype: input.dtype, backend: input.backend.name });
}
