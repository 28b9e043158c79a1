/** Reductions over all axes or some: sum, mean, max, min, variance, Euclidean norm. */

import { fullLike, type ReduceOptions, type Tensor } from '../../tensor/index.js';
import { checkNotEmpty, normalizeAxes, reducedShape } from '../../tensor/shape.js';
import { defineOp, type Sample } from '../op.js';

type One = readonly [x: Tensor];
type Options = ReduceOptions | undefined;

const samples: readonly Sample<Options>[] = [
  { shapes: [[2, 3]] },
  { shapes: [[2, 3, 2]], params: { axis: 1 } },
  { shapes: [[2, 3, 2]], params: { axis: [0, -1], keepDims: true } },
];

const OPTIONS = ['axis', 'keepDims'];

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
  options: OPTIONS,
  forward: ([x], options) => x.sum(options),
  backward: (grad, { inputs: [x], params }) => [() => stretch(grad, x, params)],
  samples,
});

/** Arithmetic mean over `axis` (default all). */
export const mean = defineOp<One, Options>({
  name: 'mean',
  options: OPTIONS,
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
  options: OPTIONS,
  forward: ([x], options) => x.max(options),
  backward: (grad, { inputs: [x], output, params }) => [() => shareAmongTies(grad, x, output, params)],
  samples,
});

/** Smallest element over `axis` (default all); ties share the gradient. */
export const min = defineOp<One, Options>({
  name: 'min',
  options: OPTIONS,
  forward: ([x], options) => {
    const checked = within('min', x, options);
    checkNotEmpty('min', x.shape, checked.axis);
    return x.neg().max(checked).neg();
  },
  backward: (grad, { inputs: [x], output, params }) => [() => shareAmongTies(grad, x, output, params)],
  samples,
});

/**
 * x minus its mean over the reduced axes. A mean is rounded; what that leaves in the differences, which are small, is
 * their own mean.
 */
function centred(x: Tensor, options: Options): Tensor {
  const rough = x.sub(meanOf(x, options));
  return rough.sub(meanOf(rough, options));
}

function meanOf(x: Tensor, options: Options): Tensor {
  return x.sum({ ...options, keepDims: true }).div(countOf(x, options));
}

/** Variance over `axis` with divisor n (biased), as normalisation layers use it. */
export const variance = defineOp<One, Options>({
  name: 'variance',
  options: OPTIONS,
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

/**
 * Euclidean norm over `axis` (default all); its gradient at 0 is 0. Exact to rounding for elements of any size, the
 * gradient too: squares are taken of x / 2ᵉ, with 2ᵉ next to the largest |x|, so that they neither overflow nor vanish.
 */
export const norm = defineOp<One, Options, readonly [scaled: Tensor, length: Tensor]>({
  name: 'norm',
  options: OPTIONS,
  forward: ([x], options, save) => {
    const { axis, keepDims } = within('norm', x, options);
    const scale = scaleOf(x, axis);
    const scaled = x.div(scale);
    const length = scaled.mul(scaled).sum({ axis, keepDims: true }).sqrt();
    save(scaled, length);
    return length.mul(scale).reshape(reducedShape(x.shape, axis, keepDims ?? false));
  },
  backward: (grad, { inputs: [x], params, saved: [scaled, length] }) => [
    () => scaled.div(length.add(length.binary('equal', 0))).mul(stretch(grad, x, params)),
  ],
  samples,
});

/** For each result of a reduction the power of two at or below the largest |x|: dividing by it rounds nothing. */
function scaleOf(x: Tensor, axis: readonly number[]): Tensor {
  if (x.size === 0) return fullLike(x, 1, reducedShape(x.shape, axis, true));
  const scale = x.abs().max({ axis, keepDims: true });
  const { data, offset } = scale.view();
  for (let i = offset; i < offset + scale.size; i++) data[i] = powerOfTwo(data[i]);
  return scale;
}

const bits = new DataView(new ArrayBuffer(8));

/** The power of two at or below a number > 0; 1 for 0, for what is not finite, and for what float64 holds as denormal. */
function powerOfTwo(value: number): number {
  bits.setFloat64(0, value);
  const exponent = (bits.getUint32(0) >>> 20) & 0x7ff;
  if (exponent === 0 || exponent === 0x7ff) return 1;
  bits.setUint32(0, exponent << 20);
  bits.setUint32(4, 0);
  return bits.getFloat64(0);
}
