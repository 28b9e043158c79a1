/*
 * Loads the kernels (built when out of date) and the peak programs, and times alternatives fairly: in turn, round after
 * round, and by the median, so that whatever else the machine does meets all of them alike.
 */

import { readFile, rm } from 'node:fs/promises';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';
import { buildSimd } from '../../scripts/build-simd.mjs';

const folder = new URL('../../kernels/simd/', import.meta.url);

/** The loader and the codes, bundled from TypeScript. */
async function importLoader() {
  const outfile = fileURLToPath(new URL(`build/bench-${process.pid}.mjs`, folder));
  const contents = "export * from './load.ts'; export * from './kernels.ts';";
  await build({
    stdin: { contents, resolveDir: fileURLToPath(folder) },
    bundle: true,
    format: 'esm',
    outfile,
  });
  try {
    return await import(pathToFileURL(outfile).href);
  } finally {
    await rm(outfile);
  }
}

await buildSimd({ peak: true });
export const { loadKernels, relaxedSimd, UNARY, BINARY, ACTIVATION, REDUCE } = await importLoader();

/** One variant: kernels, their memory as floats, the peak programs over the same memory, a bump allocator. */
export async function variant(relaxed) {
  const { memory, exports } = loadKernels({ pages: 3072, relaxed });
  const bytes = await readFile(new URL(`build/peak-${relaxed ? 'relaxed' : 'plain'}.wasm`, folder));
  const peak = new WebAssembly.Instance(new WebAssembly.Module(bytes), { env: { memory } }).exports;
  const floats = new Float32Array(memory.buffer);
  // The memory below 64 stays zero, as in the library.
  for (let i = 16; i < floats.length; i++) floats[i] = ((i * 7919) % 1009) / 1009 - 0.5;
  let next = 4096;
  const allocate = (size) => {
    const at = next;
    next = (next + 4 * size + 63) & ~63;
    if (next > memory.buffer.byteLength) throw new Error('bench: the memory is full');
    return at;
  };
  const reset = () => {
    next = 4096;
  };
  return { name: relaxed ? 'relaxed' : 'plain', kernels: exports, peak, memory, floats, allocate, reset };
}

/** Processor time of this process in ms: what other processes take from a shared core does not count. */
function now() {
  const { user, system } = process.cpuUsage();
  return (user + system) / 1000;
}

function median(times) {
  return times.sort((a, b) => a - b)[times.length >> 1];
}

/** Processor milliseconds per call of each function in `jobs`: the median over rounds of about `slice` ms each. */
export function time(jobs, { rounds = 25, slice = 4 } = {}) {
  const entries = Object.entries(jobs);
  const calls = entries.map(([, job]) => {
    // Enough calls for the optimising compiler to have taken over before anything counts.
    const until = now() + 8 * slice;
    let count = 0;
    for (; now() < until; count++) job();
    return Math.max(1, Math.round(count / 8));
  });
  const times = entries.map(() => []);
  for (let round = 0; round < rounds; round++) {
    for (const [i, [, job]] of entries.entries()) {
      const start = now();
      for (let call = 0; call < calls[i]; call++) job();
      times[i].push((now() - start) / calls[i]);
    }
  }
  return Object.fromEntries(entries.map(([name], i) => [name, median(times[i])]));
}

/** Jobs whose faster one is the machine's multiply-add peak, and the FLOPs of each. */
export function peakJobs({ peak, allocate }) {
  const [out, a] = [allocate(64), allocate(256 * 12)];
  return {
    jobs: { peakTile: () => peak.tile(out, a, 256, 20), peakChains: () => peak.chains(4000) },
    flops: { peakTile: 2 * 32 * 256 * 20, peakChains: 2 * 40 * 4000 },
  };
}
