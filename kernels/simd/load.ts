/*
 * Loads the compiled kernels over a memory, synchronously, in Node and in browser workers. Separate because it alone
 * knows the binary: which of the two is taken, and the one byte that says whether its memory is shared.
 */

import { inflateSync } from 'fflate';
import { dictionary, relaxed as fused, plain } from './build/bytes.js';
import type { SimdKernels } from './kernels.js';
import { type Build, resultsOf, SELF_CHECK_PAGES, sameResults, type Unit } from './self-check.js';

/** What to load. */
export interface LoadOptions {
  /** Size of the memory in pages of 64 KiB, at most 65,536; reserved at once and never grown. Ignored with `memory`. */
  readonly pages?: number;
  /** Use fused multiply-adds (see `relaxedSimd`): faster, and not the same bits on every machine. Default false. */
  readonly relaxed?: boolean;
  /**
   * Use the build that V8 packs into 256-bit vectors (see `wideVectors`): the same bits, faster. Default false.
   */
  readonly wide?: boolean;
  /** Make the memory shared between threads. Default false. */
  readonly shared?: boolean;
  /** An existing memory, such as one that another thread sent; it must be shared exactly if `shared` says so. */
  readonly memory?: WebAssembly.Memory;
}

/** Kernels and the memory they work on. Address 0 means "none" to several kernels: put nothing there. */
export interface LoadedKernels {
  readonly memory: WebAssembly.Memory;
  readonly exports: SimdKernels;
  /** For further instances over the same memory, in other threads. */
  readonly module: WebAssembly.Module;
}

/** How the import of env.memory reads; the flags of its limits follow: 1, it has a maximum, and 2, it is shared. */
const MEMORY_IMPORT = [3, ...codes('env'), 6, ...codes('memory'), 2];

/** An empty custom section named "w": V8 compiles equal binaries once, and this one is to be compiled anew. */
const WIDE_SECTION = [0, 2, 1, ...codes('w')];

/** Modules compiled so far, by binary and kind of memory: compiling costs milliseconds. */
const modules = new Map<string, WebAssembly.Module>();

/** Where kernels read whether they are the wide build, in the memory that nobody else uses (assembly/lanes.ts). */
const WIDE_MARK = 16;

/** Instantiates the kernels; throws an Error if `relaxed` is asked for and there is none. */
export function loadKernels(options: LoadOptions = {}): LoadedKernels {
  const { pages = 256, relaxed = false, wide = false, shared = false } = options;
  if (relaxed && !relaxedSimd()) {
    throw new Error(
      'loadKernels: relaxed SIMD is not available here, got relaxed: true; ask relaxedSimd() first',
    );
  }
  const memory = options.memory ?? new WebAssembly.Memory({ initial: pages, maximum: pages, shared });
  new Int32Array(memory.buffer, WIDE_MARK, 1)[0] = wide ? 1 : 0;
  const module = compile(relaxed, wide, shared);
  const instance = new WebAssembly.Instance(module, { env: { memory } });
  return { memory, exports: instance.exports as unknown as SimdKernels, module };
}

/** The compiled module; the binary's memory is unshared until its flag is set. */
function compile(relaxed: boolean, wide: boolean, shared: boolean): WebAssembly.Module {
  const key = `${relaxed} ${wide} ${shared}`;
  let module = modules.get(key);
  if (!module) {
    const binary = binaryOf(relaxed);
    const bytes = new Uint8Array(binary.length + (wide ? WIDE_SECTION.length : 0));
    bytes.set(binary);
    if (wide) bytes.set(WIDE_SECTION, binary.length);
    if (shared) bytes[memoryFlags(bytes)] = 3;
    module = new WebAssembly.Module(bytes);
    modules.set(key, module);
  }
  return module;
}

let first: Uint8Array | undefined;

/** A build as it was compiled; the second was deflated with the beginning of the first, which is most like it. */
function binaryOf(relaxed: boolean): Uint8Array {
  first ??= inflateSync(bytesOf(atob(plain)));
  return relaxed ? inflateSync(bytesOf(atob(fused)), { dictionary: first.subarray(0, dictionary) }) : first;
}

/** Where the flags of the imported memory stand. */
function memoryFlags(bytes: Uint8Array): number {
  for (let i = 0; i < bytes.length; i++) {
    if (MEMORY_IMPORT.every((byte, k) => bytes[i + k] === byte)) return i + MEMORY_IMPORT.length;
  }
  throw new Error(
    'loadKernels: the binary does not import env.memory; rebuild it with scripts/build-simd.mjs',
  );
}

/** The bytes of a string that atob made; a loop, since a function for each would be called before it is compiled. */
function bytesOf(text: string): Uint8Array {
  const bytes = new Uint8Array(text.length);
  for (let i = 0; i < bytes.length; i++) bytes[i] = text.charCodeAt(i);
  return bytes;
}

function codes(text: string): number[] {
  return Array.from(text, (c) => c.charCodeAt(0));
}

/** A module of one function that multiplies and adds in relaxed SIMD. */
const PROBE = Uint8Array.of(
  ...[0, 97, 115, 109, 1, 0, 0, 0, 1, 8, 1, 96, 3, 123, 123, 123, 1, 123, 3, 2, 1, 0],
  ...[10, 13, 1, 11, 0, 32, 0, 32, 1, 32, 2, 253, 133, 2, 11],
);

let relaxedKnown: boolean | undefined;

/** Whether this engine has relaxed SIMD. Node 20 has it behind a flag of V8, which is set here, before compiling. */
export function relaxedSimd(): boolean {
  if (relaxedKnown !== undefined) return relaxedKnown;
  relaxedKnown = WebAssembly.validate(PROBE);
  if (!relaxedKnown && hasRelaxedFlag()) {
    process.getBuiltinModule('node:v8')?.setFlagsFromString('--experimental-wasm-relaxed-simd');
    relaxedKnown = WebAssembly.validate(PROBE);
  }
  return relaxedKnown;
}

/** V8 dropped the flag with version 11.4, which always has relaxed SIMD, and complains on stderr about flags it lacks. */
const hasRelaxedFlag = (): boolean => v8InNode() < 11.4;

/** The version of V8 as a number; NaN where its flags cannot be set, outside Node. */
function v8InNode(): number {
  const inNode = typeof process !== 'undefined' && typeof process.getBuiltinModule === 'function';
  return inNode ? Number.parseFloat(process.versions.v8 ?? '') : Number.NaN;
}

/** The flag of V8 for packing two operations on neighbouring vectors of 128 bits into one of 256. */
const PACKING = 'experimental-wasm-revectorize';

/**
 * Whether kernels can run in 256-bit vectors here. V8 13.6 and later (Node 24) can pack operations on neighbouring vectors,
 * behind a flag that belongs to the whole process; `WideCheck` sets it.
 */
export const wideVectors = (): boolean => v8InNode() >= 13.6 && process.arch === 'x64';

function setFlags(...flags: readonly string[]): void {
  for (const flag of flags) process.getBuiltinModule('node:v8').setFlagsFromString(`--${flag}`);
}

/**
 * Compares kernels of the 256-bit build with the 128-bit one, in memories of its own. Compiling all of them would take a
 * tenth of a second; one takes a few milliseconds, when it is first needed. What was compiled for the check is what runs
 * afterwards: V8 compiles a module once, however often it is instantiated.
 */
export class WideCheck {
  readonly #builds: readonly Build[];

  /** Sets the flag. Throws an Error where `wideVectors` is false. */
  constructor(options: Pick<LoadOptions, 'relaxed' | 'shared'> = {}) {
    if (!wideVectors()) throw new Error('WideCheck: no 256-bit vectors here; ask wideVectors() first');
    setFlags(PACKING);
    const own = { ...options, pages: SELF_CHECK_PAGES };
    this.#builds = [loadKernels(own), loadKernels({ ...own, wide: true })];
  }

  /** Whether a unit gives the same bits in both builds; from the first that does not on, V8 packs no more. */
  passes(unit: Unit): boolean {
    const [narrow, wide] = this.#builds;
    // As V8 first compiles it, a function is never packed.
    const wanted = resultsOf(narrow, unit);
    // Optimised at once. Inlining needs counts that only code which was not optimised keeps.
    setFlags('no-liftoff', 'no-wasm-inlining');
    const got = resultsOf(wide, unit);
    setFlags('liftoff', 'wasm-inlining');
    const same = sameResults(wanted, got);
    if (!same) setFlags(`no-${PACKING}`);
    return same;
  }
}
