/** The affine map as one op: as three, a small network spends most of its time between kernels. */

import { checkAlike } from '../../tensor/checks.js';
import { formatShape, ShapeError, Tensor } from '../../tensor/index.js';
import { defineOp } from '../op.js';

/** x · weightᵀ + bias: [n, in] × [out, in] + [out] → [n, out]; equals `matmul(x, weight.transpose()).add(bias)`. */
export const affine = defineOp<readonly [x: Tensor, weight: Tensor, bias: Tensor]>({
  name: 'affine',
  forward: ([x, weight, bias]) => affineOf(x, weight, bias),
  backward: (grad, { inputs: [x, weight] }) => [
    () => grad.matmul(weight),
    () => grad.T.matmul(x),
    () => grad.sum({ axis: 0 }),
  ],
  samples: [{ shapes: [[4, 3], [2, 3], [2]] }, { shapes: [[1, 2], [3, 2], [3]] }],
});

/** The same on plain Tensors. Throws unless their shapes fit. */
export function affineOf(x: Tensor, weight: Tensor, bias: Tensor): Tensor {
  checkAffine(x, weight, bias);
  const { affine: fused } = x.backend.fused;
  if (!fused) return x.matmul(weight.T).add(bias);
  const out = Tensor.empty([x.shape[0], weight.shape[0]], x.dtype, x.backend);
  fused(x.view(), weight.view(), bias.view(), out.view());
  return out;
}

function checkAffine(x: Tensor, weight: Tensor, bias: Tensor): void {
  checkAlike('affine', x, weight);
  checkAlike('affine', x, bias);
  const [a, w, b] = [x.shape, weight.shape, bias.shape];
  if (a.length === 2 && w.length === 2 && b.length === 1 && a[1] === w[1] && b[0] === w[0]) return;
  const got = `${formatShape(a)}, ${formatShape(w)}, ${formatShape(b)}`;
  throw new ShapeError(`affine: needs x [n, in], weight [out, in] and bias [out], got ${got}`);
}
