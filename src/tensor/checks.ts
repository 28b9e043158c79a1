/** Checks that tensors and row numbers fit together; each throws before any number is computed. */

import { formatShape, type Shape, ShapeError, sameShape, sizeOf } from './shape.js';
import type { Tensor } from './tensor.js';

/** Throws ShapeError unless there is exactly one element. */
export function checkSingle(caller: string, shape: Shape): void {
  if (sizeOf(shape) === 1) return;
  throw new ShapeError(`${caller}: needs exactly one element, got shape ${formatShape(shape)}`);
}

/** Throws an Error unless two tensors share dtype and backend: they are never mixed silently. */
export function checkAlike(caller: string, a: Tensor, b: Tensor): void {
  if (a.dtype === b.dtype && a.backend === b.backend) return;
  const name = (tensor: Tensor) => `${tensor.dtype} on ${tensor.backend.name}`;
  throw new Error(
    `${caller}: operands must share dtype and backend, got ${name(a)} and ${name(b)}; convert one with .to('${a.dtype}', '${a.backend.name}')`,
  );
}

/** Throws ShapeError unless the shapes are equal. */
function checkSame(caller: string, a: Shape, b: Shape): void {
  if (!sameShape(a, b)) {
    throw new ShapeError(`${caller}: shapes must be equal, got ${formatShape(a)} and ${formatShape(b)}`);
  }
}

/** Throws unless `other` has dtype, backend and shape of `like`. */
export function checkFits(caller: string, like: Tensor, other: Tensor): void {
  checkAlike(caller, like, other);
  checkSame(caller, like.shape, other.shape);
}

/** Throws ShapeError unless matrices of these shapes can be multiplied. */
export function checkProduct(a: Shape, b: Shape): void {
  if (a.length >= 2 && b.length >= 2 && a[a.length - 1] === b[b.length - 2]) return;
  const rule =
    a.length < 2 || b.length < 2 ? 'operands need at least two axes' : 'inner dimensions must agree';
  throw new ShapeError(`matmul: ${rule}, got ${formatShape(a)} × ${formatShape(b)}`);
}

/** Throws ShapeError unless every index is a row of `shape`. */
export function checkIndices(caller: string, indices: Int32Array, shape: Shape): void {
  if (shape.length === 0) throw new ShapeError(`${caller}: a scalar has no rows`);
  for (const index of indices) {
    if (index < 0 || index >= shape[0]) {
      throw new ShapeError(`${caller}: rows must be in 0 … ${shape[0] - 1}, got ${index}`);
    }
  }
}

/** Throws unless rows can be added to `target` at `indices`. */
export function checkScatter(target: Tensor, rows: Tensor, indices: Int32Array): void {
  checkAlike('scatterAddRows', target, rows);
  checkIndices('scatterAddRows', indices, target.shape);
  checkSame('scatterAddRows', rows.shape, [indices.length, ...target.shape.slice(1)]);
}

/** Throws unless x · weightᵀ + bias can be computed. */
export function checkAffine(x: Tensor, weight: Tensor, bias: Tensor): void {
  checkAlike('affine', x, weight);
  checkAlike('affine', x, bias);
  const [a, w, b] = [x.shape, weight.shape, bias.shape];
  if (a.length === 2 && w.length === 2 && b.length === 1 && a[1] === w[1] && b[0] === w[0]) return;
  const got = `${formatShape(a)}, ${formatShape(w)}, ${formatShape(b)}`;
  throw new ShapeError(`affine: needs x [n, in], weight [out, in] and bias [out], got ${got}`);
}

/** Throws unless a recurrence can run: x [T, B, I], weightIh [H, I], bias [H], weightHh [H, H], h0 [B, H], T ≥ 1. */
export function checkRecurrence(
  x: Tensor,
  weightIh: Tensor,
  bias: Tensor,
  weightHh: Tensor,
  h0: Tensor,
  states?: Tensor,
): void {
  checkSteps('x [T ≥ 1, B, I]', x);
  const [steps, batch, inputs] = x.shape;
  const hidden = weightIh.shape[0];
  checkOperand('weightIh', weightIh, x, [hidden, inputs]);
  checkOperand('bias', bias, x, [hidden]);
  checkOperand('weightHh', weightHh, x, [hidden, hidden]);
  checkOperand('h0', h0, x, [batch, hidden]);
  if (states) checkOperand('states', states, x, [steps, batch, hidden]);
}

/** Throws unless `upstream` can go back through a recurrence: it meets every state, or the last alone. */
export function checkRecurrentGrads(upstream: Tensor, states: Tensor, weightHh: Tensor): void {
  checkSteps('states [T ≥ 1, B, H]', states);
  const [, batch, hidden] = states.shape;
  checkOperand('weightHh', weightHh, states, [hidden, hidden]);
  checkAlike('recurrence', states, upstream);
  const last = [batch, hidden];
  if (sameShape(upstream.shape, states.shape) || sameShape(upstream.shape, last)) return;
  throw new ShapeError(
    `recurrence: needs gradients ${formatShape(states.shape)} or ${formatShape(last)}, got ${formatShape(upstream.shape)}`,
  );
}

function checkSteps(what: string, { shape }: Tensor): void {
  if (shape.length === 3 && shape[0] >= 1) return;
  throw new ShapeError(`recurrence: needs ${what}, got ${formatShape(shape)}`);
}

function checkOperand(name: string, operand: Tensor, like: Tensor, shape: Shape): void {
  checkAlike('recurrence', like, operand);
  if (sameShape(operand.shape, shape)) return;
  throw new ShapeError(`recurrence: needs ${name} ${formatShape(shape)}, got ${formatShape(operand.shape)}`);
}
