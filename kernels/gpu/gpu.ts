/*
 * The one file that knows gpu.js. It loads the library when first needed, names the few parts of it that are used
 * (its own declarations lack some of them), and opens a device only after seeing it compute.
 */

/** A gpu.js device: WebAssembly, generated JavaScript, WebGL 2, WebGPU. */
export type NormDevice = 'webasm' | 'cpu' | 'webgl2' | 'webgpu';

/** What a kernel with output [1, n] returns: n rows of one number. Read it at once: a device may reuse it. */
export type Rows = ArrayLike<ArrayLike<number>>;

/** A compiled kernel. gpu.js 3 makes every call a Promise; in gpu.js 2 only WebGPU does. */
export interface GpuKernel {
  (...args: readonly (Float32Array | number)[]): Rows | Promise<Rows>;
  setLoopMaxIterations(count: number): GpuKernel;
  destroy(): void;
  readonly kernel: { readonly constructor: { readonly mode: string } };
}

/** Whether a kernel that has run was quietly replaced by gpu.js with its JavaScript form, and so ran on the cpu. */
export function ranOnCpu(kernel: GpuKernel): boolean {
  return kernel.kernel.constructor.mode === 'cpu';
}

interface Gpu {
  createKernel(source: string, settings: Readonly<Record<string, unknown>>): GpuKernel;
  destroy(): Promise<void>;
}
type GpuConstructor = new (settings: { readonly mode: NormDevice }) => Gpu;
interface GpuModule {
  readonly GPU?: GpuConstructor;
  readonly default?: GpuConstructor & { readonly GPU?: GpuConstructor };
}

/** What a kernel is compiled from: its text, its arguments' types, its constants and its number of output rows. */
export interface KernelSettings {
  readonly source: string;
  readonly argumentTypes: Readonly<Record<string, 'Array' | 'Integer'>>;
  readonly constants: Readonly<Record<string, Float32Array>>;
  readonly rows: number;
}

/** An open device: it compiles kernels until it is closed. */
export interface GpuDevice {
  readonly name: NormDevice;
  compile(settings: KernelSettings): GpuKernel;
  close(): Promise<void>;
}

/** A loop bound that is not a literal stops silently after 1,000 rounds unless gpu.js is told otherwise. */
const MAX_ITERATIONS = 2 ** 28;

/**
 * Opens the device asked for, or else the first of the usual order that passes the probe: webasm, cpu in Node; webasm,
 * webgl2, cpu in a browser (webgl2 where the page's content policy forbids WebAssembly). Never an automatic mode: that
 * would prefer a GPU, and gradients that lie in JavaScript memory are summed faster than they are uploaded.
 *
 * @param probe resolves to what is wrong with the device, or to undefined; what it throws counts as a fault
 * @throws Error when no device passes, with what each of them said
 */
export async function openDevice(
  request: NormDevice | undefined,
  probe: (device: GpuDevice) => Promise<string | undefined>,
): Promise<GpuDevice> {
  const faults: string[] = [];
  for (const name of request === undefined ? usualOrder() : [request]) {
    let device: GpuDevice | undefined;
    try {
      device = await open(name);
      const fault = await probe(device);
      if (fault === undefined) return device;
      faults.push(`${name}: ${fault}`);
    } catch (error) {
      faults.push(`${name}: ${error instanceof Error ? error.message : String(error)}`);
    }
    await device?.close();
  }
  const wanted = request === undefined ? 'no device' : `device ${request} not`;
  throw new Error(
    `openNormKernels: ${wanted} usable here (${faults.join('; ')}); ask for another, or sum on the host`,
  );
}

function usualOrder(): readonly NormDevice[] {
  const inNode = typeof process !== 'undefined' && process.versions?.node !== undefined;
  return inNode ? ['webasm', 'cpu'] : ['webasm', 'webgl2', 'cpu'];
}

async function open(name: NormDevice): Promise<GpuDevice> {
  const GPU = await loadGpu();
  const gpu = new GPU({ mode: name });
  return {
    name,
    compile: ({ source, argumentTypes, constants, rows }) =>
      gpu
        .createKernel(source, { argumentTypes, constants, output: [1, rows], precision: 'single' })
        .setLoopMaxIterations(MAX_ITERATIONS),
    close: () => gpu.destroy(),
  };
}

let loading: Promise<GpuConstructor> | undefined;

function loadGpu(): Promise<GpuConstructor> {
  loading ??= importGpu().catch((error: unknown) => {
    // A download that failed may be tried again.
    loading = undefined;
    throw error;
  });
  return loading;
}

async function importGpu(): Promise<GpuConstructor> {
  // The browser build of gpu.js writes its own class over window.GPU, which belongs to WebGPU.
  const own = Object.getOwnPropertyDescriptor(globalThis, 'GPU');
  const module = (await import('gpu.js')) as unknown as GpuModule;
  if (own !== undefined) Object.defineProperty(globalThis, 'GPU', own);
  // Bundlers disagree on where a CommonJS module's names end up.
  const GPU = module.GPU ?? module.default?.GPU ?? module.default;
  if (GPU === undefined) throw new Error('gpu.js exports no GPU class');
  return GPU;
}
