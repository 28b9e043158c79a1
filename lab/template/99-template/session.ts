/** What this lesson computes with the engine, in the worker. */

import { scope, tensor } from '../../../src/index.js';
import { defineSession } from '../../core/session.js';

/** What a call takes: plain data, one object. */
export interface Growth {
  readonly lambda: number;
  readonly steps: number;
}

export default defineSession({
  calls: {
    /** λᵗ for t = 0 … steps, multiplied out in float64. */
    powers({ lambda, steps }: Growth): Float64Array {
      const options = { dtype: 'float64', backend: 'reference' } as const;
      return scope(() => {
        const powers = new Float64Array(steps + 1);
        let product = tensor(1, options);
        for (let t = 0; t <= steps; t++) {
          powers[t] = product.item();
          product = product.mul(tensor(lambda, options));
        }
        return powers;
      });
    },
  },
});
