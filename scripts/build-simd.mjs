/*
 * Compiles kernels/simd/assembly (AssemblyScript) into kernels/simd/build: plain.wasm and relaxed.wasm (multiply-adds
 * fused), and bytes.js, which carries both as base64 so that they travel inside a bundle and load synchronously. Does
 * nothing when the outputs are newer than every source.
 *
 *   node scripts/build-simd.mjs [--force]        or        await buildSimd({ force })
 */

import { execFile } from 'node:child_process';
import { mkdir, readdir, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const assembly = join(root, 'kernels/simd/assembly');
const output = join(root, 'kernels/simd/build');
const compiler = join(root, 'node_modules/assemblyscript/bin/asc.js');

/**
 * The memory is imported, with a maximum, so that one byte of the binary decides whether it is shared (load.ts). AS112
 * warns of v128 in signatures; no exported function has one.
 */
const options = [
  ...['-O3', '--noAssert', '--runtime', 'stub', '--enable', 'simd', '--disableWarning', '112'],
  ...['--importMemory', '--noExportMemory', '--maximumMemory', '65536'],
];

/** What is built: name, entry file, further options; and what the benchmark needs besides. */
const kernels = [
  ['plain', 'index.ts', []],
  ['relaxed', 'index.ts', ['--enable', 'relaxed-simd']],
];
const peaks = [
  ['peak-plain', 'peak.ts', []],
  ['peak-relaxed', 'peak.ts', ['--enable', 'relaxed-simd']],
];

/** When the newest of these files was last written; Infinity for one that is missing. */
async function newest(files) {
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (s) => s.mtimeMs,
        () => Infinity,
      ),
    ),
  );
  return Math.max(...times);
}

/** When the oldest of these files was last written; 0 for one that is missing. */
async function oldest(files) {
  const times = await Promise.all(
    files.map((file) =>
      stat(file).then(
        (s) => s.mtimeMs,
        () => 0,
      ),
    ),
  );
  return Math.min(...times);
}

/** Compiles one program; the error is the compiler's own message. */
async function compile([name, entry, more], folder) {
  const args = [compiler, join(assembly, entry), '-o', join(folder, `${name}.wasm`), ...options, ...more];
  try {
    const { stderr } = await promisify(execFile)(process.execPath, args, { cwd: root });
    if (stderr) process.stderr.write(stderr);
  } catch (error) {
    throw new Error(`build-simd: asc ${entry} (${name}) failed:\n${error.stderr || error.message}`);
  }
}

/**
 * Builds what is out of date, with `peak` the benchmark's programs too; returns whether it had to. Safe to call from
 * several processes at once.
 */
export async function buildSimd({ force = false, peak = false } = {}) {
  const programs = peak ? [...kernels, ...peaks] : kernels;
  const sources = (await readdir(assembly, { recursive: true })).filter((file) => file.endsWith('.ts'));
  const inputs = [...sources.map((file) => join(assembly, file)), fileURLToPath(import.meta.url), compiler];
  const outputs = [...programs.map(([name]) => `${name}.wasm`), 'bytes.js'];
  if (!force && (await newest(inputs)) < (await oldest(outputs.map((file) => join(output, file)))))
    return false;
  const folder = join(output, `.${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    await Promise.all(programs.map((program) => compile(program, folder)));
    const exported = await Promise.all(
      ['plain', 'relaxed'].map(async (name) => {
        const base64 = (await readFile(join(folder, `${name}.wasm`))).toString('base64');
        return `export const ${name} =\n  '${base64}';\n`;
      }),
    );
    await writeFile(join(folder, 'bytes.js'), `// Written by scripts/build-simd.mjs.\n${exported.join('')}`);
    // Renamed into place, bytes.js last: a reader finds the old file or the new one, never half of one.
    for (const file of outputs) await rename(join(folder, file), join(output, file));
  } finally {
    await rm(folder, { recursive: true, force: true });
  }
  return true;
}

/** For vitest: `globalSetup: ['scripts/build-simd.mjs']`. */
export async function setup() {
  await buildSimd();
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const start = performance.now();
  const built = await buildSimd({ force: process.argv.includes('--force') });
  console.log(
    built
      ? `kernels/simd: built in ${((performance.now() - start) / 1000).toFixed(1)} s`
      : 'kernels/simd: up to date',
  );
}
