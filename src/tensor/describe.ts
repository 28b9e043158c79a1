/** A tensor as text, for messages, consoles and notebooks: separate because it computes nothing. */

import { formatShape } from './shape.js';
import type { Tensor } from './tensor.js';

/** Numbers shown at most; a larger tensor shows its first ones. */
const SHOWN = 12;

/** `Tensor [2, 3] float32 on simd: 1, 2, 3, …`, the elements in row-major order; `what` says whose values these are. */
export function describeTensor(tensor: Tensor, what = 'Tensor'): string {
  const numbers = Array.from(tensor.data().subarray(0, SHOWN), (value) => Number(value.toPrecision(5)));
  const rest = tensor.size > SHOWN ? ', …' : '';
  const head = `${what} ${formatShape(tensor.shape)} ${tensor.dtype} on ${tensor.backend.name}`;
  return `${head}: ${numbers.join(', ')}${rest}`;
}

/** The method that Node's console calls to show an object; other consoles ignore it. */
export const inspect: unique symbol = Symbol.for('nodejs.util.inspect.custom');
