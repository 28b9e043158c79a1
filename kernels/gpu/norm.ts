/*
 * Norms of the tensors in a block: one kernel launch when float32 can hold the sums, three when it cannot. What runs
 * where is decided here; what a kernel says is in norm-source.ts, how it is compiled in kernel-cache.ts.
 */

import { type GpuDevice, type NormDevice, openDevice } from './gpu.js';
import { hostNorm, root } from './host.js';
import { KernelCache } from './kernel-cache.js';
import { type BlockLayout, blockLayout, type TensorRange } from './layout.js';
import { hasKernel } from './norm-source.js';
import { powerOfTwoScales, unscaledNorm } from './scaling.js';

/** Norms of tensors in float32 blocks, on one device. */
export interface NormKernels {
  /** The device the kernels really ran on. */
  readonly device: NormDevice;
  /** Kernels compiled so far: one per layout, kind of norm, and whether scaled. */
  readonly compiled: number;
  /** Kernel launches so far. */
  readonly launches: number;
  /**
   * The p-norm (Σ|v|^p)^(1/p) of each tensor of the layout, 0 for an empty one; p is 0.5, 1, 1.5, 2, 3, 4, or Infinity
   * for the largest |v|.
   *
   * The relative error is at most 1e-6, for every magnitude that float32 has. A tensor with a NaN has norm NaN; one with an infinity and no NaN, Infinity. The
   * block is read as it lies, and must not change before the promise settles; its padding must be zero.
   *
   * @throws RangeError when there is no kernel for p, or the block is shorter than the layout
   */
  norms(block: Float32Array, layout: BlockLayout, p: number): Promise<Float64Array>;
  /** Frees kernels and device; further calls are errors. */
  dispose(): void;
}

/**
 * Opens the device asked for, or the first that passes a probe: webasm, then cpu (in a browser webasm, webgl2, cpu).
 *
 * @throws Error when none does, with the reason each of them gave
 */
export async function openNormKernels(device?: NormDevice): Promise<NormKernels> {
  return new DeviceNorms(await openDevice(device, probe));
}

/**
 * Sums per element below which rounding in subnormals could show: 2^-150 is lost per element where subnormals are
 * kept, 2^-126 where they are flushed to zero, and 2^-26 of the sum may be.
 */
const FLOOR = 2 ** -124;
const FLUSHED_FLOOR = 2 ** -100;
/** GPU devices find a position by float arithmetic. */
const MAX_GPU_EXTENT = 2 ** 24;

class DeviceNorms implements NormKernels {
  readonly #kernels: KernelCache;
  /** On a GPU subnormals vanish, and compilers may assume that there is no NaN: the host looks for both. */
  readonly #isGpu: boolean;

  constructor(device: GpuDevice) {
    this.#kernels = new KernelCache(device);
    this.#isGpu = device.name === 'webgl2' || device.name === 'webgpu';
  }

  get device(): NormDevice {
    return this.#kernels.device;
  }

  get compiled(): number {
    return this.#kernels.compiled;
  }

  get launches(): number {
    return this.#kernels.launches;
  }

  async norms(block: Float32Array, layout: BlockLayout, p: number): Promise<Float64Array> {
    checkPower(p);
    this.#checkBlock(block, layout);
    const norms = new Float64Array(layout.tensors.length);
    if (layout.segmentCount === 0) return norms;
    const open = await this.#kernels.run(block, layout, p, (sums) =>
      this.#settle(block, layout, p, sums, norms),
    );
    if (open.length > 0) await this.#rescale(block, layout, p, open, norms);
    return norms;
  }

  dispose(): void {
    this.#kernels.dispose();
  }

  /** Writes the norms that the sums tell, and returns the tensors whose sums left the range of float32. */
  #settle(
    block: Float32Array,
    { tensors, firstSegment }: BlockLayout,
    p: number,
    sums: Float64Array,
    norms: Float64Array,
  ): readonly number[] {
    const open: number[] = [];
    for (let t = 0; t < tensors.length; t++) {
      const first = firstSegment[t];
      const count = firstSegment[t + 1] - first;
      if (this.#isGpu && needsHost(block, tensors[t])) {
        norms[t] = hostNorm(block, tensors[t].offset, tensors[t].length, p);
      } else if (p === Infinity) {
        norms[t] = hostNorm(sums, first, count, p);
      } else {
        let sum = 0;
        for (let s = first; s < first + count; s++) sum += sums[s];
        if (this.#holds(sum, tensors[t].length, p)) norms[t] = root(sum, p);
        else if (Number.isNaN(sum) && !this.#isGpu) norms[t] = sum;
        else if (sum !== 0 || hasNonZero(block, tensors[t])) open.push(t);
      }
    }
    return open;
  }

  /** Whether a float32 sum over `length` elements neither overflowed nor lost what underflowed. Sums of |v| lose nothing. */
  #holds(sum: number, length: number, p: number): boolean {
    const floor = this.#isGpu ? FLUSHED_FLOOR : p === 1 ? 0 : FLOOR;
    return sum > 0 && sum < Infinity && sum >= length * floor;
  }

  async #rescale(
    block: Float32Array,
    layout: BlockLayout,
    p: number,
    open: readonly number[],
    norms: Float64Array,
  ): Promise<void> {
    const scales = await this.#kernels.run(block, layout, Infinity, (maxima) =>
      powerOfTwoScales(layout, maxima, open),
    );
    const unscale = (sums: Float64Array): void => {
      for (const t of open) {
        const norm = unscaledNorm(layout, t, p, sums, scales);
        const { offset, length } = layout.tensors[t];
        const inDoubt = this.#isGpu && !(norm > 0 && norm < Infinity);
        norms[t] = inDoubt ? hostNorm(block, offset, length, p) : norm;
      }
    };
    await this.#kernels.run(block, layout, p, unscale, scales);
  }

  #checkBlock(block: Float32Array, { extent }: BlockLayout): void {
    if (block.length < extent) {
      throw new RangeError(
        `norms: the block must hold its layout, got ${block.length} elements for a layout that ends at ${extent}`,
      );
    }
    if (this.#isGpu && extent > MAX_GPU_EXTENT) {
      throw new RangeError(
        `norms: a GPU device takes ${MAX_GPU_EXTENT} elements, got ${extent}; use device webasm`,
      );
    }
  }
}

function checkPower(p: number): void {
  if (hasKernel(p)) return;
  throw new RangeError(
    `norms: p must be one of 0.5, 1, 1.5, 2, 3, 4, Infinity, got ${p}; compute other norms on the host`,
  );
}

function hasNonZero(block: Float32Array, { offset, length }: TensorRange): boolean {
  for (let i = offset; i < offset + length; i++) if (block[i] !== 0) return true;
  return false;
}

/** Whether a tensor has what a GPU may not see: a NaN, an infinity, or subnormals that matter beside its largest. */
function needsHost(block: Float32Array, { offset, length }: TensorRange): boolean {
  const safe = 2 ** -64;
  let max = 0;
  for (let i = offset; i < offset + length; i++) {
    const magnitude = Math.abs(block[i]);
    if (!(magnitude < Infinity)) return true;
    if (magnitude > max) max = magnitude;
  }
  return max > 0 && max < safe;
}

/** Runs the very kernels on two tensors, one of norm 5 and one with a NaN, and says what came out wrong. */
async function probe(device: GpuDevice): Promise<string | undefined> {
  const layout = blockLayout([
    { offset: 0, length: 8 },
    { offset: 8, length: 3 },
  ]);
  const block = Float32Array.of(0, 3, 0, 0, 0, 0, 0, 4, 1, Number.NaN, 1, 0, 0, 0, 0, 0);
  const kernels = new KernelCache(device);
  const sums = await kernels.run(block, layout, 2, (values) => values.slice());
  kernels.clear();
  if (kernels.device !== device.name) return `gpu.js ran on ${kernels.device} instead`;
  if (sums[0] !== 25 || !Number.isNaN(sums[1]))
    return `sums of squares were ${sums.join(', ')} for 25 and NaN`;
  return undefined;
}
