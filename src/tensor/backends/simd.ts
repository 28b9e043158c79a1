/**
 * The simd backend: the contract of a backend on top of the WebAssembly kernels. It finds addresses, merges axes, and
 * copies in and out what does not lie in the kernels' memory; the arithmetic is in kernels/simd.
 */

import { BINARY, REDUCE, type SimdKernels, UNARY } from '../../../kernels/simd/kernels.js';
import { loadKernels, WideCheck, wideVectors } from '../../../kernels/simd/load.js';
import { checkCount } from '../arguments.js';
import type { Backend, BinaryName, FusedKernels, ReduceName, UnaryName } from '../backend.js';
import { checkNames } from '../options.js';
import { isContiguous, type Shape, sizeOf } from '../shape.js';
import type { View } from '../view.js';
import { LoopNest } from './loop-nest.js';
import { fusedKernels } from './simd-fused.js';
import { addressOf, SimdMemory } from './simd-memory.js';
import { SimdOperands } from './simd-operands.js';
import { checkSimdOptions, DEFAULT_OPTIONS, type SimdOptions } from './simd-options.js';
import { ThreadPool } from './simd-pool.js';
import { kernelsAlone, kernelsOfPool, type LeastWork, MEASURED_LEAST_WORK } from './simd-threads.js';
import { checkedKernels } from './simd-wide.js';

/** WebAssembly SIMD, float32. */
export class SimdBackend implements Backend {
  readonly name = 'simd';
  readonly dtypes = ['float32'] as const;
  readonly fused: FusedKernels = fusedKernels(() => this.#operands);
  readonly #nest = new LoopNest();
  readonly #leastWork: LeastWork;
  #options = DEFAULT_OPTIONS;
  #started: SimdOperands | null = null;
  #pool: ThreadPool | null = null;

  /** @internal `leastWork`: from where on threads share a call; tests ask for less than what pays. */
  constructor(leastWork: LeastWork = MEASURED_LEAST_WORK) {
    this.#leastWork = leastWork;
  }

  /** What is in force; `vectors` may be 'auto' until the kernels are loaded. */
  get options(): Required<SimdOptions> {
    return this.#options;
  }

  /** Changes options; throws an Error if they cannot be had, or once memory is reserved. */
  configure(options: SimdOptions): void {
    if (this.#started) {
      throw new Error('configureSimd: the memory is reserved already; call it before the first tensor');
    }
    const { mebibytes, precision, threads, vectors } = this.#options;
    const all = {
      mebibytes: options.mebibytes ?? mebibytes,
      precision: options.precision ?? precision,
      threads: options.threads ?? threads,
      vectors: options.vectors ?? vectors,
    };
    checkSimdOptions(all);
    this.#options = all;
  }

  get memory(): SimdMemory {
    return this.#operands.memory;
  }

  /** @internal The threads that share large calls; null where there is one. */
  get pool(): ThreadPool | null {
    return this.#pool;
  }

  /** Memory is reserved and kernels are compiled when first needed: importing the package costs neither. */
  get #operands(): SimdOperands {
    this.#started ??= this.#start();
    return this.#started;
  }

  #start(): SimdOperands {
    const { mebibytes, precision, threads, vectors } = this.#options;
    const shared = threads > 1;
    const relaxed = precision === 'fast';
    const wide = vectors === 'auto' ? wideVectors() : vectors === 256;
    this.#options = { ...this.#options, vectors: wide ? 256 : 128 };
    const check = wide ? new WideCheck({ relaxed, shared }) : null;
    const loaded = loadKernels({ pages: Math.floor(mebibytes * 16), relaxed, wide, shared });
    const { memory, exports } = loaded;
    this.#pool = shared ? new ThreadPool(loaded, threads) : null;
    const kernels = this.#pool ? kernelsOfPool(exports, this.#pool, this.#leastWork) : kernelsAlone(exports);
    const checked =
      check &&
      checkedKernels(
        kernels,
        (unit) => check.passes(unit),
        () => this.#narrowKernels(memory),
      );
    return new SimdOperands(new SimdMemory(memory, checked ?? kernels));
  }

  /** The kernels in 128 bits over the memory that is in use, on one thread, after a check has failed. */
  #narrowKernels(memory: WebAssembly.Memory): SimdKernels {
    const { precision, threads } = this.#options;
    this.#options = { ...this.#options, vectors: 128 };
    this.#pool?.stop();
    const { exports } = loadKernels({ memory, relaxed: precision === 'fast', shared: threads > 1 });
    return kernelsAlone(exports);
  }

  unary(name: UnaryName, x: View, out: View): void {
    const operands = this.#operands;
    const mark = operands.mark();
    const target = operands.landing(out);
    const source = operands.resident(x);
    const direct = isContiguous(source.shape, source.stride);
    if (!direct) this.copy(source, target);
    const from = direct ? addressOf(source) : addressOf(target);
    operands.kernels.unary(UNARY[name], addressOf(target), from, sizeOf(out.shape));
    operands.deliver(target, out, mark);
  }

  binary(name: BinaryName, a: View, b: View, out: View): void {
    if (sizeOf(out.shape) === 0) return;
    const operands = this.#operands;
    const mark = operands.mark();
    const target = operands.landing(out);
    const [left, right] = [operands.resident(a), operands.resident(b)];
    const op = BINARY[name];
    const [to, from, other] = [addressOf(target), addressOf(left), addressOf(right)];
    const nest = this.#nest.set(target, left, right);
    const [n, rows] = nest.lengths;
    const [o, p, q] = nest.strides;
    const { kernels } = operands;
    if (nest.isFlat) kernels.binary(op, to, o[1], o[0], from, p[1], p[0], other, q[1], q[0], rows, n);
    else {
      nest.forEachOuter((i, j, k) => {
        kernels.binary(op, to + i, o[1], o[0], from + j, p[1], p[0], other + k, q[1], q[0], rows, n);
      });
    }
    operands.deliver(target, out, mark);
  }

  where(condition: View, a: View, b: View, out: View): void {
    if (sizeOf(out.shape) === 0) return;
    const operands = this.#operands;
    const mark = operands.mark();
    const target = operands.landing(out);
    const [chosen, left, right] = [condition, a, b].map((operand) => operands.resident(operand));
    const [c, x, y] = [chosen, left, right].map(addressOf);
    const to = addressOf(target);
    const nest = this.#nest.set(target, chosen, left, right);
    const [n, rows] = nest.lengths;
    const [o, p, q, r] = nest.strides;
    nest.forEachOuter((h, i, j, k) => {
      operands.kernels.where(to + h, o[1], c + i, p[1], p[0], x + j, q[1], q[0], y + k, r[1], r[0], rows, n);
    });
    operands.deliver(target, out, mark);
  }

  copy(x: View, out: View): void {
    this.#operands.copy(x, out);
  }

  reduce(name: ReduceName, x: View, axes: readonly number[], out: View): void {
    const operands = this.#operands;
    const mark = operands.mark();
    const target = operands.landing(out);
    if (sizeOf(x.shape) === 0) {
      operands.kernels.fill(addressOf(target), sizeOf(out.shape), name === 'sum' ? 0 : -Infinity);
    } else {
      const source = operands.contiguous(x);
      this.#reduceGroups(REDUCE[name], groupAxes(x.shape, axes), addressOf(source), addressOf(target));
    }
    operands.deliver(target, out, mark);
  }

  /** Reduces contiguous data whose axes alternate between kept and reduced ones. */
  #reduceGroups(op: number, { lengths, endsReduced }: AxisGroups, x: number, out: number): void {
    const operands = this.#operands;
    const { kernels } = operands;
    const count = lengths.length;
    const last = count > 0 ? lengths[count - 1] : 1;
    let before = 1;
    for (let group = 0; group < count - 1; group++) before *= lengths[group];
    if (endsReduced) {
      const to = count > 2 ? operands.temporary(before) : out;
      kernels.reduceRows(op, to, 1, x, last, before, last);
      if (count > 2) this.#reduceGroups(op, { lengths: lengths.slice(0, -1), endsReduced: false }, to, out);
    } else if (count < 2) {
      kernels.copy(out, 0, 1, x, 0, 1, 1, last);
    } else {
      const rows = lengths[count - 2];
      const outer = before / rows;
      const to = count > 3 ? operands.temporary(outer * last) : out;
      for (let i = 0; i < outer; i++) {
        kernels.reduceColumns(op, to + 4 * i * last, x + 4 * i * rows * last, last, rows, last);
      }
      if (count <= 3) return;
      const kept = lengths[count - 3] * last;
      this.#reduceGroups(op, { lengths: [...lengths.slice(0, -3), kept], endsReduced: false }, to, out);
    }
  }

  matmul(a: View, b: View, out: View): void {
    if (sizeOf(out.shape) === 0) return;
    const operands = this.#operands;
    const mark = operands.mark();
    const target = operands.landing(out);
    this.#matmulBatches(operands.resident(a), operands.resident(b), target);
    operands.deliver(target, out, mark);
  }

  #matmulBatches(a: View, b: View, out: View): void {
    const rank = out.shape.length;
    const [rows, columns, inner] = [out.shape[rank - 2], out.shape[rank - 1], a.shape[rank - 1]];
    const stepA = a.stride[rank - 2];
    // Batches of rows against one matrix are one product of more rows.
    const joined = rank === 3 && b.stride[0] === 0 && a.stride[0] === rows * stepA;
    const batches = joined ? 1 : sizeOf(out.shape) / (rows * columns);
    const rowCount = joined ? rows * out.shape[0] : rows;
    const operands = this.#operands;
    for (let batch = 0; batch < batches; batch++) {
      const [p, q] = joined ? [0, 0] : [batchOffset(a, batch), batchOffset(b, batch)];
      operands.product(
        addressOf(out) + 4 * batch * rows * columns,
        0,
        addressOf(a) + 4 * p,
        stepA,
        a.stride[rank - 1],
        addressOf(b) + 4 * q,
        b.stride[rank - 2],
        b.stride[rank - 1],
        rowCount,
        columns,
        inner,
      );
    }
  }

  gather(table: View, indices: Int32Array, out: View): void {
    const operands = this.#operands;
    const mark = operands.mark();
    const target = operands.landing(out);
    const source = operands.memory.holds(table) && hasWholeRows(table) ? table : operands.contiguous(table);
    const n = sizeOf(table.shape.slice(1));
    const list = operands.indexList(indices);
    operands.kernels.gatherRows(
      addressOf(target),
      addressOf(source),
      source.stride[0],
      list,
      indices.length,
      n,
    );
    operands.deliver(target, out, mark);
  }

  scatterAdd(rows: View, indices: Int32Array, out: View): void {
    const operands = this.#operands;
    const mark = operands.mark();
    const inPlace = operands.memory.holds(out) && hasWholeRows(out);
    const target = inPlace ? out : operands.contiguous(out);
    const source = operands.contiguous(rows);
    const n = sizeOf(out.shape.slice(1));
    const list = operands.indexList(indices);
    let lost = 0;
    if (indices.length > LONGEST_PLAIN_SUM) {
      const size = (out.shape[0] - 1) * target.stride[0] + n;
      lost = operands.temporary(size);
      operands.kernels.fill(lost, size, 0);
    }
    operands.kernels.scatterAddRows(
      addressOf(target),
      target.stride[0],
      addressOf(source),
      list,
      indices.length,
      n,
      lost,
    );
    operands.deliver(target, out, mark);
  }
}

/** From how many rows on a scattered sum is compensated: an index may repeat as often. */
const LONGEST_PLAIN_SUM = 256;

/** The simd backend of this process. */
export const simd = new SimdBackend();

/**
 * Chooses how the simd backend computes: memory, precision, threads, vectors. Call it before the first tensor; options that are
 * left out stay as they were. Throws an Error that says what to do where an option cannot be had.
 */
export function configureSimd(options: SimdOptions): void {
  checkCount('configureSimd', arguments.length, 1);
  checkNames('configureSimd', options, Object.keys(DEFAULT_OPTIONS));
  simd.configure(options);
}

/** How the simd backend computes: what was chosen, and once it has computed something, the vectors that it runs in. */
export function simdOptions(): Required<SimdOptions> {
  return simd.options;
}

/** Axes joined with neighbours that are kept or reduced alike: kept and reduced alternate; and whether the last are reduced. */
interface AxisGroups {
  readonly lengths: readonly number[];
  readonly endsReduced: boolean;
}

function groupAxes(shape: Shape, axes: readonly number[]): AxisGroups {
  const lengths: number[] = [];
  let endsReduced = false;
  for (let axis = 0; axis < shape.length; axis++) {
    if (shape[axis] === 1) continue;
    const reduced = axes.includes(axis);
    if (lengths.length > 0 && reduced === endsReduced) lengths[lengths.length - 1] *= shape[axis];
    else lengths.push(shape[axis]);
    endsReduced = reduced;
  }
  return { lengths, endsReduced };
}

/** Whether each row (all axes but the first) is one contiguous run. */
function hasWholeRows({ shape, stride }: View): boolean {
  return isContiguous(shape.slice(1), stride.slice(1));
}

/** Offset, in elements, of matrix `batch` of a view, counted over all axes but the last two. */
function batchOffset({ shape, stride }: View, batch: number): number {
  let offset = 0;
  for (let axis = shape.length - 3, rest = batch; axis >= 0; axis--) {
    offset += (rest % shape[axis]) * stride[axis];
    rest = Math.floor(rest / shape[axis]);
  }
  return offset;
}
