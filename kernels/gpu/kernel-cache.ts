/*
 * Compiled kernels, by layout and kind, and how one is called. Separate because everything that costs milliseconds is
 * decided here: a kernel is compiled on its first use for a layout (7 ms) and kept, for all blocks that are laid out so.
 */

import { type GpuDevice, type GpuKernel, type NormDevice, type Rows, ranOnCpu } from './gpu.js';
import type { BlockLayout } from './layout.js';
import {
  type Dialect,
  type KernelSpec,
  kernelArguments,
  kernelSource,
  type Term,
  termFor,
} from './norm-source.js';

/** Layouts whose kernels are kept; each kernel in WebAssembly holds 1 MB and more. */
const MAX_LAYOUTS = 32;

/** The kernels of one device. */
export class KernelCache {
  readonly #device: GpuDevice;
  readonly #dialect: Dialect;
  /** By key of the layout, the least recently used first. */
  readonly #layouts = new Map<string, LayoutKernels>();
  #latest: LayoutKernels | undefined;
  #running: Promise<unknown> | undefined;
  /** What `read` is given, of the most segments so far: a step makes no array. */
  #values = new Float64Array(0);
  #ranOn: NormDevice;
  #compiled = 0;
  #launches = 0;
  #disposed = false;

  constructor(device: GpuDevice) {
    this.#device = device;
    this.#dialect = device.name === 'webgpu' ? 'portable' : 'cursor';
    this.#ranOn = device.name;
  }

  /** The device kernels really ran on: cpu once gpu.js has fallen back to it. */
  get device(): NormDevice {
    return this.#ranOn;
  }

  get compiled(): number {
    return this.#compiled;
  }

  get launches(): number {
    return this.#launches;
  }

  /**
   * One launch: for each segment the sum of |v|^p of its elements, or the largest |v| for p = Infinity, each element
   * multiplied by its segment's two factors where `scales` are given. They are handed to `read`, valid while it runs.
   */
  async run<T>(
    block: Float32Array,
    layout: BlockLayout,
    p: number,
    read: (values: Float64Array) => T,
    scales?: Float32Array,
  ): Promise<T> {
    // A device that answers later may write two answers to one place: one launch at a time there.
    while (this.#running !== undefined) await this.#running;
    if (this.#disposed)
      throw new Error('norms: these kernels were disposed; open new ones with openNormKernels');
    const term = termFor(p);
    const kernel = this.#kernel(layout, term, scales !== undefined);
    const args: (Float32Array | number)[] = this.#dialect === 'cursor' ? [block, 0, 0, 0] : [block];
    // A kernel is compiled for one length of its argument.
    if (block.length !== layout.extent) args[0] = block.subarray(0, layout.extent);
    if (scales !== undefined) args.push(scales);
    const answer = kernel(...args);
    this.#launches++;
    const take = (rows: Rows): T => read(this.#take(rows, kernel, layout));
    return isPromise(answer) ? this.#await(answer.then(take)) : take(answer);
  }

  /** Frees the kernels; they are compiled again when asked for. */
  clear(): void {
    for (const kernels of this.#layouts.values()) destroyAll(kernels);
    this.#layouts.clear();
    this.#latest = undefined;
  }

  dispose(): void {
    if (this.#disposed) return;
    this.#disposed = true;
    this.clear();
    void this.#device.close();
  }

  #await<T>(answer: Promise<T>): Promise<T> {
    const free = (): void => {
      this.#running = undefined;
    };
    this.#running = answer.then(free, free);
    return answer;
  }

  #take(rows: Rows, kernel: GpuKernel, { segmentCount }: BlockLayout): Float64Array {
    if (ranOnCpu(kernel)) this.#ranOn = 'cpu';
    if (this.#values.length < segmentCount) this.#values = new Float64Array(segmentCount);
    for (let s = 0; s < segmentCount; s++) this.#values[s] = rows[s][0];
    return this.#values;
  }

  #kernel(layout: BlockLayout, term: Term, scaled: boolean): GpuKernel {
    if (this.#latest?.key !== layout.key) this.#latest = this.#kernelsOf(layout);
    const { kernels } = this.#latest;
    const kind = scaled ? `${term} scaled` : term;
    const known = kernels.get(kind);
    if (known !== undefined) return known;
    const spec: KernelSpec = {
      term,
      scaled,
      dialect: this.#device.name === 'webgpu' ? 'portable' : 'cursor',
    };
    const kernel = this.#device.compile({
      source: kernelSource(spec),
      argumentTypes: kernelArguments(spec),
      constants: { seg: layout.segments },
      rows: layout.segmentCount,
    });
    kernels.set(kind, kernel);
    this.#compiled++;
    return kernel;
  }

  /** The kernels of a layout, now the most recently used; those of the least recently used make room. */
  #kernelsOf({ key }: BlockLayout): LayoutKernels {
    const found = this.#layouts.get(key) ?? { key, kernels: new Map<string, GpuKernel>() };
    this.#layouts.delete(key);
    this.#layouts.set(key, found);
    if (this.#layouts.size > MAX_LAYOUTS) {
      const [oldest, stale] = this.#layouts.entries().next().value!;
      this.#layouts.delete(oldest);
      destroyAll(stale);
    }
    return found;
  }
}

/** The kernels of one layout, by kind. */
interface LayoutKernels {
  readonly key: string;
  readonly kernels: Map<string, GpuKernel>;
}

function destroyAll({ kernels }: LayoutKernels): void {
  for (const kernel of kernels.values()) kernel.destroy();
}

function isPromise(answer: Rows | Promise<Rows>): answer is Promise<Rows> {
  return typeof (answer as Promise<Rows>).then === 'function';
}
