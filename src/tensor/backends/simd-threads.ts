/**
 * The kernels as the backend calls them: the module's own, where threads are on with the large calls cut into pieces that
 * a pool's threads share. The cuts are such that no sum is taken in another order, so results are the same bits.
 */

import type { SimdKernels } from '../../../kernels/simd/kernels.js';
import type { ThreadPool } from './simd-pool.js';

/** Blocks are worked on in stretches of this many floats: 8 to 50 µs of work, a quarter of the second cache. */
const STRETCH = 65536;
/** Rows and columns are cut at multiples of these: whole register tiles. */
const TILE_ROWS = 4;
const TILE_COLUMNS = 16;

/** Work from which a call is shared; below it, handing out costs more than it saves (NOTES.md has the measurements). */
export interface LeastWork {
  /** Multiply-adds of a matmul or of a recurrent sequence. */
  readonly multiplyAdds: number;
  /** Elements of a block. */
  readonly elements: number;
}

/** What pays. */
export const MEASURED_LEAST_WORK: LeastWork = { multiplyAdds: 1 << 20, elements: 2 * STRETCH };

/** The kernels of `plain`, with sums over blocks that do not depend on how many threads there are. */
export function kernelsAlone(plain: SimdKernels): SimdKernels {
  return {
    ...plain,
    sumSquares(x, n) {
      let total = 0;
      for (let i = 0; i < n; i += STRETCH) total += plain.sumSquares(x + 4 * i, Math.min(STRETCH, n - i));
      return total;
    },
  };
}

/** The same, large calls shared. The scratch that they ask for is one for each thread. */
export function kernelsOfPool(plain: SimdKernels, pool: ThreadPool, least: LeastWork): SimdKernels {
  const alone = kernelsAlone(plain);
  return {
    ...alone,
    ...sharedMatmul(plain, pool, least),
    ...sharedRecurrence(plain, pool, least),
    ...sharedGatedRecurrence(plain, pool, least),
    ...sharedUpdates(plain, pool, least),
    ...sharedMeasures(alone, pool, least),
  };
}

type Matmul = Pick<SimdKernels, 'matmul' | 'matmulScratchBytes'>;

function sharedMatmul(plain: SimdKernels, pool: ThreadPool, least: LeastWork): Matmul {
  const scratchBytes = plain.matmulScratchBytes();
  return {
    matmulScratchBytes: () => pool.threads * scratchBytes,
    // biome-ignore format: one list of arguments three times
    matmul(out, outRow, init, initRow, a, aRow, aCol, b, bRow, bCol, start, end, n, k, f, scratch) {
      const rows = end - start;
      if (rows * n * k < least.multiplyAdds) {
        plain.matmul(out, outRow, init, initRow, a, aRow, aCol, b, bRow, bCol, start, end, n, k, f, scratch);
        return;
      }
      pool.describe('matmul', out, outRow, init, initRow, a, aRow, aCol, b, bRow, bCol, start, end, n, k, f, scratch);
      if (n < rows) {
        const size = pieceSize(rows, TILE_ROWS, pool.threads);
        pool.run({ low: start, high: end, size, range: 10, scratch: 15, scratchBytes });
      } else {
        // By columns: each thread then packs only what it uses of b, which costs most where rows are few.
        pool.step(0, 4);
        pool.step(2, 4);
        pool.step(7, 4 * bCol);
        const size = pieceSize(n, TILE_COLUMNS, pool.threads);
        pool.run({ low: 0, high: n, size, count: 12, scratch: 15, scratchBytes });
      }
    },
  };
}

type Recurrence = Pick<SimdKernels, 'recurrentForward' | 'recurrentBackward' | 'recurrentScratchBytes'>;

/** Rows of the batch do not meet: each thread goes through all steps with its own. */
function sharedRecurrence(plain: SimdKernels, pool: ThreadPool, least: LeastWork): Recurrence {
  const { threads } = pool;
  const pays = (steps: number, rows: number, hidden: number) =>
    steps * rows * hidden * hidden >= least.multiplyAdds && rows > TILE_ROWS;
  return {
    recurrentScratchBytes: (hidden) => threads * plain.recurrentScratchBytes(hidden),
    recurrentForward(h, h0, w, steps, batch, hidden, start, end, f, scratch) {
      if (!pays(steps, end - start, hidden)) {
        plain.recurrentForward(h, h0, w, steps, batch, hidden, start, end, f, scratch);
        return;
      }
      pool.describe('recurrentForward', h, h0, w, steps, batch, hidden, start, end, f, scratch);
      const size = wholeTiles((end - start) / threads, TILE_ROWS);
      const scratchBytes = plain.recurrentScratchBytes(hidden);
      pool.run({ low: start, high: end, size, range: 6, scratch: 9, scratchBytes });
    },
    // biome-ignore format: one list of arguments three times
    recurrentBackward(dh, dpre, upstream, lastOnly, h, w, steps, batch, hidden, start, end, f, scratch) {
      if (!pays(steps, end - start, hidden)) {
        plain.recurrentBackward(dh, dpre, upstream, lastOnly, h, w, steps, batch, hidden, start, end, f, scratch);
        return;
      }
      pool.describe('recurrentBackward', dh, dpre, upstream, lastOnly, h, w, steps, batch, hidden, start, end, f, scratch);
      const size = wholeTiles((end - start) / threads, TILE_ROWS);
      const scratchBytes = plain.recurrentScratchBytes(hidden);
      pool.run({ low: start, high: end, size, range: 9, scratch: 12, scratchBytes });
    },
  };
}

type Gated = 'lstmForward' | 'lstmBackward' | 'gruForward' | 'gruBackward';
type GatedRecurrence = Pick<SimdKernels, Gated | 'lstmScratchBytes' | 'gruScratchBytes'>;

/** The same for LSTM and GRU, whose kernels all end with steps, batch, hidden, start, end, scratch. */
function sharedGatedRecurrence(plain: SimdKernels, pool: ThreadPool, least: LeastWork): GatedRecurrence {
  const { threads } = pool;
  const share = (kernel: Gated, gates: number, scratchBytesOf: (hidden: number) => number) => {
    const alone: (...args: number[]) => void = plain[kernel];
    return (...args: number[]): void => {
      const range = args.length - 3;
      const [steps, , hidden, start, end] = args.slice(-6);
      const rows = end - start;
      if (gates * steps * rows * hidden * hidden < least.multiplyAdds || rows <= TILE_ROWS) {
        alone(...args);
        return;
      }
      pool.describe(kernel, ...(args as [number]));
      const size = wholeTiles(rows / threads, TILE_ROWS);
      const scratchBytes = scratchBytesOf(hidden);
      pool.run({ low: start, high: end, size, range, scratch: args.length - 1, scratchBytes });
    };
  };
  return {
    lstmScratchBytes: (hidden) => threads * plain.lstmScratchBytes(hidden),
    lstmForward: share('lstmForward', 4, plain.lstmScratchBytes),
    lstmBackward: share('lstmBackward', 4, plain.lstmScratchBytes),
    gruScratchBytes: (hidden) => threads * plain.gruScratchBytes(hidden),
    gruForward: share('gruForward', 3, plain.gruScratchBytes),
    gruBackward: share('gruBackward', 3, plain.gruScratchBytes),
  };
}

type Updates = Pick<SimdKernels, 'sgd' | 'adam' | 'scaleBlock'>;

/** What changes each element of a block by itself. */
function sharedUpdates(plain: SimdKernels, pool: ThreadPool, least: LeastWork): Updates {
  return {
    // biome-ignore format: one list of arguments three times
    sgd(values, grads, velocity, n, flags, lr, momentum, dampening, weightDecay) {
      if (n < least.elements) {
        plain.sgd(values, grads, velocity, n, flags, lr, momentum, dampening, weightDecay);
        return;
      }
      pool.describe('sgd', values, grads, velocity, n, flags, lr, momentum, dampening, weightDecay);
      overStretches(pool, 3, n);
    },
    // biome-ignore format: one list of arguments three times
    adam(values, grads, first, second, largest, n, flags, stepSize, beta1, beta2, eps, correction, lr, weightDecay) {
      if (n < least.elements) {
        plain.adam(values, grads, first, second, largest, n, flags, stepSize, beta1, beta2, eps, correction, lr, weightDecay);
        return;
      }
      pool.describe('adam', values, grads, first, second, largest, n, flags, stepSize, beta1, beta2, eps, correction, lr, weightDecay);
      overStretches(pool, 5, n);
    },
    scaleBlock(x, n, factor) {
      if (n < least.elements) {
        plain.scaleBlock(x, n, factor);
        return;
      }
      pool.describe('scaleBlock', x, n, factor);
      overStretches(pool, 1, n);
    },
  };
}

type Measures = Pick<SimdKernels, 'sumSquares' | 'maxAbs'>;

/** What makes one number of a block: each stretch's own, put together in order. */
function sharedMeasures(alone: SimdKernels, pool: ThreadPool, least: LeastWork): Measures {
  return {
    sumSquares(x, n) {
      if (n < least.elements) return alone.sumSquares(x, n);
      pool.describe('sumSquares', x, n);
      const pieces = overStretches(pool, 1, n);
      let total = 0;
      for (let i = 0; i < pieces; i++) total += pool.resultOf(i);
      return total;
    },
    maxAbs(x, n) {
      if (n < least.elements) return alone.maxAbs(x, n);
      pool.describe('maxAbs', x, n);
      const pieces = overStretches(pool, 1, n);
      let most = 0;
      for (let i = 0; i < pieces; i++) most = Math.max(most, pool.resultOf(i));
      return most;
    },
  };
}

/** Runs a call over a block of n elements: its first arguments are `addresses` addresses, then comes n. */
function overStretches(pool: ThreadPool, addresses: number, n: number): number {
  for (let place = 0; place < addresses; place++) pool.step(place, 4);
  return pool.run({ low: 0, high: n, size: STRETCH, count: addresses });
}

/** Two pieces for each thread, so that one that is held up leaves its second to the others. */
function pieceSize(length: number, tile: number, threads: number): number {
  return wholeTiles(length / (2 * threads), tile);
}

function wholeTiles(length: number, tile: number): number {
  return Math.max(1, Math.ceil(length / tile)) * tile;
}
