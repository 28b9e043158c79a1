/** Joining tensors along an axis: the one movement that takes many tensors and must copy. */

import { checkAlike } from './checks.js';
import { formatShape, normalizeAxis, ShapeError } from './shape.js';
import { Tensor } from './tensor.js';

/** Tensors joined along `axis`; every other length must agree. Throws ShapeError for an empty list. */
export function concatTensors(parts: readonly Tensor[], axis: number): Tensor {
  const first = parts[0];
  if (!first) throw new ShapeError('concat: needs at least one tensor, got none');
  const along = normalizeAxis('concat', axis, first.rank);
  for (const part of parts) {
    const fits = part.rank === first.rank && part.shape.every((n, i) => i === along || n === first.shape[i]);
    checkAlike('concat', first, part);
    if (!fits) {
      const got = parts.map((other) => formatShape(other.shape)).join(', ');
      throw new ShapeError(`concat: shapes must agree except along axis ${along}, got ${got}`);
    }
  }
  const total = parts.reduce((sum, part) => sum + part.shape[along], 0);
  const out = Tensor.empty(
    first.shape.map((n, i) => (i === along ? total : n)),
    first.dtype,
    first.backend,
  );
  let start = 0;
  for (const part of parts) {
    const stop = start + part.shape[along];
    const target = out.slice(out.shape.map((_, i) => (i === along ? [start, stop] : null)));
    out.backend.copy(part.view(), target.view());
    start = stop;
  }
  return out;
}
