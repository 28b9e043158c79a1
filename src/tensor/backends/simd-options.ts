/** What may be chosen about the simd backend before it starts, and whether this machine can do it. */

import { relaxedSimd, wideVectors } from '../../../kernels/simd/load.js';
import { reasonAgainstThreads } from './simd-worker-start.js';

/** How the simd backend computes. */
export interface SimdOptions {
  /** Memory to reserve, in MiB: 1 … 4096, default 1024. Reserving costs nothing until the memory is used. */
  readonly mebibytes?: number;
  /**
   * `exact` (default): the same bits in every engine and on every machine. `fast`: fused multiply-adds, where the engine
   * has relaxed SIMD; then results may differ from one machine to another in the last bits, and from `exact`.
   */
  readonly precision?: 'exact' | 'fast';
  /** Threads that share large calls, 1 … 64, default 1. Their number changes no bit of any result. */
  readonly threads?: number;
  /**
   * Width of vectors in bits, default 128; it changes no bit of any result. 256 needs Node 24 or later on an x64 processor and sets an
   * experimental flag of V8 for the whole process, so it must be asked for; every kernel is compared with its 128-bit build
   * before its first use, and on any difference all run in 128 bits. `auto` takes 256 where it can be had.
   */
  readonly vectors?: 128 | 256 | 'auto';
}

/** What is in force where nothing was chosen. */
export const DEFAULT_OPTIONS: Required<SimdOptions> = {
  mebibytes: 1024,
  precision: 'exact',
  threads: 1,
  vectors: 128,
};

/** WebAssembly addresses 4 GiB. */
export const MAX_MEBIBYTES = 4096;
const MAX_THREADS = 64;

/** Throws an Error that says what is wrong with these options, here and now. */
export function checkSimdOptions({ mebibytes, precision, threads, vectors }: Required<SimdOptions>): void {
  if (!(mebibytes >= 1 && mebibytes <= MAX_MEBIBYTES)) {
    throw new Error(`configureSimd: mebibytes must be 1 … ${MAX_MEBIBYTES}, got ${mebibytes}`);
  }
  if (precision !== 'exact' && precision !== 'fast') {
    throw new Error(`configureSimd: precision must be 'exact' or 'fast', got '${precision}'`);
  }
  if (!(Number.isInteger(threads) && threads >= 1 && threads <= MAX_THREADS)) {
    throw new Error(`configureSimd: threads must be a whole number, 1 … ${MAX_THREADS}, got ${threads}`);
  }
  if (precision === 'fast' && !relaxedSimd()) {
    throw new Error(
      "configureSimd: precision 'fast' needs relaxed SIMD, which this engine does not have; use 'exact', or Node 20.16 or later",
    );
  }
  if (![128, 256, 'auto'].includes(vectors)) {
    throw new Error(`configureSimd: vectors must be 128, 256 or 'auto', got ${vectors}`);
  }
  if (vectors === 256 && !wideVectors()) {
    throw new Error(
      "configureSimd: 256-bit vectors cannot be had here; use vectors: 'auto', or Node 24 or later on an x64 processor",
    );
  }
  const reason = threads > 1 ? reasonAgainstThreads() : null;
  if (reason) {
    throw new Error(`configureSimd: ${threads} threads cannot run here, ${reason}; or use threads: 1`);
  }
}
