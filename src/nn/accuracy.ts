/** How often a classifier is right. Separate from the losses because it is a count, with nothing to differentiate. */

import { checkCount } from '../tensor/arguments.js';
import { formatShape, ShapeError, sameShape } from '../tensor/index.js';
import { checkOperand, tensorIn } from './checks.js';
import { type Ids, resolveIds } from './ids.js';
import type { LayerInput } from './module.js';

/**
 * The share of rows whose largest logit is at their target, 0 … 1: logits […, C], one class id in 0 … C − 1 for each
 * leading position. A row with a NaN is wrong. Throws ShapeError if shapes do not fit or there are no rows.
 */
export function accuracy(logits: LayerInput, targets: Ids): number {
  checkCount('accuracy', arguments.length, 2);
  checkOperand('accuracy', 'logits', logits);
  const { shape } = logits;
  const lead = shape.slice(0, -1);
  if (shape.length === 0 || tensorIn(logits).size === 0) {
    throw new ShapeError(
      `accuracy: logits must be […, classes] with at least one row, got ${formatShape(shape)}`,
    );
  }
  const classes = shape[shape.length - 1];
  const ids = resolveIds('accuracy', targets, classes);
  if (!sameShape(ids.shape, lead)) {
    throw new ShapeError(
      `accuracy: one target for each row of logits ${formatShape(shape)}: shape ${formatShape(lead)}, got ${formatShape(ids.shape)}`,
    );
  }
  const values = tensorIn(logits).data();
  const { data: found } = tensorIn(logits).argmax({ axis: -1 });
  // argmax finds a NaN first if the row has one, so only that place needs a look.
  const right = found.filter((at, row) => at === ids.data[row] && !Number.isNaN(values[row * classes + at]));
  return right.length / found.length;
}
