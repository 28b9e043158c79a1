/**
 * Splitting along the first axis, with a backward pass whose cost is that of the data: a `slice` per row would answer
 * each row's gradient with a tensor as large as the whole input, which makes backpropagation through T time steps cost
 * T². The two ops emulate one of many outputs. They do not stand in the table of ops, because neither has a derivative
 * of its own that could be checked on samples: the tests gradcheck `unstack`, which is all that they make.
 */

import { defineOp, type Variable } from '../autograd/index.js';
import { stepOf } from '../tensor/fused.js';
import { formatShape, fullLike, ShapeError, Tensor } from '../tensor/index.js';
import type { LayerInput } from './module.js';

/** What the rows of one call share: where they come from, and their gradients in the backward pass. */
interface Rows {
  readonly source: Tensor;
  readonly grads: Map<number, Tensor>;
}

/**
 * Stands in the graph between the input and its rows. Every row is recorded after it, so the backward pass reaches it
 * when all rows have left their gradients, and it passes them on in one piece. Its own value, a scalar, means
 * nothing; its gradient is the number of rows that took part.
 */
const hub = defineOp<readonly [x: Tensor], Rows>({
  name: 'unstack',
  forward: ([x]) => fullLike(x, 0, []),
  backward: (count, { inputs: [x], params: { grads } }) => [() => joined(x, grads, count.item())],
  samples: [{ shapes: [[3, 2]] }],
});

const row = defineOp<readonly [hub: Tensor], { readonly rows: Rows; readonly k: number }>({
  name: 'unstackRow',
  forward: (_, { rows, k }) => stepOf(rows.source, k),
  backward: (grad, { inputs: [token], params: { rows, k } }) => [
    () => {
      rows.grads.set(k, grad);
      return fullLike(token, 1);
    },
  ],
  samples: [{ shapes: [[]] }],
});

/** The rows' gradients as one, zero where a row has none. */
function joined(x: Tensor, grads: Map<number, Tensor>, count: number): Tensor {
  // A backward pass that threw before it came here has left gradients that do not belong to this one.
  if (grads.size !== count) {
    grads.clear();
    throw new Error('unstack: an earlier backward pass failed on this graph; run the forward pass again');
  }
  const whole = fullLike(x, 0);
  for (const [k, grad] of grads) x.backend.copy(grad.view(), stepOf(whole, k).view());
  grads.clear();
  return whole;
}

/**
 * The rows of the first axis, `[n, …] → n × […]`: the inverse of `stack`. The rows of contiguous values are views,
 * and backward takes time proportional to the size of x. Throws ShapeError for a scalar.
 */
export function unstack(x: LayerInput): Variable[] {
  if (x.shape.length === 0) {
    throw new ShapeError(
      `unstack: needs at least one axis, got ${formatShape(x.shape)}; use the scalar itself`,
    );
  }
  const rows: Rows = { source: x instanceof Tensor ? x : x.value, grads: new Map() };
  const token = hub(x, rows);
  return Array.from({ length: x.shape[0] }, (_, k) => row(token, { rows, k }));
}
