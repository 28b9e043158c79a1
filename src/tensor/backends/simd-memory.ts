/**
 * The simd backend's memory: one WebAssembly memory, reserved once. A step's tensors lie in an arena that grows from the
 * bottom and is released whole, blocks that live long grow from the top, and a kernel's scratch lies between.
 */

import type { SimdKernels } from '../../../kernels/simd/kernels.js';
import type { LoadedKernels } from '../../../kernels/simd/load.js';
import type { Allocation, Lifetime, Memory } from '../backend.js';
import { allocateArray, type DType, type FloatArray, type View } from '../view.js';
import { BlockMap } from './simd-blocks.js';
import { MAX_MEBIBYTES } from './simd-options.js';

const MEBIBYTE = 1048576;
/** Address 0 means "none" to some kernels, and a cache line is 64 bytes: nothing lies below. */
const START = 64 / 4;
/** Allocations are multiples of this many floats, so that every tensor starts at 16 bytes. */
const GRAIN = 4;

/** The part of the memory that is best left to the tensors of a step. */
const STEP_SHARE = 1 / 4;

/** What a block takes: even one of no elements has a position of its own, by which it is freed. */
function roomFor(size: number): number {
  return Math.max(1, Math.ceil(size / GRAIN)) * GRAIN;
}

/** Arena, blocks and scratch in one WebAssembly memory; all positions count floats. */
export class SimdMemory implements Memory {
  readonly kernels: SimdKernels;
  /** The whole memory. */
  readonly floats: Float32Array;
  readonly integers: Int32Array;
  #top = START;
  /** Where the tensors of the arena end; between here and #top lie a kernel call's temporaries. */
  #kept = START;
  readonly #blocks: BlockMap;

  /** @internal Takes possession of a memory that nobody else uses; `kernels` work on it. */
  constructor(memory: LoadedKernels['memory'], kernels: SimdKernels) {
    this.kernels = kernels;
    this.floats = new Float32Array(memory.buffer);
    this.integers = new Int32Array(memory.buffer);
    this.#blocks = new BlockMap(this.floats.length);
  }

  allocate(dtype: DType, size: number, lifetime: Lifetime): Allocation {
    if (lifetime === 'long') return { data: allocateArray(dtype, size), offset: 0 };
    const offset = this.take(size);
    this.#kept = this.#top;
    return { data: this.floats, offset };
  }

  allocateBlock(_dtype: DType, size: number): FloatArray {
    const room = roomFor(size);
    const start = this.#blocks.take(room, this.#top) ?? this.#fail();
    return this.floats.subarray(start, start + size).fill(0);
  }

  hasRoom(size: number): boolean {
    const room = roomFor(size);
    return (
      this.#blocks.hasGap(room) || this.#blocks.bottom - room - this.#top >= this.floats.length * STEP_SHARE
    );
  }

  freeBlock(block: FloatArray): void {
    if (block.buffer === this.floats.buffer && this.#blocks.free(block.byteOffset / 4)) return;
    throw new Error('simd: freeBlock takes what allocateBlock gave, once');
  }

  locate(block: FloatArray): Allocation {
    return { data: this.floats, offset: block.byteOffset / 4 };
  }

  /** Whether a view lies in this memory, and so is reached by kernels without a copy. */
  holds({ data }: View): boolean {
    return data === this.floats;
  }

  /** The end of what tensors hold. What a failed kernel call left above it as temporary is free again from here. */
  mark(): number {
    this.#top = this.#kept;
    return this.#kept;
  }

  release(mark: number): void {
    this.#top = mark;
    this.#kept = mark;
  }

  /** Position of `size` floats of the arena. */
  take(size: number): number {
    const position = this.#top;
    this.#check(size);
    this.#top += Math.ceil(size / GRAIN) * GRAIN;
    return position;
  }

  /** Address of free memory for one kernel call. */
  scratch(bytes: number): number {
    this.#check(bytes / 4);
    return this.#top * 4;
  }

  #check(size: number): void {
    if (this.#top + size > this.#blocks.bottom) this.#fail();
  }

  #fail(): never {
    const mebibytes = (this.floats.length * 4) / MEBIBYTE;
    const more = Math.min(2 * mebibytes, MAX_MEBIBYTES);
    throw new Error(
      `simd: the ${mebibytes} MiB of memory are used up; call release() on optimizers that are done, or reserve more with configureSimd({ mebibytes: ${more} }) before the first tensor`,
    );
  }
}

/** Byte address of the first element of a view that lies in a SimdMemory. */
export function addressOf({ offset }: View): number {
  return 4 * offset;
}
