/*
 * Where the tensors of a block lie, and how the block is cut into segments: one kernel thread per segment. Separate
 * because it is plain arithmetic, computed once per block and shared by every kernel that runs over it.
 */

/** Tensors start at a multiple of this many elements and are zero-padded to one, so that kernels need no tail code. */
export const ALIGNMENT = 8;

/**
 * The most elements in one segment. With sums taken in runs of 64 (see norm-source.ts) it keeps the relative error of a
 * float32 norm under 7e-7 for p ≥ 0.5, constant arrays included; a launch costs 0.1 µs per segment, so not shorter.
 */
export const SEGMENT_LENGTH = 1024;

/** Beyond this many elements the float32 segment table could not hold a position exactly. */
const MAX_EXTENT = 2 ** 24 * ALIGNMENT;

/** One tensor in a block: its first element and its number of elements, the padding not counted. */
export interface TensorRange {
  readonly offset: number;
  readonly length: number;
}

/** The tensors of one block and the segments they are cut into. */
export interface BlockLayout {
  readonly tensors: readonly TensorRange[];
  /** The tensors in words: layouts that are alike have one, and share their kernels. */
  readonly key: string;
  /** Elements from the start of the block to the end of the last tensor's padding; the block has at least as many. */
  readonly extent: number;
  readonly segmentCount: number;
  /** Start and end of each segment, in units of 8 elements: [start₀, end₀, start₁, end₁, …]. */
  readonly segments: Float32Array;
  /** Tensor t owns the segments firstSegment[t] … firstSegment[t + 1] − 1; one entry more than there are tensors. */
  readonly firstSegment: Int32Array;
}

/** `length` rounded up to a multiple of 8: the room a tensor takes in a block. */
export function padded(length: number): number {
  return Math.ceil(length / ALIGNMENT) * ALIGNMENT;
}

/** Ranges for tensors of the given lengths laid one after another without gaps but the padding. */
export function packRanges(lengths: readonly number[]): TensorRange[] {
  let offset = 0;
  return lengths.map((length) => {
    const range = { offset, length };
    offset += padded(length);
    return range;
  });
}

/**
 * Cuts the listed tensors into segments of at most 1,024 elements; none spans two tensors. The block may hold gaps and
 * tensors that are not listed: no kernel reads them.
 *
 * @throws RangeError when an offset is not a multiple of 8, or a tensor reaches beyond 134,217,728 elements
 */
export function blockLayout(tensors: readonly TensorRange[]): BlockLayout {
  tensors.forEach(checkRange);
  const firstSegment = new Int32Array(tensors.length + 1);
  tensors.forEach(({ length }, t) => {
    firstSegment[t + 1] = firstSegment[t] + Math.ceil(length / SEGMENT_LENGTH);
  });
  const segmentCount = firstSegment[tensors.length];
  const segments = new Float32Array(2 * segmentCount);
  let extent = 0;
  tensors.forEach(({ offset, length }, t) => {
    const end = offset + padded(length);
    if (length > 0) extent = Math.max(extent, end);
    for (let s = firstSegment[t], start = offset; s < firstSegment[t + 1]; s++, start += SEGMENT_LENGTH) {
      segments[2 * s] = start / ALIGNMENT;
      segments[2 * s + 1] = Math.min(start + SEGMENT_LENGTH, end) / ALIGNMENT;
    }
  });
  return {
    tensors: tensors.map(({ offset, length }) => ({ offset, length })),
    key: tensors.map(({ offset, length }) => `${offset}+${length}`).join(),
    extent,
    segmentCount,
    segments,
    firstSegment,
  };
}

function checkRange({ offset, length }: TensorRange, index: number): void {
  const got = `got offset ${offset}, length ${length} for tensor ${index}`;
  if (!(Number.isInteger(length) && length >= 0)) {
    throw new RangeError(`blockLayout: a length must be a whole number ≥ 0, ${got}`);
  }
  if (!(Number.isInteger(offset) && offset >= 0 && offset % ALIGNMENT === 0)) {
    throw new RangeError(
      `blockLayout: an offset must be a multiple of 8, ${got}; pad every tensor to 8 elements`,
    );
  }
  if (offset + length > MAX_EXTENT) {
    throw new RangeError(`blockLayout: a block ends at ${MAX_EXTENT} elements, ${got}; use several blocks`);
  }
}
