/** Activation functions, element by element. */

import { checkNumber } from '../../tensor/arguments.js';
import { type ActivationName, Tensor } from '../../tensor/index.js';
import { carried } from '../../tensor/tiny.js';
import { defineOp, type Sample } from '../op.js';

type One = readonly [x: Tensor];

const plain: readonly Sample<void>[] = [{ shapes: [[2, 3]] }, { shapes: [[5]], range: [-6, 6] }];

/** Hyperbolic tangent. */
export const tanh = defineOp<One>({
  name: 'tanh',
  forward: ([x]) => x.tanh(),
  backward: (grad, { output }) => [() => activationGrad('tanh', grad, output)],
  samples: plain,
});

/** Logistic function 1 / (1 + e^−x). */
export const sigmoid = defineOp<One>({
  name: 'sigmoid',
  forward: ([x]) => x.sigmoid(),
  backward: (grad, { output }) => [() => activationGrad('sigmoid', grad, output)],
  samples: plain,
});

/** max(x, 0); derivative 0 at 0. */
export const relu = defineOp<One>({
  name: 'relu',
  forward: ([x]) => x.relu(),
  backward: (grad, { output }) => [() => activationGrad('relu', grad, output)],
  samples: plain,
});

/** x where positive, slope · x elsewhere (default slope 0.01). */
export const leakyRelu = defineOp<One, { readonly negativeSlope?: number } | undefined>({
  name: 'leakyRelu',
  options: ['negativeSlope'],
  forward: ([x], params) => x.where(x.binary('greater', 0), x.mul(slopeOf(params))),
  backward: (grad, { inputs: [x], params }) => [
    () => grad.where(x.binary('greater', 0), grad.mul(slopeOf(params))),
  ],
  samples: [{ shapes: [[2, 3]] }, { shapes: [[6]], params: { negativeSlope: 0.3 } }],
});

function slopeOf(params: { readonly negativeSlope?: number } | undefined): number {
  const slope = params?.negativeSlope ?? 0.01;
  checkNumber('leakyRelu', 'negativeSlope', slope);
  return slope;
}

/** log(1 + e^x), computed as max(x, 0) + log1p(e^−|x|), which does not overflow. */
export const softplus = defineOp<One>({
  name: 'softplus',
  forward: ([x]) => x.relu().add(x.abs().neg().exp().log1p()),
  backward: (grad, { inputs: [x] }) => [() => grad.mul(x.sigmoid())],
  samples: plain,
});

/** x · sigmoid(x), also called swish. */
export const silu = defineOp<One>({
  name: 'silu',
  forward: ([x]) => x.mul(x.sigmoid()),
  backward: (grad, { inputs: [x] }) => [
    () => {
      const s = x.sigmoid();
      return grad.mul(s.add(x.mul(s).mul(s.neg().add(1))));
    },
  ],
  samples: plain,
});

/** x · Φ(x) with the exact normal distribution function (Hendrycks & Gimpel 2016). */
export const gelu = defineOp<One, void, readonly [cdf: Tensor]>({
  name: 'gelu',
  forward: ([x], _, save) => {
    const cdf = normalCdf(x);
    save(cdf);
    return x.mul(cdf);
  },
  backward: (grad, { inputs: [x], saved: [cdf] }) => [
    () => {
      const density = x.mul(x).mul(-0.5).exp().mul(0.3989422804014327); // 1/√(2π)
      return grad.mul(cdf.add(x.mul(density)));
    },
  ],
  samples: plain,
});

function normalCdf(x: Tensor): Tensor {
  return x.mul(Math.SQRT1_2).erf().add(1).mul(0.5);
}

/** An activation that fused kernels know, on a plain tensor. */
export function activate(name: ActivationName, x: Tensor): Tensor {
  return name === 'identity' ? x : x[name]();
}

/** grad · f′, with f′ computed from the output f(x); what a saturated tanh or sigmoid leaves is 0 where it is too small to carry on. */
export function activationGrad(name: ActivationName, grad: Tensor, output: Tensor): Tensor {
  const { activationBackward } = grad.backend.fused;
  if (activationBackward) {
    const out = Tensor.empty(output.shape, output.dtype, output.backend);
    activationBackward(name, grad.view(), output.view(), out.view());
    return out;
  }
  switch (name) {
    case 'identity':
      return grad;
    case 'relu':
      // Closed where 0 ≥ output, so that a NaN, which is not, passes its gradient on, as in PyTorch.
      return grad.like(0).where(output.like(0).binary('greaterEqual', output), grad);
    case 'tanh':
      return carried(grad.mul(output.like(1).sub(output.mul(output))));
    case 'sigmoid':
      return carried(grad.mul(output.mul(output.like(1).sub(output))));
  }
}
