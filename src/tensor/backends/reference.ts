/**
 * The reference backend: plain strided loops in float32 and float64, sums carried in float64. It is the readable
 * specification that every other backend is compared with, and it is never optimised.
 */

import type { Backend, BinaryName, Memory, UnaryName } from '../backend.js';
import { cos, erf, exp, log, log1p, power, sin, tanh } from '../math.js';
import { rowMajorStrides, type Shape, sizeOf } from '../shape.js';
import { normalFrom } from '../tiny.js';
import { allocateArray, type View } from '../view.js';

const unaryFunctions: Readonly<Record<UnaryName, (x: number) => number>> = {
  neg: (x) => -x,
  abs: Math.abs,
  sign: Math.sign,
  exp,
  log,
  log1p,
  sqrt: Math.sqrt,
  reciprocal: (x) => 1 / x,
  tanh,
  sigmoid: (x) => 1 / (1 + exp(-x)),
  relu: (x) => Math.max(x, 0),
  erf,
  sin,
  cos,
};

/** Functions whose results are 0 where they would be subnormal: see ../tiny.ts. */
const madeNormal: ReadonlySet<UnaryName> = new Set(['exp', 'tanh', 'sigmoid', 'erf']);

const binaryFunctions: Readonly<Record<BinaryName, (a: number, b: number) => number>> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  pow: power,
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a >= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
};

/** Calls `visit` with the position in each view where each row (run along the last axis) starts. */
function forEachRow(
  shape: Shape,
  views: readonly View[],
  visit: (starts: readonly number[], length: number) => void,
): void {
  if (sizeOf(shape) === 0) return;
  const last = shape.length - 1;
  const starts = views.map((view) => view.offset);
  const index = shape.map(() => 0);
  let axis: number;
  do {
    visit(starts, shape[last] ?? 1);
    for (axis = last - 1; axis >= 0; axis--) {
      for (let v = 0; v < views.length; v++) starts[v] += views[v].stride[axis];
      if (++index[axis] < shape[axis]) break;
      for (let v = 0; v < views.length; v++) starts[v] -= views[v].stride[axis] * shape[axis];
      index[axis] = 0;
    }
  } while (axis >= 0);
}

/** Stride along the last axis, 0 for a scalar. */
function lastStride(view: View): number {
  return view.stride[view.stride.length - 1] ?? 0;
}

/** Row `row` of a view: the view without its first axis. */
function rowOf(view: View, row: number): View {
  const offset = view.offset + row * view.stride[0];
  return { data: view.data, shape: view.shape.slice(1), stride: view.stride.slice(1), offset };
}

const heap: Memory = {
  allocate: (dtype, size) => ({ data: allocateArray(dtype, size), offset: 0 }),
  allocateBlock: allocateArray,
  freeBlock: () => undefined,
  locate: (block) => ({ data: block, offset: 0 }),
  mark: () => 0,
  release: () => undefined,
};

/** Plain loops, float32 and float64. */
export const reference: Backend = {
  name: 'reference',
  dtypes: ['float32', 'float64'],
  memory: heap,
  fused: {},

  unary(name, x, out) {
    const f = unaryFunctions[name];
    const [stepX, stepOut] = [lastStride(x), lastStride(out)];
    const least = madeNormal.has(name) ? normalFrom(out.data) : 0;
    forEachRow(out.shape, [x, out], (starts, length) => {
      for (let k = 0, i = starts[0], o = starts[1]; k < length; k++, i += stepX, o += stepOut) {
        const y = f(x.data[i]);
        // The sign of a zero stays.
        out.data[o] = Math.abs(y) < least ? y * 0 : y;
      }
    });
  },

  binary(name, a, b, out) {
    const f = binaryFunctions[name];
    const [stepA, stepB, stepOut] = [lastStride(a), lastStride(b), lastStride(out)];
    forEachRow(out.shape, [a, b, out], (starts, length) => {
      for (let k = 0, o = starts[2]; k < length; k++, o += stepOut) {
        out.data[o] = f(a.data[starts[0] + k * stepA], b.data[starts[1] + k * stepB]);
      }
    });
  },

  reduce(name, x, axes, out) {
    // Carried in float64 and rounded once, so the order of additions hardly shows in a float32 result.
    const data = new Float64Array(sizeOf(out.shape)).fill(name === 'sum' ? 0 : -Infinity);
    const f = name === 'sum' ? binaryFunctions.add : binaryFunctions.max;
    const strides = rowMajorStrides(out.shape);
    const totals: View = { data, shape: out.shape, stride: strides, offset: 0 };
    const along = { ...totals, stride: strides.map((step, axis) => (axes.includes(axis) ? 0 : step)) };
    const [stepX, stepTotal] = [lastStride(x), lastStride(along)];
    forEachRow(x.shape, [x, along], (starts, length) => {
      for (let k = 0, t = starts[1]; k < length; k++, t += stepTotal) {
        data[t] = f(data[t], x.data[starts[0] + k * stepX]);
      }
    });
    reference.copy(totals, out);
  },

  matmul(a, b, out) {
    if (out.shape.length > 2) {
      for (let batch = 0; batch < out.shape[0]; batch++) {
        reference.matmul(rowOf(a, batch), rowOf(b, batch), rowOf(out, batch));
      }
      return;
    }
    const [rows, columns] = out.shape;
    const inner = a.shape[1];
    const [left, stepLeft] = [a.data, a.stride[1]];
    const [right, stepRight] = [b.data, b.stride[0]];
    for (let i = 0; i < rows!; i++) {
      for (let j = 0; j < columns!; j++) {
        let sum = 0;
        let p = a.offset + i * a.stride[0];
        let q = b.offset + j * b.stride[1];
        for (let k = 0; k < inner; k++, p += stepLeft, q += stepRight) sum += left[p] * right[q];
        out.data[out.offset + i * out.stride[0] + j * out.stride[1]] = sum;
      }
    }
  },

  gather(table, indices, out) {
    for (const [i, row] of indices.entries()) reference.copy(rowOf(table, row), rowOf(out, i));
  },

  scatterAdd(rows, indices, out) {
    // Carried in float64 and rounded once, as every long sum is.
    const stride = rowMajorStrides(out.shape);
    const totals: View = { data: new Float64Array(sizeOf(out.shape)), shape: out.shape, stride, offset: 0 };
    reference.copy(out, totals);
    indices.forEach((row, i) => {
      const target = rowOf(totals, row);
      reference.binary('add', target, rowOf(rows, i), target);
    });
    reference.copy(totals, out);
  },

  where(condition, a, b, out) {
    const [stepC, stepA, stepB, stepOut] = [condition, a, b, out].map(lastStride);
    forEachRow(out.shape, [condition, a, b, out], (starts, length) => {
      for (let k = 0; k < length; k++) {
        const chosen = condition.data[starts[0] + k * stepC!] !== 0;
        out.data[starts[3] + k * stepOut!] = chosen
          ? a.data[starts[1] + k * stepA!]
          : b.data[starts[2] + k * stepB!];
      }
    });
  },

  copy(x, out) {
    const [stepX, stepOut] = [lastStride(x), lastStride(out)];
    forEachRow(out.shape, [x, out], (starts, length) => {
      for (let k = 0; k < length; k++) {
        out.data[starts[1] + k * stepOut] = x.data[starts[0] + k * stepX];
      }
    });
  },
};
