/**
 * Rows by number, for callers that have checked the numbers and keep them to themselves: a look-up need not check them
 * again on its way back.
 */

import { fullLike } from './create.js';
import { Tensor } from './tensor.js';

/** Rows of the first axis, `[n, …] → [indices.length, …]`; every index is in 0 … n − 1. */
export function rowsAt(table: Tensor, indices: Int32Array): Tensor {
  const out = Tensor.empty([indices.length, ...table.shape.slice(1)], table.dtype, table.backend);
  table.backend.gather(table.view(), indices, out.view());
  return out;
}

/** The way back: zeros like `table`, with row i of `rows` added to row indices[i]. */
export function spreadRows(rows: Tensor, indices: Int32Array, table: Tensor): Tensor {
  const whole = fullLike(table, 0);
  whole.backend.scatterAdd(rows.view(), indices, whole.view());
  return whole;
}
