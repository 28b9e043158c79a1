/** Look-ups: rows of a table by number. */

import { checkIndices } from '../../tensor/checks.js';
import { type Shape, ShapeError, type Tensor } from '../../tensor/index.js';
import { rowsAt, spreadRows } from '../../tensor/rows.js';
import type { Variable } from '../graph.js';
import { asVariables, defineOp, type Operand } from '../op.js';

/** `gatherRows` for callers that have checked the numbers, 0 … n − 1, and never change them. */
export const pickRows = defineOp<readonly [x: Tensor], Int32Array>({
  name: 'gatherRows',
  forward: ([x], rows) => rowsAt(x, rows),
  backward: (grad, { inputs: [x], params: rows }) => [() => spreadRows(grad, rows, x)],
  samples: [
    { shapes: [[5, 3]], params: Int32Array.of(3, 0, 3, 1) },
    { shapes: [[4]], params: Int32Array.of(2, 2) },
  ],
});

/** Rows of the first axis by number, `[n, …] → [rows.length, …]`: an embedding look-up. The numbers are copied. */
export const gatherRows = Object.assign(
  (x: Operand, rows: Int32Array | readonly number[]): Variable => {
    const [table] = asVariables('gatherRows', [x], 1);
    return pickRows(table, ownRows(rows, table.shape));
  },
  { rule: pickRows.rule },
);

/** A copy of row numbers. Throws ShapeError unless each is a row of a table of that shape. */
function ownRows(rows: Int32Array | readonly number[], shape: Shape): Int32Array {
  const own = new Int32Array(rows);
  const wrong = own.findIndex((row, i) => row !== rows[i]);
  if (wrong >= 0) throw new ShapeError(`gatherRows: rows must be 32-bit integers, got ${rows[wrong]}`);
  checkIndices('gatherRows', own, shape);
  return own;
}
