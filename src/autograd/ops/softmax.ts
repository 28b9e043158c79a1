/**
 * The softmax family over an axis, and the cross-entropy that is made of it. Over the last axis each is one fused kernel
 * where the backend has it, and composed of tensor operations otherwise; the tests compare the two.
 */

import { formatShape, fullLike, ShapeError, Tensor, type View } from '../../tensor/index.js';
import { checkNotEmpty, normalizeAxis } from '../../tensor/shape.js';
import { carried } from '../../tensor/tiny.js';
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
  options: ['axis'],
  forward: ([x], { axis = -1 } = {}) => {
    const kept = logSumExpOf('logSumExp', x, axis);
    return kept.reshape(kept.shape.filter((_, i) => !isAxis(i, axis, x)));
  },
  backward: (grad, { inputs: [x], output, params: { axis = -1 } = {} }) => [
    () => {
      const kept = x.shape.map((n, i) => (isAxis(i, axis, x) ? 1 : n));
      return x.sub(output.reshape(kept)).exp().mul(grad.reshape(kept));
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
  options: ['axis'],
  forward: ([x], { axis = -1 } = {}) => logSoftmaxOf(x, axis),
  backward: (grad, { output, params: { axis = -1 } = {} }) => [
    () => grad.sub(output.exp().mul(grad.sum({ axis, keepDims: true }))),
  ],
  samples: rows,
});

/** e^x / Σ e^x along an axis. */
export const softmax = defineOp<One, AxisOption | undefined>({
  name: 'softmax',
  options: ['axis'],
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
 * caller checks that the classes are in 0 … C − 1, and does not change them later.
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

/** An axis counted from the front. Throws ShapeError, in the caller's name, if it does not exist or is empty. */
function axisOf(caller: string, x: Tensor, axis: number): number {
  const along = normalizeAxis(caller, axis, x.rank);
  checkNotEmpty(caller, x.shape, [along]);
  return along;
}

/** What a kernel computes of the rows along the last axis; null if there is no kernel, or the axis is not the last. */
function overRows(
  x: Tensor,
  along: number,
  kernel: ((x: View, out: View) => void) | undefined,
): Tensor | null {
  if (!kernel || along !== x.rank - 1) return null;
  const rows = x.reshape([x.size / x.shape[along], x.shape[along]]);
  const out = Tensor.empty(rows.shape, x.dtype, x.backend);
  kernel(rows.view(), out.view());
  return out.reshape(x.shape);
}

/**
 * log Σ e^x along an axis, which stays as length 1; −∞ if every element is. The largest element is taken out first, so that
 * no power overflows. Throws ShapeError, in the caller's name, if there is no such axis or it is empty.
 */
function logSumExpOf(caller: string, x: Tensor, along: number): Tensor {
  const axis = axisOf(caller, x, along);
  const top = x.max({ axis, keepDims: true });
  const finite = top.like(0).where(top.abs().binary('equal', Infinity), top);
  return x.sub(finite).exp().sum({ axis, keepDims: true }).log().add(finite);
}

/** x − log Σ e^x along an axis. */
export function logSoftmaxOf(x: Tensor, axis: number): Tensor {
  const along = axisOf('logSoftmax', x, axis);
  return overRows(x, along, x.backend.fused.logSoftmaxRows) ?? x.sub(logSumExpOf('logSoftmax', x, along));
}

/** e^x / Σ e^x along an axis. */
export function softmaxOf(x: Tensor, axis: number): Tensor {
  const along = axisOf('softmax', x, axis);
  const fused = overRows(x, along, x.backend.fused.softmaxRows);
  if (fused) return fused;
  const powers = carried(x.sub(x.max({ axis: along, keepDims: true })).exp());
  return powers.div(powers.sum({ axis: along, keepDims: true }));
}

/**
 * Softmax over the last axis of square matrices […, n, n], row i over its first i + 1 elements, zeros after. Throws
 * ShapeError for matrices that are empty or not square.
 */
export function causalSoftmaxOf(x: Tensor): Tensor {
  const along = axisOf('causalSoftmax', x, -1);
  if (x.shape[along] !== x.shape[along - 1]) {
    throw new ShapeError(`causalSoftmax: needs square matrices […, n, n], got ${formatShape(x.shape)}`);
  }
  const fused = overRows(x, along, x.backend.fused.causalSoftmaxRows);
  return fused ?? softmaxOf(x.where(pastOf(x), -Infinity), along);
}

/** 1 where column ≤ row, else 0: [n, n]. */
function pastOf(x: Tensor): Tensor {
  const n = x.shape[x.rank - 1];
  const past = fullLike(x, 0, [n, n]);
  const { data, offset } = past.view();
  for (let row = 0; row < n; row++) data.fill(1, offset + row * n, offset + row * n + row + 1);
  return past;
}

/** What `crossEntropyOf` gives: the loss, and the softmax of the logits, from which its gradient is computed. */
export interface CrossEntropy {
  readonly loss: Tensor;
  readonly probabilities: Tensor;
}

/**
 * Σ −log softmax(row)[class] over the rows of logits [n, C], a scalar. The caller checks that the classes, one a row, are
 * in 0 … C − 1.
 */
export function crossEntropyOf(logits: Tensor, classes: Int32Array): CrossEntropy {
  if (logits.rank !== 2 || logits.shape[0] !== classes.length) {
    const got = `${formatShape(logits.shape)} and ${classes.length} classes`;
    throw new ShapeError(`crossEntropyRows: needs logits [n, C] and n classes, got ${got}`);
  }
  const { crossEntropy } = logits.backend.fused;
  if (crossEntropy) {
    const probabilities = Tensor.empty(logits.shape, logits.dtype, logits.backend);
    return { loss: logits.like(crossEntropy(logits.view(), classes, probabilities.view())), probabilities };
  }
  const logs = logSoftmaxOf(logits, 1);
  const picked = logs.reshape([logs.size]).gatherRows(placesOf(classes, logits.shape[1]));
  return { loss: logs.like(0).sub(picked.sum()), probabilities: carried(logs.exp()) };
}

/** ∂L/∂logits from the softmax of the logits and `grad`, the scalar ∂L/∂loss. */
export function crossEntropyGrad(probabilities: Tensor, classes: Int32Array, grad: Tensor): Tensor {
  const { crossEntropyBackward } = probabilities.backend.fused;
  if (crossEntropyBackward) {
    const out = Tensor.empty(probabilities.shape, probabilities.dtype, probabilities.backend);
    crossEntropyBackward(probabilities.view(), classes, grad.item(), out.view());
    return out;
  }
  const out = carried(probabilities.mul(grad));
  const places = placesOf(classes, probabilities.shape[1]);
  out.reshape([out.size]).scatterAddRows(grad.neg().broadcastTo([classes.length]), places);
  return out;
}

/** The position of each row's class in the flat table of n · C numbers. */
export function placesOf(classes: Int32Array, count: number): Int32Array {
  return classes.map((target, row) => row * count + target);
}
