/**
 * Loop nests over several views at once: neighbouring axes are merged wherever every view allows it, so that most
 * operations become one run, or rows of runs, and only odd views are walked from here.
 */

import type { View } from '../view.js';

const MAX_VIEWS = 4;
const MAX_RANK = 32;

/** Axes after merging, innermost first. Reused between calls: a nest is read before the next one is made. */
export class LoopNest {
  rank = 0;
  /** Length of each axis; axis 0 is the run, axis 1 the rows. */
  readonly lengths = new Int32Array(MAX_RANK);
  /** Strides of view v: `strides[v][axis]`. */
  readonly strides = Array.from({ length: MAX_VIEWS }, () => new Int32Array(MAX_RANK));
  readonly #index = new Int32Array(MAX_RANK);

  /** Merges the axes of views that have one shape. */
  set(a: View, b: View, c?: View, d?: View): this {
    const { lengths, strides } = this;
    const { shape } = a;
    let rank = 0;
    for (let axis = shape.length - 1; axis >= 0; axis--) {
      if (shape[axis] === 1) continue;
      if (rank > 0 && this.#joins(rank - 1, axis, a, b, c, d)) {
        lengths[rank - 1] *= shape[axis];
        continue;
      }
      lengths[rank] = shape[axis];
      strides[0][rank] = a.stride[axis];
      strides[1][rank] = b.stride[axis];
      if (c) strides[2][rank] = c.stride[axis];
      if (d) strides[3][rank] = d.stride[axis];
      rank++;
    }
    this.rank = rank;
    for (; rank < 2; rank++) {
      lengths[rank] = 1;
      strides[0][rank] = 0;
      strides[1][rank] = 0;
      strides[2][rank] = 0;
      strides[3][rank] = 0;
    }
    return this;
  }

  /** Whether stepping along `axis` continues a full pass along merged axis `inner`, in every view. */
  #joins(inner: number, axis: number, a: View, b: View, c?: View, d?: View): boolean {
    const length = this.lengths[inner];
    const { strides } = this;
    return (
      a.stride[axis] === strides[0][inner] * length &&
      b.stride[axis] === strides[1][inner] * length &&
      (!c || c.stride[axis] === strides[2][inner] * length) &&
      (!d || d.stride[axis] === strides[3][inner] * length)
    );
  }

  /** Whether one call over rows of runs does it all. */
  get isFlat(): boolean {
    return this.rank <= 2;
  }

  /** Calls `visit` with the offset of each view, in bytes, for every index of the axes beyond rows and runs. */
  forEachOuter(visit: (a: number, b: number, c: number, d: number) => void): void {
    const index = this.#index.fill(0, 0, this.rank);
    const at = [0, 0, 0, 0];
    for (;;) {
      visit(4 * at[0], 4 * at[1], 4 * at[2], 4 * at[3]);
      let axis = 2;
      for (; axis < this.rank; axis++) {
        for (let v = 0; v < MAX_VIEWS; v++) at[v] += this.strides[v][axis];
        if (++index[axis] < this.lengths[axis]) break;
        for (let v = 0; v < MAX_VIEWS; v++) at[v] -= this.strides[v][axis] * this.lengths[axis];
        index[axis] = 0;
      }
      if (axis >= this.rank) return;
    }
  }
}
