/**
 * Measures the norms of a fixed list of parameters' gradients. It knows where they lie: whole blocks go to the
 * gpu.js kernels as they are, loose float32 gradients through one staging block, float64 gradients and powers that no
 * kernel has to the host; on request the kernels of the simd backend measure blocks in its memory, and the host all else.
 */

import type { NormDevice as GpuDevice } from '../../kernels/gpu/gpu.js';
import { hostNorm } from '../../kernels/gpu/host.js';
import { type BlockLayout, blockLayout, packRanges } from '../../kernels/gpu/layout.js';
import { type NormKernels, openNormKernels } from '../../kernels/gpu/norm.js';
import { hasKernel } from '../../kernels/gpu/norm-source.js';
import type { Parameter, ParameterBlock } from '../autograd/index.js';
import { oneOf, optional } from './checks.js';
import { namesOf } from './names.js';

/**
 * Where norms may be asked for: a gpu.js device, or `simd`, the WebAssembly kernels that compute all else. These measure
 * p = 2 and Infinity of what an optimizer packed on the simd backend; other powers and other gradients go to the host.
 */
export type NormDevice = GpuDevice | 'simd';

/** The range of an option `normDevice`. */
export const deviceRange = optional(oneOf(['webasm', 'cpu', 'webgl2', 'webgpu', 'simd']));

/** Where norms were computed: as asked for, or on the host in float64. */
export type MeterDevice = NormDevice | 'host';

/** Parameters measured by one launch over one float32 array. */
interface Launch {
  /** Position in the meter's list of each tensor of the layout. */
  readonly members: readonly number[];
  readonly layout: BlockLayout;
  /** The block whose gradients are read as they lie; null where they are copied into `staging`. */
  readonly block: ParameterBlock | null;
  readonly staging: Float32Array | null;
}

const NONE = new Float64Array(0);

const opened = new Map<GpuDevice | undefined, Promise<NormKernels>>();

/** The kernels of a device, opened when first needed and shared by all meters. */
function kernelsOn(device: GpuDevice | undefined): Promise<NormKernels> {
  let kernels = opened.get(device);
  if (!kernels) {
    kernels = openNormKernels(device);
    opened.set(device, kernels);
    // It may work later: a page's policy, a busy device or a failed download can change.
    kernels.catch(() => opened.delete(device));
  }
  return kernels;
}

/** Norms of the gradients of a list of parameters; a missing gradient counts as zero. It writes no gradient. */
export class NormMeter {
  readonly parameters: readonly Parameter[];
  /** The device asked for. */
  readonly requested: NormDevice | undefined;
  #kernels: NormKernels | null = null;
  #launches: readonly Launch[] | null = null;
  #blocks: readonly (ParameterBlock | null)[] = [];
  #device: MeterDevice = 'host';
  readonly #names: readonly string[] | null;

  /**
   * `device`: where float32 gradients are measured; default the first that works of webasm, in browsers webgl2, cpu. `names` stay as they are
   * given; by default they are those that the parameters have when they are asked for.
   */
  constructor(parameters: readonly Parameter[], device?: NormDevice, names: readonly string[] | null = null) {
    this.parameters = parameters;
    this.requested = device;
    this.#names = names;
  }

  /** What the last measurement ran on; `host` before the first, and for float64 gradients. */
  get device(): MeterDevice {
    return this.#device;
  }

  /** Names in the order of the parameters, no two alike. */
  get names(): readonly string[] {
    return this.#names ?? namesOf(this.parameters);
  }

  /** The p-norm of each parameter's gradient, in the order of the list: NaN or Infinity where it is not finite. */
  async norms(p: number): Promise<Float64Array> {
    if (this.requested === 'simd') return this.#simdNorms(p);
    const { parameters } = this;
    const launches = hasKernel(p) ? this.#planned() : [];
    const isWhole = launches[0]?.members.length === parameters.length;
    let norms: Float64Array = isWhole ? NONE : new Float64Array(parameters.length);
    this.#device = 'host';
    if (launches.length > 0) {
      this.#kernels ??= await kernelsOn(this.requested);
      for (const launch of launches) {
        const { members, layout } = launch;
        const found = await this.#kernels.norms(this.#block(launch), layout, p);
        // The memory of a missing gradient still holds old numbers; its norm counts as 0.
        for (let t = 0; t < found.length; t++) if (!parameters[members[t]].grad) found[t] = 0;
        if (isWhole) norms = found;
        else for (let t = 0; t < found.length; t++) norms[members[t]] = found[t];
      }
      this.#device = this.#kernels.device;
    }
    for (let i = 0; i < norms.length; i++) {
      if (launches.length > 0 && parameters[i].value.dtype === 'float32') continue;
      norms[i] = hostNormOf(parameters[i], p);
    }
    return norms;
  }

  /** By the fused kernels of the backend that a gradient lives on, or on the host; nothing to wait for. */
  #simdNorms(p: number): Float64Array {
    const norms = new Float64Array(this.parameters.length);
    this.#device = 'host';
    for (let i = 0; i < norms.length; i++) {
      const norm = kernelNormOf(this.parameters[i], p);
      if (norm !== undefined) this.#device = 'simd';
      norms[i] = norm ?? hostNormOf(this.parameters[i], p);
    }
    return norms;
  }

  /** The launches, planned again only when a parameter has moved to another block since. */
  #planned(): readonly Launch[] {
    const { parameters } = this;
    for (let i = 0; this.#launches && i < parameters.length; i++) {
      if ((parameters[i].place?.block ?? null) !== this.#blocks[i]) this.#launches = null;
    }
    if (!this.#launches) {
      this.#blocks = parameters.map(({ place }) => place?.block ?? null);
      this.#launches = planLaunches(parameters);
    }
    return this.#launches;
  }

  /** The array a launch reads: gradients in place, or copied. The memory of a missing gradient holds old numbers. */
  #block({ block, staging, layout, members }: Launch): Float32Array {
    if (block) return block.grads as Float32Array;
    for (let t = 0; t < members.length; t++) {
      const { grad } = this.parameters[members[t]];
      if (grad) staging!.set(grad.data(), layout.tensors[t].offset);
    }
    return staging!;
  }
}

/** The norm of a gradient in a block, by a kernel of its backend; undefined if no kernel can measure it. */
function kernelNormOf({ grad, place, value }: Parameter, p: number): number | undefined {
  if (!place) return undefined;
  const { grads, backend } = place.block;
  const { sumSquares, maxAbs } = backend.fused;
  const end = place.offset + value.size;
  if (p === 2 && sumSquares) return grad ? Math.sqrt(sumSquares(grads, place.offset, end)) : 0;
  if (p === Infinity && maxAbs) return grad ? maxAbs(grads, place.offset, end) : 0;
  return undefined;
}

/** The norm of a gradient in float64; 0 without a gradient. */
function hostNormOf({ grad }: Parameter, p: number): number {
  if (!grad) return 0;
  const { data, offset } = grad.view();
  return hostNorm(data, offset, grad.size, p);
}

function planLaunches(parameters: readonly Parameter[]): Launch[] {
  const byBlock = new Map<ParameterBlock | null, number[]>();
  for (const [i, { value, place }] of parameters.entries()) {
    if (value.dtype !== 'float32') continue;
    const block = place?.block ?? null;
    const members = byBlock.get(block);
    if (members) members.push(i);
    else byBlock.set(block, [i]);
  }
  return [...byBlock].map(([block, members]) => {
    const lengths = members.map((i) => parameters[i].value.size);
    const ranges = block
      ? members.map((i, t) => ({ offset: parameters[i].place!.offset, length: lengths[t] }))
      : packRanges(lengths);
    const layout = blockLayout(ranges);
    return { members, layout, block, staging: block ? null : new Float32Array(layout.extent) };
  });
}
