/** The softmax family over an axis, and the cross-entropy that is made of it. */

import type { Tensor } from '../../tensor/index.js';
import {
  causalSoftmaxOf,
  crossEntropyGrad,
  crossEntropyOf,
  logSoftmaxOf,
  logSumExpOf,
  softmaxOf,
} from '../../tensor/softmax.js';
import { defineOp, type Sample } from '../op.js';

type One = readonly [x: Tensor];

/** Along which axis a softmax runs (default the last). */
export interface AxisOption {
  readonly axis?: number;
}

const rows: readonly Sample<AxisOption | undefined>[] = [
  { shapes: [[2, 3]] },
  { shapes: [[2, 3, 2]], params: { axis: 1 } },
  { shapes: [[3, 2]], params: { axis: 0 }, range: [-20, 20] },
  { shapes: [[2, 2, 3]], params: { axis: 2 }, range: [-20, 20] },
];

/** log Σ e^x along an axis, which it removes. */
export const logSumExp = defineOp<One, AxisOption | undefined>({
  name: 'logSumExp',
  forward: ([x], { axis = -1 } = {}) => {
    const kept = logSumExpOf(x, axis);
    return kept.reshape(kept.shape.filter((_, i) => !isAxis(i, axis, x)));
  },
  backward: (grad, { inputs: [x], output, params: { axis = -1 } = {} }) => [
    () => {
      const kept = x.shape.map((n, i) => (isAxis(i, axis, x) ? 1 : n));
      return x.sub(output.reshape(kept)).unary('exp').mul(grad.reshape(kept));
    },
  ],
  samples: rows,
});

function isAxis(i: number, axis: number, x: Tensor): boolean {
  return i === (axis < 0 ? axis + x.rank : axis);
}

/** x − log Σ e^x along an axis: the logarithm of softmax without its overflow. */
export const logSoftmax = defineOp<One, AxisOption | undefined>({
  name: 'logSoftmax',
  forward: ([x], { axis = -1 } = {}) => logSoftmaxOf(x, axis),
  backward: (grad, { output, params: { axis = -1 } = {} }) => [
    () => grad.sub(output.unary('exp').mul(grad.sum({ axis, keepDims: true }))),
  ],
  samples: rows,
});

/** e^x / Σ e^x along an axis. */
export const softmax = defineOp<One, AxisOption | undefined>({
  name: 'softmax',
  forward: ([x], { axis = -1 } = {}) => softmaxOf(x, axis),
  backward: (grad, { output, params: { axis = -1 } = {} }) => [() => softmaxGrad(grad, output, axis)],
  samples: rows,
});

/** ∂L/∂x from ∂L/∂softmax(x): what is 0 in the softmax gets nothing. */
function softmaxGrad(grad: Tensor, output: Tensor, axis: number): Tensor {
  const weighted = grad.mul(output);
  return weighted.sub(output.mul(weighted.sum({ axis, keepDims: true })));
}

/**
 * Softmax over the last axis of square matrices […, n, n], row i over its first i + 1 elements, zeros after: attention
 * that does not look ahead. Equals `softmax(where(past, x, −∞))`, which computes twice as much and masks besides.
 */
export const causalSoftmax = defineOp<One>({
  name: 'causalSoftmax',
  forward: ([x]) => causalSoftmaxOf(x),
  backward: (grad, { output }) => [() => softmaxGrad(grad, output, -1)],
  samples: [{ shapes: [[3, 3]] }, { shapes: [[2, 2, 4, 4]], range: [-20, 20] }, { shapes: [[1, 1]] }],
});

/**
 * Σ −log softmax(row)[class] over the rows of logits [n, C]: the composition of `logSoftmax`, a look-up and a sum. The
 * classes are the caller's to check, 0 … C − 1, and not to change.
 */
export const crossEntropyRows = defineOp<
  readonly [logits: Tensor],
  Int32Array,
  readonly [probabilities: Tensor]
>({
  name: 'crossEntropyRows',
  forward: ([logits], classes, save) => {
    const { loss, probabilities } = crossEntropyOf(logits, classes);
    save(probabilities);
    return loss;
  },
  backward: (grad, { params: classes, saved: [probabilities] }) => [
    () => crossEntropyGrad(probabilities, classes, grad),
  ],
  samples: [
    { shapes: [[4, 3]], params: Int32Array.of(2, 0, 1, 2) },
    { shapes: [[2, 5]], params: Int32Array.of(4, 4), range: [-20, 20] },
    { shapes: [[1, 1]], params: Int32Array.of(0) },
  ],
});
