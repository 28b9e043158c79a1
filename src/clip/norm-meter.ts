/**
 * Measures the norms of a fixed list of parameters' gradients. It knows where they lie: whole blocks go to the
 * gpu.js kernels as they are, loose float32 gradients through one staging block, float64 gradients to the host.
 */

import type { NormDevice } from '../../kernels/gpu/gpu.js';
import { type BlockLayout, blockLayout, packRanges } from '../../kernels/gpu/layout.js';
import { type NormKernels, openNormKernels } from '../../kernels/gpu/norm.js';
import type { Parameter, ParameterBlock } from '../autograd/index.js';
import { hostNorm } from './host-norm.js';

/** Where norms are computed: a gpu.js device, or the host in float64. */
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

const opened = new Map<NormDevice | undefined, Promise<NormKernels>>();

/** The kernels of a device, opened when first needed and shared by all meters. */
function kernelsOn(device: NormDevice | undefined): Promise<NormKernels> {
  let kernels = opened.get(device);
  if (!kernels) {
    kernels = openNormKernels({ device });
    opened.set(device, kernels);
  }
  return kernels;
}

/** Norms of the gradients of a list of parameters; a missing gradient counts as zero. */
export class NormMeter {
  readonly parameters: readonly Parameter[];
  readonly #requested: NormDevice | undefined;
  #launches: readonly Launch[] | null = null;
  #blocks: readonly (ParameterBlock | null)[] = [];
  #device: MeterDevice = 'host';

  /** `device`: where float32 gradients are measured; default the first that works of webasm, cpu. */
  constructor(parameters: readonly Parameter[], device?: NormDevice) {
    this.parameters = parameters;
    this.#requested = device;
  }

  /** What the last measurement ran on; `host` before the first, and for float64 gradients. */
  get device(): MeterDevice {
    return this.#device;
  }

  /** The p-norm of each parameter's gradient, in the order of the list: NaN or Infinity where it is not finite. */
  async norms(p: number): Promise<Float64Array> {
    const norms = new Float64Array(this.parameters.length);
    const launches = this.#planned();
    if (launches.length > 0) {
      const kernels = await kernelsOn(this.#requested);
      for (const launch of launches) {
        const found = await kernels.norms(this.#block(launch), launch.layout, p);
        for (let t = 0; t < found.length; t++) norms[launch.members[t]] = found[t];
      }
      this.#device = kernels.device;
    }
    for (let i = 0; i < norms.length; i++) {
      const { grad, value } = this.parameters[i];
      if (value.dtype === 'float64' && grad) norms[i] = hostNorm(grad.data(), 0, grad.size, p);
    }
    return norms;
  }

  /** The launches, planned again only when a parameter has moved to another block since. */
  #planned(): readonly Launch[] {
    const moved = this.parameters.some(
      ({ place }, i) => (place?.block ?? null) !== (this.#blocks[i] ?? null),
    );
    if (!this.#launches || moved) {
      this.#blocks = this.parameters.map(({ place }) => place?.block ?? null);
      this.#launches = planLaunches(this.parameters);
    }
    return this.#launches;
  }

  /** The array a launch reads: gradients where they are, zeros where there are none. */
  #block({ block, staging, layout, members }: Launch): Float32Array {
    const data = (block ? block.grads : staging) as Float32Array;
    members.forEach((member, t) => {
      const { grad } = this.parameters[member];
      const { offset, length } = layout.tensors[t];
      if (!grad) data.fill(0, offset, offset + length);
      else if (!block) data.set(grad.data(), offset);
    });
    return data;
  }
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
