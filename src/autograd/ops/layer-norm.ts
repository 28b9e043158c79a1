/**
 * Layer normalisation as one op: composed of others it takes three times as many passes over the data. One kernel each way
 * where the backend has it, composed of tensor operations otherwise; the tests compare the two.
 */

import { formatShape, ShapeError, sizeOf, Tensor } from '../../tensor/index.js';
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

const LAST = { axis: -1, keepDims: true };

/** (x − mean) / √(variance + eps) · weight + bias over the last axis: x […, n], weight and bias [n]. */
export function layerNormOf(x: Tensor, weight: Tensor, bias: Tensor, eps: number): Tensor {
  checkLayerNorm(x, weight, bias);
  const { layerNorm } = x.backend.fused;
  if (!layerNorm) {
    const { unit } = normalised(x, eps);
    return unit.mul(weight).add(bias);
  }
  const rows = rowsOf(x);
  const out = Tensor.empty(rows.shape, x.dtype, x.backend);
  layerNorm(rows.view(), weight.view(), bias.view(), eps, out.view());
  return out.reshape(x.shape);
}

/** ∂L/∂x, and grad · (x − mean) / √(variance + eps), whose sum over all rows is ∂L/∂weight. */
export function layerNormGrads(
  grad: Tensor,
  x: Tensor,
  weight: Tensor,
  eps: number,
): { readonly dx: Tensor; readonly shares: Tensor } {
  const { layerNormBackward } = x.backend.fused;
  if (!layerNormBackward) return composedGrads(grad, x, weight, eps);
  const rows = rowsOf(x);
  const dx = Tensor.empty(rows.shape, x.dtype, x.backend);
  const shares = Tensor.empty(rows.shape, x.dtype, x.backend);
  layerNormBackward(rowsOf(grad).view(), rows.view(), weight.view(), eps, dx.view(), shares.view());
  return { dx: dx.reshape(x.shape), shares: shares.reshape(x.shape) };
}

function composedGrads(grad: Tensor, x: Tensor, weight: Tensor, eps: number) {
  const { unit, scale } = normalised(x, eps);
  const shares = grad.mul(unit);
  const toUnit = grad.mul(weight);
  const slope = meanOf(shares.mul(weight));
  return { dx: toUnit.sub(meanOf(toUnit)).sub(unit.mul(slope)).mul(scale), shares };
}

/**
 * Every row with mean 0 and variance 1, and what its deviations were multiplied by. A mean is rounded; what that leaves in
 * the deviations, which are small, is their own mean.
 */
function normalised(x: Tensor, eps: number): { readonly unit: Tensor; readonly scale: Tensor } {
  const rough = x.sub(meanOf(x));
  const centred = rough.sub(meanOf(rough));
  const scale = meanOf(centred.mul(centred)).add(eps).sqrt().reciprocal();
  return { unit: centred.mul(scale), scale };
}

function meanOf(x: Tensor): Tensor {
  return x.sum(LAST).div(x.shape[x.rank - 1]);
}

function rowsOf(x: Tensor): Tensor {
  const n = x.shape[x.rank - 1];
  return x.reshape([sizeOf(x.shape.slice(0, -1)), n]);
}

function checkLayerNorm(x: Tensor, weight: Tensor, bias: Tensor): void {
  const n = x.shape[x.rank - 1];
  if (n > 0 && [weight, bias].every(({ shape }) => shape.length === 1 && shape[0] === n)) return;
  const got = [x, weight, bias].map(({ shape }) => formatShape(shape)).join(', ');
  throw new ShapeError(`layerNorm: needs x […, n], weight [n] and bias [n], got ${got}`);
}
