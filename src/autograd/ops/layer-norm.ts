/** Layer normalisation as one op: composed of others it takes three times as many passes over the data. */

import type { Tensor } from '../../tensor/index.js';
import { layerNormGrads, layerNormOf } from '../../tensor/layer-norm.js';
import { defineOp } from '../op.js';

/** (x − mean) / √(variance + eps) · weight + bias over the last axis: x […, n], weight and bias [n]. */
export const layerNorm = defineOp<
  readonly [x: Tensor, weight: Tensor, bias: Tensor],
  { readonly eps: number }
>({
  name: 'layerNorm',
  forward: ([x, weight, bias], { eps }) => layerNormOf(x, weight, bias, eps),
  backward: (grad, { inputs: [x, weight], params: { eps } }) => {
    const { dx, shares } = layerNormGrads(grad, x, weight, eps);
    return [() => dx, () => shares, () => grad];
  },
  samples: [
    { shapes: [[4, 3], [3], [3]], params: { eps: 1e-5 } },
    { shapes: [[2, 2, 5], [5], [5]], params: { eps: 0.5 } },
    { shapes: [[4], [4], [4]], params: { eps: 1e-5 } },
  ],
});
