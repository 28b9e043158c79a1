/** Reductions over all axes or some: sum, mean, max, min, variance, Euclidean norm. */

import type { ReduceOptions, Tensor } from '../../tensor/index.js';
import { checkNotEmpty, normalizeAxes, reducedShape } from '../../tensor/shape.js';
import { defineOp, type Sample } from '../op.js';

type One = readonly [x: Tensor];
type Options = ReduceOptions | undefined;

const samples: readonly Sample<Options>[] = [
  { shapes: [[2, 3]] },
  { shapes: [[2, 3, 2]], params: { axis: 1 } },
  { shapes: [[2, 3, 2]], params: { axis: [0, -1], keepDims: true } },
];

/** The options with their axes counted from the front. Throws ShapeError, in the op's name, for wrong ones. */
function within(
  op: string,
  x: Tensor,
  { axis, keepDims }: ReduceOptions = {},
): ReduceOptions & { axis: number[] } {
  return { axis: normalizeAxes(op, axis, x.rank), keepDims };
}

/** A reduced tensor stretched back over the axes that were reduced. */
function stretch(reduced: Tensor, x: Tensor, options: Options): Tensor {
  const { axis } = within('reduce', x, options);
  return reduced.reshape(reducedShape(x.shape, axis, true)).broadcastTo(x.shape);
}

/** How many elements go into each element of the result. */
function countOf(x: Tensor, options: Options): number {
  return within('reduce', x, options).axis.reduce((product, i) => product * x.shape[i], 1);
}

/** Sum over `axis` (default all). */
export const sum = defineOp<One, Options>({
  name: 'sum',
  forward: ([x], options) => x.sum(options),
  backward: (grad, { inputs: [x], params }) => [() => stretch(grad, x, params)],
  samples,
});

/** Arithmetic mean over `axis` (default all). */
export const mean = defineOp<One, Options>({
  name: 'mean',
  forward: ([x], options) => x.sum(within('mean', x, options)).div(countOf(x, options)),
  backward: (grad, { inputs: [x], params }) => [() => stretch(grad.div(countOf(x, params)), x, params)],
  samples,
});

/** Gradient of an extreme value: shared equally among the elements that attain it, as PyTorch's amax does. */
function shareAmongTies(grad: Tensor, x: Tensor, output: Tensor, options: Options): Tensor {
  const hits = x.binary('equal', stretch(output, x, options));
  const ties = hits.sum({ ...options, keepDims: true });
  return stretch(grad, x, options).mul(hits).div(ties);
}

/** Largest element over `axis` (default all); ties share the gradient. */
export const max = defineOp<One, Options>({
  name: 'max',
  forward: ([x], options) => x.max(options),
  backward: (grad, { inputs: [x], output, params }) => [() => shareAmongTies(grad, x, output, params)],
  samples,
});

/** Smallest element over `axis` (default all); ties share the gradient. */
export const min = defineOp<One, Options>({
  name: 'min',
  forward: ([x], options) => {
    const checked = within('min', x, options);
    checkNotEmpty('min', x.shape, checked.axis);
    return x.neg().max(checked).neg();
  },
  backward: (grad, { inputs: [x], output, params }) => [() => shareAmongTies(grad, x, output, params)],
  samples,
});

/** x minus its mean over the reduced axes. */
function centred(x: Tensor, options: Options): Tensor {
  return x.sub(x.sum({ ...options, keepDims: true }).div(countOf(x, options)));
}

/** Variance over `axis` with divisor n (biased), as normalisation layers use it. */
export const variance = defineOp<One, Options>({
  name: 'variance',
  forward: ([x], options) => {
    const deviation = centred(x, within('variance', x, options));
    return deviation.mul(deviation).sum(options).div(countOf(x, options));
  },
  backward: (grad, { inputs: [x], params }) => [
    () =>
      stretch(grad, x, params)
        .mul(centred(x, params))
        .mul(2 / countOf(x, params)),
  ],
  samples,
});

/** Euclidean norm over `axis` (default all); its gradient at 0 is 0. */
export const norm = defineOp<One, Options>({
  name: 'norm',
  forward: ([x], options) =>
    x
      .mul(x)
      .sum(within('norm', x, options))
      .unary('sqrt'),
  backward: (grad, { inputs: [x], output, params }) => [
    () => {
      const length = stretch(output, x, params);
      return x.mul(stretch(grad, x, params)).div(length.add(length.binary('equal', 0)));
    },
  ],
  samples,
});
