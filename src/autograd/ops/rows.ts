/** Look-ups: rows of a table by number. */

import { checkCount } from '../../tensor/arguments.js';
import { checkIndices, rowNumbers } from '../../tensor/checks.js';
import type { Shape, Tensor } from '../../tensor/index.js';
import { rowsAt, spreadRows } from '../../tensor/rows.js';
import type { Variable } from '../graph.js';
import { asVariables, defineOp, type Operand } from '../op.js';

/** `gatherRows` for callers that have checked that the row numbers are in 0 … n − 1, and never change them. */
export const pickRows = defineOp<readonly [x: Tensor], Int32Array>({
  name: 'gatherRows',
  forward: ([x], rows) => rowsAt(x, rows),
  backward: (grad, { inputs: [x], params: rows }) => [() => spreadRows(grad, rows, x)],
  samples: [
    { shapes: [[5, 3]], params: Int32Array.of(3, 0, 3, 1) },
    { shapes: [[4]], params: Int32Array.of(2, 2) },
  ],
});

/** Rows of the first axis by number, `[n, …] → [rows.length, …]`: an embedding look-up. The row numbers are copied. */
export const gatherRows = Object.assign(
  function gatherRows(x: Operand, rows: Int32Array | readonly number[]): Variable {
    checkCount('gatherRows', arguments.length, 2);
    const [table] = asVariables('gatherRows', [x], 1);
    return pickRows(table, ownRows(rows, table.shape));
  },
  { rule: pickRows.rule },
);

/** A copy of row numbers. Throws ShapeError unless each is a row of a table of that shape. */
function ownRows(rows: Int32Array | readonly number[], shape: Shape): Int32Array {
  const own = Int32Array.from(rowNumbers('gatherRows', rows));
  checkIndices('gatherRows', own, shape);
  return own;
}
