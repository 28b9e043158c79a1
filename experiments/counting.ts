/** A backend that counts: what it computes is left to `simd`, how many elements its kernels touch is added up. */

import { type Backend, backendNamed, type FusedKernels, registerBackend, type View } from '../src/extend.js';

/** Elements read and written so far; reads them with `traffic()`. */
export interface CountingBackend {
  readonly name: string;
  traffic(): number;
}

let opened: CountingBackend | null = null;

/**
 * The backend `counting`, registered when first asked for. Each kernel counts every element of its operands and of its
 * output once; an element that is broadcast counts once. It has the kernels of `simd` that clipping and SGD use, and no
 * other fused ones: all else runs in its composed form, so that nothing goes uncounted.
 */
export function countingBackend(): CountingBackend {
  opened ??= open();
  return opened;
}

function open(): CountingBackend {
  const name = 'counting';
  const simd = backendNamed('simd');
  const { sumSquares, scaleBlock, sgd } = simd.fused as FusedKernels;
  let traffic = 0;
  const touch = (...views: readonly View[]): void => {
    for (const view of views) traffic += elementsOf(view);
  };
  const backend: Backend = {
    name,
    dtypes: simd.dtypes,
    get memory() {
      return simd.memory;
    },
    fused: {
      sumSquares(block, start, end) {
        traffic += end - start;
        return sumSquares(block, start, end);
      },
      scaleBlock(block, start, end, factor) {
        traffic += 2 * (end - start);
        scaleBlock(block, start, end, factor);
      },
      sgd(range, velocity, first, options) {
        traffic += (velocity ? 5 : 3) * (range.end - range.start);
        sgd(range, velocity, first, options);
      },
    },
    unary(kernel, x, out) {
      touch(x, out);
      simd.unary(kernel, x, out);
    },
    binary(kernel, a, b, out) {
      touch(a, b, out);
      simd.binary(kernel, a, b, out);
    },
    reduce(kernel, x, axes, out) {
      touch(x, out);
      simd.reduce(kernel, x, axes, out);
    },
    matmul(a, b, out) {
      touch(a, b, out);
      simd.matmul(a, b, out);
    },
    gather(table, indices, out) {
      traffic += 2 * elementsOf(out);
      simd.gather(table, indices, out);
    },
    scatterAdd(rows, indices, out) {
      traffic += 3 * elementsOf(rows);
      simd.scatterAdd(rows, indices, out);
    },
    where(condition, a, b, out) {
      touch(condition, a, b, out);
      simd.where(condition, a, b, out);
    },
    copy(x, out) {
      touch(x, out);
      simd.copy(x, out);
    },
  };
  registerBackend(backend);
  return { name, traffic: () => traffic };
}

/** How many elements of memory a view covers. */
function elementsOf({ shape, stride }: View): number {
  return shape.reduce(
    (count, length, axis) => (stride[axis] === 0 && length > 0 ? count : count * length),
    1,
  );
}
