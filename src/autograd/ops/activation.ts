/** Activation functions: element-wise, and the softmax family over an axis. */

import { activationGrad, type Tensor } from '../../tensor/index.js';
import { defineOp, type Sample } from '../op.js';

type One = readonly [x: Tensor];

const plain: readonly Sample<void>[] = [{ shapes: [[2, 3]] }, { shapes: [[5]], range: [-6, 6] }];

/** Hyperbolic tangent. */
export const tanh = defineOp<One>({
  name: 'tanh',
  forward: ([x]) => x.unary('tanh'),
  backward: (grad, { output }) => [() => grad.mul(output.like(1).sub(output.mul(output)))],
  samples: plain,
});

/** Logistic function 1 / (1 + e^−x). */
export const sigmoid = defineOp<One>({
  name: 'sigmoid',
  forward: ([x]) => logistic(x),
  backward: (grad, { output }) => [() => grad.mul(output.mul(output.like(1).sub(output)))],
  samples: plain,
});

function logistic(x: Tensor): Tensor {
  return x.neg().unary('exp').add(1).unary('reciprocal');
}

/** max(x, 0); derivative 0 at 0. */
export const relu = defineOp<One>({
  name: 'relu',
  forward: ([x]) => x.binary('max', 0),
  backward: (grad, { output }) => [() => activationGrad('relu', grad, output)],
  samples: plain,
});

/** x where positive, slope · x elsewhere (default slope 0.01). */
export const leakyRelu = defineOp<One, { readonly negativeSlope?: number } | undefined>({
  name: 'leakyRelu',
  forward: ([x], params) => x.where(x.binary('greater', 0), x.mul(slopeOf(params))),
  backward: (grad, { inputs: [x], params }) => [
    () => grad.where(x.binary('greater', 0), grad.mul(slopeOf(params))),
  ],
  samples: [{ shapes: [[2, 3]] }, { shapes: [[6]], params: { negativeSlope: 0.3 } }],
});

function slopeOf(params: { readonly negativeSlope?: number } | undefined): number {
  return params?.negativeSlope ?? 0.01;
}

/** log(1 + e^x), computed as max(x, 0) + log1p(e^−|x|), which does not overflow. */
export const softplus = defineOp<One>({
  name: 'softplus',
  forward: ([x]) => x.binary('max', 0).add(x.unary('abs').neg().unary('exp').unary('log1p')),
  backward: (grad, { inputs: [x] }) => [() => grad.mul(logistic(x))],
  samples: plain,
});

/** x · sigmoid(x), also called swish. */
export const silu = defineOp<One>({
  name: 'silu',
  forward: ([x]) => x.mul(logistic(x)),
  backward: (grad, { inputs: [x] }) => [
    () => {
      const s = logistic(x);
      return grad.mul(s.add(x.mul(s).mul(s.neg().add(1))));
    },
  ],
  samples: plain,
});

/** x · Φ(x) with the exact normal distribution function (Hendrycks & Gimpel 2016). */
export const gelu = defineOp<One>({
  name: 'gelu',
  forward: ([x]) => x.mul(normalCdf(x)),
  backward: (grad, { inputs: [x] }) => [
    () => {
      const density = x.mul(x).mul(-0.5).unary('exp').mul(0.3989422804014327);
      return grad.mul(normalCdf(x).add(x.mul(density)));
    },
  ],
  samples: plain,
});

function normalCdf(x: Tensor): Tensor {
  return x.mul(Math.SQRT1_2).unary('erf').add(1).mul(0.5);
}

/** Along which axis a softmax runs (default the last). */
export interface AxisOption {
  readonly axis?: number;
}

const rows: readonly Sample<AxisOption | undefined>[] = [
  { shapes: [[2, 3]] },
  { shapes: [[2, 3, 2]], params: { axis: 1 } },
  { shapes: [[3, 2]], params: { axis: 0 }, range: [-20, 20] },
];

/** log Σ e^x along an axis with the maximum taken out; −∞ where every element is. */
function logSumExpOf(x: Tensor, axis: number): Tensor {
  const top = x.max({ axis, keepDims: true });
  const finite = top.like(0).where(top.unary('abs').binary('equal', Infinity), top);
  return x.sub(finite).unary('exp').sum({ axis, keepDims: true }).unary('log').add(finite);
}

/** log Σ e^x along an axis, which it removes. */
export const logSumExp = defineOp<One, AxisOption | undefined>({
  name: 'logSumExp',
  forward: ([x], { axis = -1 } = {}) => dropAxis(logSumExpOf(x, axis), axis),
  backward: (grad, { inputs: [x], output, params: { axis = -1 } = {} }) => [
    () =>
      x
        .sub(keepAxis(output, x, axis))
        .unary('exp')
        .mul(keepAxis(grad, x, axis)),
  ],
  samples: rows,
});

/** x − log Σ e^x along an axis: the logarithm of softmax without its overflow. */
export const logSoftmax = defineOp<One, AxisOption | undefined>({
  name: 'logSoftmax',
  forward: ([x], { axis = -1 } = {}) => x.sub(logSumExpOf(x, axis)),
  backward: (grad, { output, params: { axis = -1 } = {} }) => [
    () => grad.sub(output.unary('exp').mul(grad.sum({ axis, keepDims: true }))),
  ],
  samples: rows,
});

/** e^x / Σ e^x along an axis. */
export const softmax = defineOp<One, AxisOption | undefined>({
  name: 'softmax',
  forward: ([x], { axis = -1 } = {}) => {
    const powers = x.sub(x.max({ axis, keepDims: true })).unary('exp');
    return powers.div(powers.sum({ axis, keepDims: true }));
  },
  backward: (grad, { output, params: { axis = -1 } = {} }) => [
    () => {
      const weighted = grad.mul(output);
      return weighted.sub(output.mul(weighted.sum({ axis, keepDims: true })));
    },
  ],
  samples: rows,
});

function dropAxis(x: Tensor, axis: number): Tensor {
  return x.reshape(x.shape.filter((_, i) => i !== (axis < 0 ? axis + x.rank : axis)));
}

/** A reduced tensor with the reduced axis put back as length 1. */
function keepAxis(reduced: Tensor, x: Tensor, axis: number): Tensor {
  return reduced.reshape(x.shape.map((n, i) => (i === (axis < 0 ? axis + x.rank : axis) ? 1 : n)));
}
