/** Gradients through many layers that multiply, and norms of the powers of a matrix. */

import { matmul, noGrad, scope, tensor, type Variable, variable } from '../../../src/index.js';
import { defineSession } from '../../core/session.js';

/** A factor, used so many times. */
export interface Product {
  readonly lambda: number;
  readonly steps: number;
}

const EXACT = { dtype: 'float64', backend: 'reference' } as const;
/** What stands in the corner of [[λ, 10], [0, λ]]. */
const CORNER = 10;

export default defineSession({
  calls: {
    /** |∂h_T/∂h_t| for t = 0 … T, measured in one backward pass through T layers. */
    gradients({ lambda, steps }: Product): Float64Array {
      return scope(() => {
        const states: Variable[] = [variable(tensor(1, EXACT))];
        for (let t = 0; t < steps; t++) states.push(states[t].mul(tensor(lambda, EXACT)));
        states[steps].backward();
        return Float64Array.from(states, ({ grad }) => Math.abs(grad?.item() ?? 1));
      });
    },

    /** ‖Wᵏ‖ for k = 0 … steps, W = [[λ, 10], [0, λ]]. */
    norms({ lambda, steps }: Product): Float64Array {
      return noGrad(() =>
        scope(() => {
          const w = tensor(
            [
              [lambda, CORNER],
              [0, lambda],
            ],
            EXACT,
          );
          let power = tensor(
            [
              [1, 0],
              [0, 1],
            ],
            EXACT,
          );
          const norms = new Float64Array(steps + 1);
          for (let k = 0; k <= steps; k++) {
            norms[k] = spectralNorm(Array.from(power.data()));
            power = matmul(power, w).value;
          }
          return norms;
        }),
      );
    },
  },
});

/** The largest singular value of [[a, b], [c, d]], in closed form. */
function spectralNorm([a, b, c, d]: readonly number[]): number {
  const squares = a * a + b * b + c * c + d * d;
  const det = a * d - b * c;
  return Math.sqrt((squares + Math.sqrt(Math.max(0, squares * squares - 4 * det * det))) / 2);
}
