/** Ops that move elements and compute nothing: reshape, transpose, slice, broadcast, join, pick. */

import { concatTensors } from '../../tensor/concat.js';
import {
  formatShape,
  fullLike,
  type Range,
  type Shape,
  ShapeError,
  sameShape,
  type Tensor,
} from '../../tensor/index.js';
import { normalizeAxis } from '../../tensor/shape.js';
import { defineOp } from '../op.js';
import { shape } from './shape.js';

type One = readonly [x: Tensor];

/** The same elements in another shape; one length may be -1. */
export const reshape = defineOp<One, Shape>({
  name: 'reshape',
  forward: ([x], shape) => x.reshape(shape),
  backward: (grad, { inputs: [x] }) => [() => grad.reshape(x.shape)],
  samples: [{ shapes: [[2, 6]], params: [3, -1] }],
});

/** Axes in another order; default: reversed. */
export const transpose = defineOp<One, Shape | undefined>({
  name: 'transpose',
  forward: ([x], axes) => x.transpose(axes),
  backward: (grad, { params: axes }) => [() => grad.transpose(axes && inverse(axes))],
  samples: [{ shapes: [[2, 3]] }, { shapes: [[2, 3, 4]], params: [2, 0, 1] }],
});

function inverse(axes: Shape): number[] {
  const order = new Array<number>(axes.length);
  axes.forEach((axis, i) => {
    order[normalizeAxis('transpose', axis, axes.length)] = i;
  });
  return order;
}

/** A range `[start, stop, step]` along each leading axis by Python's rules; null keeps an axis whole. */
export const slice = defineOp<One, readonly (Range | null)[]>({
  name: 'slice',
  forward: ([x], ranges) => x.slice(ranges),
  backward: (grad, { inputs: [x], params: ranges }) => [
    () => {
      const whole = fullLike(x, 0);
      whole.slice(ranges).addInPlace(grad);
      return whole;
    },
  ],
  samples: [
    { shapes: [[4, 3, 5]], params: [[1, 3], null, [null, null, 2]] },
    { shapes: [[5, 2]], params: [[null, null, -2]] },
  ],
});

/** x repeated along axes of length 1 and new leading axes. */
export const broadcastTo = defineOp<One, Shape>({
  name: 'broadcastTo',
  forward: ([x], shape) => x.broadcastTo(shape),
  backward: (grad) => [() => grad],
  samples: [{ shapes: [[3, 1]], params: [2, 3, 4] }],
});

/** Tensors joined along an existing axis: `concat([a, b], 1)`; default axis 0. */
export const concat = defineOp<readonly Tensor[], number | undefined>({
  name: 'concat',
  variadic: true,
  forward: (parts, axis = 0) => concatTensors(parts, axis),
  backward: (grad, { inputs, params: axis = 0 }) => {
    const along = normalizeAxis('concat', axis, grad.rank);
    let stop = 0;
    return inputs.map((part) => {
      const start = stop;
      stop += part.shape[along];
      const range: Range = [start, stop];
      return () => grad.slice(grad.shape.map((_, i) => (i === along ? range : null)));
    });
  },
  samples: [
    { shapes: [shape(2, 3), shape(2, 2)], params: 1 },
    { shapes: [shape(1, 2), shape(3, 2), shape(2, 2)] },
  ],
});

/** Tensors of one shape joined along a new axis: `stack([a, b])`; default axis 0. */
export const stack = defineOp<readonly Tensor[], number | undefined>({
  name: 'stack',
  variadic: true,
  forward: (parts, axis = 0) => {
    if (parts.some((part) => !sameShape(part.shape, parts[0].shape))) {
      const got = parts.map((part) => formatShape(part.shape)).join(', ');
      throw new ShapeError(`stack: shapes must be equal, got ${got}; to join along an axis, use concat`);
    }
    const rank = (parts[0]?.rank ?? 0) + 1;
    const along = normalizeAxis('stack', axis, rank);
    return concatTensors(
      parts.map((part) => part.reshape([...part.shape.slice(0, along), 1, ...part.shape.slice(along)])),
      along,
    );
  },
  backward: (grad, { inputs, params: axis = 0 }) => {
    const along = normalizeAxis('stack', axis, grad.rank);
    return inputs.map((part, k) => () => {
      const ranges = grad.shape.map((_, i): Range | null => (i === along ? [k, k + 1] : null));
      return grad.slice(ranges).reshape(part.shape);
    });
  },
  samples: [
    { shapes: [shape(2, 3), shape(2, 3)] },
    { shapes: [shape(2, 3), shape(2, 3), shape(2, 3)], params: -1 },
  ],
});

/** a where the condition is non-zero, b elsewhere; no gradient flows to the condition. */
export const where = defineOp<readonly [condition: Tensor, a: Tensor, b: Tensor]>({
  name: 'where',
  forward: ([condition, a, b]) => a.where(condition, b),
  backward: (grad, { inputs: [condition] }) => [
    () => fullLike(condition, 0),
    () => grad.where(condition, 0),
    () => fullLike(grad, 0).where(condition, grad),
  ],
  samples: [
    { shapes: [[2, 3], [2, 3], [3]], masks: [0] },
    { shapes: [shape(2, 1), shape(2, 3), shape(2, 3)], masks: [0] },
  ],
});

/**
 * The rows along the first axis, `[n, …] → n × […]`: the inverse of `stack`. Rows of contiguous values are views, and
 * backward takes time proportional to the size of x. Throws ShapeError for a scalar.
 */
export const unstack = defineOp<One, void, readonly [], readonly Tensor[]>({
  name: 'unstack',
  severalOutputs: true,
  forward: ([x]) => {
    if (x.rank === 0) {
      throw new ShapeError('unstack: needs at least one axis, got []; use the scalar itself');
    }
    return Array.from({ length: x.shape[0] }, (_, k) => rowOf(x, k));
  },
  backward: (grads, { inputs: [x] }) => [
    () => {
      const whole = fullLike(x, 0);
      for (const [k, grad] of grads.entries()) if (grad) rowOf(whole, k).overwrite(grad);
      return whole;
    },
  ],
  samples: [{ shapes: [[3, 2]] }, { shapes: [[4]] }],
});

function rowOf(x: Tensor, k: number): Tensor {
  return x.slice([[k, k + 1]]).reshape(x.shape.slice(1));
}
