/**
 * Operands of the simd kernels: what lies elsewhere is copied into their memory, strided views are made contiguous where
 * a kernel needs it, results are copied out. Shared by the backend and its fused kernels.
 */

import { ACTIVATION, BINARY, type SimdKernels } from '../../../kernels/simd/kernels.js';
import { isContiguous, type Shape, sizeOf } from '../shape.js';
import { rowMajorView, type View } from '../view.js';
import { LoopNest } from './loop-nest.js';
import { reference } from './reference.js';
import { addressOf, type SimdMemory } from './simd-memory.js';

/**
 * Products added by one call of the matmul kernel, which adds blocks of 256: a longer product is cut here into calls whose
 * results are added in order, so that no sum has more than about a hundred terms.
 */
const LONGEST_SUM = 64 * 256;

/** Copies in and out of one memory; what `mark` and `deliver` bracket is temporary. */
export class SimdOperands {
  readonly memory: SimdMemory;
  readonly kernels: SimdKernels;
  /** Bytes of scratch for any matmul. */
  readonly #matmulScratch: number;
  readonly #nest = new LoopNest();

  constructor(memory: SimdMemory) {
    this.memory = memory;
    this.kernels = memory.kernels;
    this.#matmulScratch = memory.kernels.matmulScratchBytes();
  }

  /** Start of temporary memory, to be given to `deliver`. */
  mark(): number {
    return this.memory.mark();
  }

  /** `out` itself where a kernel can write it, contiguous, else a temporary of its shape. */
  landing(out: View): View {
    return this.#fits(out) ? out : this.temporaryView(out.shape);
  }

  /** Copies a temporary result to where it belongs, and frees what was temporary. */
  deliver(target: View, out: View, mark: number): void {
    if (target !== out) this.copy(target, out);
    this.memory.release(mark);
  }

  /** The view itself where it lies in the kernels' memory, with any strides; else a copy. */
  resident(x: View): View {
    return this.memory.holds(x) ? x : this.#copyOf(x);
  }

  /** The view itself where it is contiguous in the kernels' memory, else a copy. */
  contiguous(x: View): View {
    return this.#fits(x) ? x : this.#copyOf(x);
  }

  /** Address of the first element of the contiguous view or copy. */
  contiguousAddress(x: View): number {
    return addressOf(this.contiguous(x));
  }

  temporaryView(shape: Shape): View {
    return rowMajorView(this.memory.floats, shape, this.memory.take(sizeOf(shape)));
  }

  /** Address of `size` floats of temporary memory. */
  temporary(size: number): number {
    return this.memory.take(size) * 4;
  }

  /** Address of a copy of row numbers or classes. */
  indexList(indices: Int32Array): number {
    const position = this.memory.take(indices.length);
    this.memory.integers.set(indices, position);
    return position * 4;
  }

  /**
   * out = A · B for contiguous `out` [rows, columns] and k = `inner`; `bias`, an address if it is not 0, is a row to start
   * from. `a` and `b` are addresses, strides count elements. Sums are added in an order that depends on `inner` alone.
   */
  // biome-ignore format: as a kernel's arguments, in a few rows
  product(
    out: number, bias: number, a: number, aRow: number, aColumn: number, b: number, bRow: number, bColumn: number,
    rows: number, columns: number, inner: number,
  ): void {
    const { kernels, memory } = this;
    const part = inner > LONGEST_SUM ? this.temporary(rows * columns) : 0;
    const scratch = memory.scratch(this.#matmulScratch);
    let done = 0;
    do {
      const to = done === 0 ? out : part;
      const k = Math.min(inner - done, LONGEST_SUM);
      kernels.matmul(
        to,
        columns,
        done === 0 ? bias : 0,
        0,
        a + 4 * done * aColumn,
        aRow,
        aColumn,
        b + 4 * done * bRow,
        bRow,
        bColumn,
        0,
        rows,
        columns,
        k,
        ACTIVATION.identity,
        scratch,
      );
      if (done > 0) kernels.binary(BINARY.add, out, 0, 1, out, 0, 1, part, 0, 1, 1, rows * columns);
      done += k;
    } while (done < inner);
  }

  copy(x: View, out: View): void {
    if (sizeOf(out.shape) === 0) return;
    if (!this.memory.holds(x) || !this.memory.holds(out)) {
      copyAcross(x, out);
      return;
    }
    const [to, from] = [addressOf(out), addressOf(x)];
    const { kernels } = this;
    if (isContiguous(x.shape, x.stride) && isContiguous(out.shape, out.stride)) {
      kernels.copy(to, 0, 1, from, 0, 1, 1, sizeOf(out.shape));
      return;
    }
    const nest = this.#nest.set(out, x);
    const [n, rows] = nest.lengths;
    const [o, p] = nest.strides;
    if (nest.isFlat) kernels.copy(to, o[1], o[0], from, p[1], p[0], rows, n);
    else nest.forEachOuter((i, j) => kernels.copy(to + i, o[1], o[0], from + j, p[1], p[0], rows, n));
  }

  #fits(x: View): boolean {
    return this.memory.holds(x) && isContiguous(x.shape, x.stride);
  }

  #copyOf(x: View): View {
    const copy = this.temporaryView(x.shape);
    this.copy(x, copy);
    return copy;
  }
}

/** Copies between the kernels' memory and an ordinary array: in one go where both are contiguous. */
function copyAcross(x: View, out: View): void {
  if (isContiguous(x.shape, x.stride) && isContiguous(out.shape, out.stride)) {
    const size = sizeOf(x.shape);
    const isWhole = x.offset === 0 && x.data.length === size;
    out.data.set(isWhole ? x.data : x.data.subarray(x.offset, x.offset + size), out.offset);
  } else {
    reference.copy(x, out);
  }
}
