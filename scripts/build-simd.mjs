/*
 * Compiles kernels/simd/assembly (AssemblyScript) into kernels/simd/build: plain.wasm and relaxed.wasm (multiply-adds
 * fused), and bytes.js, which carries both, deflated, as base64, so that they travel inside a bundle and load synchronously.
 * Does nothing when the outputs were made from these very sources.
 *
 *   node scripts/build-simd.mjs [--force]        or        await buildSimd({ force })
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { existsSync } from 'node:fs';
import { mkdir, readdir, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { deflateRawSync } from 'node:zlib';

const root = join(dirname(fileURLToPath(import.meta.url)), '..');
const assembly = join(root, 'kernels/simd/assembly');
const output = join(root, 'kernels/simd/build');
/** As far back as deflated bytes can refer. */
const DICTIONARY = 32_768;
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

/** What the outputs were made from, in a few letters: the sources, this script and the compiler's version. */
async function fingerprintOf(sources) {
  const { version } = JSON.parse(
    await readFile(join(root, 'node_modules/assemblyscript/package.json'), 'utf8'),
  );
  const hash = createHash('sha256').update(version);
  for (const file of [...sources.map((name) => join(assembly, name)), fileURLToPath(import.meta.url)]) {
    hash.update(`\0${basename(file)}\0`).update(await readFile(file));
  }
  return hash.digest('hex');
}

/** Whether this output is there and was made from these sources. */
async function isCurrent(name, fingerprint) {
  const made = await readFile(join(output, `${name}.made-from`), 'utf8').catch(() => '');
  return made === fingerprint && existsSync(join(output, `${name}.wasm`));
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

/** The module that carries both builds: deflated, the second with the beginning of the first as dictionary, in base64. */
async function bytesOf(folder) {
  const [plain, relaxed] = await Promise.all(
    ['plain', 'relaxed'].map((name) => readFile(join(folder, `${name}.wasm`))),
  );
  const deflated = {
    plain: deflateRawSync(plain, { level: 9 }),
    relaxed: deflateRawSync(relaxed, { level: 9, dictionary: plain.subarray(0, DICTIONARY) }),
  };
  const lines = Object.entries(deflated).map(
    ([name, bytes]) => `export const ${name} =\n  '${bytes.toString('base64')}';\n`,
  );
  return `// Written by scripts/build-simd.mjs.\nexport const dictionary = ${DICTIONARY};\n${lines.join('')}`;
}

/**
 * Builds what is out of date, with `peak` the benchmark's programs too; returns whether it had to. Safe to call from
 * several processes at once.
 */
export async function buildSimd({ force = false, peak = false } = {}) {
  const programs = peak ? [...kernels, ...peaks] : kernels;
  const sources = (await readdir(assembly, { recursive: true }))
    .filter((file) => file.endsWith('.ts'))
    .sort();
  const fingerprint = await fingerprintOf(sources);
  const current = await Promise.all(programs.map(([name]) => isCurrent(name, fingerprint)));
  if (!force && current.every(Boolean) && existsSync(join(output, 'bytes.js'))) return false;
  const folder = join(output, `.${process.pid}`);
  await mkdir(folder, { recursive: true });
  try {
    await Promise.all(programs.map((program) => compile(program, folder)));
    await writeFile(join(folder, 'bytes.js'), await bytesOf(folder));
    for (const [name] of programs) await writeFile(join(folder, `${name}.made-from`), fingerprint);
    // Renamed into place, what says that they are current last: a reader finds the old file or the new one, never half of one.
    const files = [
      ...programs.map(([name]) => `${name}.wasm`),
      'bytes.js',
      ...programs.map(([name]) => `${name}.made-from`),
    ];
    for (const file of files) await rename(join(folder, file), join(output, file));
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
