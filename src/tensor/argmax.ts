/** The position of the largest element: whole numbers with a shape, as look-ups and losses take them. */

import { checkCount } from './arguments.js';
import { checkNotEmpty, normalizeAxes, reducedShape, type Shape, sizeOf } from './shape.js';
import { type ReduceOptions, readReduceOptions, Tensor } from './tensor.js';

/** Whole numbers in row-major order with their shape: class and vocabulary ids. */
export interface IdArray {
  readonly data: Int32Array;
  readonly shape: Shape;
}

declare module './tensor.js' {
  interface Tensor {
    /**
     * The position of the largest element along one axis, or among all of them in row-major order; the first of several,
     * and the first NaN if there is one, as in PyTorch. Throws ShapeError for several axes, or an empty one.
     */
    argmax(options?: ArgmaxOptions): IdArray;
  }
}

/** Options of `argmax`: one axis (default all elements), and whether it stays as length 1. */
export interface ArgmaxOptions extends ReduceOptions {
  readonly axis?: number;
}

Tensor.prototype.argmax = function (options = {}) {
  checkCount('argmax', arguments.length, 1);
  const { axis, keepDims = false } = readReduceOptions('argmax', options);
  const whole = axis === undefined;
  const [along] = normalizeAxes('argmax', whole ? 0 : axis, whole ? 1 : this.rank);
  const lengths = whole ? [this.size] : this.shape;
  checkNotEmpty('argmax', lengths, [along]);
  const axes = whole ? [...this.shape.keys()] : [along];
  const step = sizeOf(lengths.slice(along + 1));
  const shape = reducedShape(this.shape, axes, keepDims);
  const values = this.data();
  const data = new Int32Array(sizeOf(shape));
  for (let i = 0; i < data.length; i++) {
    const start = Math.floor(i / step) * step * lengths[along] + (i % step);
    data[i] = firstLargest(values, start, step, lengths[along]);
  }
  return { data, shape };
};

function firstLargest(values: ArrayLike<number>, start: number, step: number, length: number): number {
  let best = 0;
  for (let k = 0; k < length; k++) {
    const value = values[start + k * step];
    if (Number.isNaN(value)) return k;
    if (value > values[start + best * step]) best = k;
  }
  return best;
}
