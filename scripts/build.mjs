/**
 * Builds dist/, of it only what is not current: the WebAssembly kernels, the library and the command line, the lab, the
 * type declarations.
 *
 *   node scripts/build.mjs [program|lab|types]…      without a word: all of them
 *
 * It says what it does before it does anything that takes time, and is never silent for long. Loaded first is only what
 * Node brings.
 */

import { execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { cpSync, existsSync, mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';

const root = fileURLToPath(new URL('..', import.meta.url));
const dist = join(root, 'dist');
/** Which sources each part of dist/ was built from. */
const record = join(dist, '.built.json');

/** What dist/ is made of; what is built from the outside of these folders has no part in it. */
const folders = ['src', 'cli', 'demos', 'experiments', 'kernels', 'lab', 'scripts'];
const files = ['package.json', 'package-lock.json', 'tsconfig.json', 'tsconfig.build.json'];
const notSources = ['node_modules', 'build'];

/** Longest time without a line, in ms. */
const SILENCE = 4000;

/** One mark for all sources: another where a byte, a name or a place is another. */
function markOfSources() {
  const hash = createHash('sha256').update(process.version);
  const add = (path) =>
    hash
      .update(`${path}\0`)
      .update(readFileSync(join(root, path)))
      .update('\0');
  const walk = (folder) => {
    for (const entry of readdirSync(join(root, folder), { withFileTypes: true }).sort(byName)) {
      const path = `${folder}/${entry.name}`;
      if (entry.isDirectory()) {
        if (!notSources.includes(entry.name)) walk(path);
      } else if (entry.isFile()) add(path);
    }
  };
  for (const folder of folders) walk(folder);
  for (const file of files) add(file);
  return hash.digest('hex');
}

function byName(a, b) {
  return a.name < b.name ? -1 : 1;
}

function readRecord() {
  try {
    return JSON.parse(readFileSync(record, 'utf8'));
  } catch {
    return {};
  }
}

/** The library, the command line with its workers, and the data that demos read. */
async function buildProgram() {
  const [{ build }, { buildVendor, vendored }] = await Promise.all([
    import('esbuild'),
    import('./vendor.mjs'),
  ]);
  const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8'));
  for (const entry of readdirSync(dist, { withFileTypes: true })) {
    if (entry.isFile() && entry.name.endsWith('.js')) rmSync(join(dist, entry.name));
  }
  for (const folder of ['vendor', 'data']) rmSync(join(dist, folder), { recursive: true, force: true });
  const found = new Set();
  await build({
    absWorkingDir: root,
    entryPoints: {
      index: 'src/index.ts',
      node: 'src/node.ts',
      extend: 'src/extend.ts',
      report: 'src/report/index.ts',
      diagnose: 'src/diagnose/index.ts',
      cli: 'cli/main.ts',
      'experiment-worker': 'cli/commands/experiment/worker.ts',
      'study-worker': 'cli/commands/demo/study-worker.ts',
      'sweep-worker': 'cli/commands/sweep/worker.ts',
    },
    outdir: 'dist',
    bundle: true,
    splitting: true,
    format: 'esm',
    platform: 'neutral',
    target: 'es2023',
    external: ['node:*'],
    plugins: [vendored(Object.keys(dependencies), found)],
  });
  await buildVendor(root, join(dist, 'vendor'), [...found].sort());
  cpSync(join(root, 'demos/data'), join(dist, 'data'), { recursive: true });
}

async function buildTypes() {
  rmSync(join(dist, 'types'), { recursive: true, force: true });
  const compiler = join(root, 'node_modules/typescript/bin/tsc');
  try {
    await promisify(execFile)(process.execPath, [compiler, '-p', 'tsconfig.build.json'], { cwd: root });
  } catch (error) {
    throw new Error(`tsc failed:\n${error.stdout || error.message}`);
  }
}

const parts = {
  program: ['the program', buildProgram],
  lab: ['the lab', async () => (await import('./build-lab.mjs')).buildLab()],
  types: ['type declarations', buildTypes],
};

/** Runs a part of the build, which must not block: now and then a line says that it is still at it. */
async function told(what, act) {
  const started = performance.now();
  const seconds = () => ((performance.now() - started) / 1000).toFixed(0);
  process.stderr.write(`build: ${what} …\n`);
  const timer = setInterval(() => process.stderr.write(`build: ${what}, ${seconds()} s …\n`), SILENCE);
  try {
    await act();
  } finally {
    clearInterval(timer);
  }
}

/** Builds the parts that are asked for and not current. */
export async function buildParts(asked = Object.keys(parts)) {
  const mark = markOfSources();
  const built = readRecord();
  const due = asked.filter((name) => built[name] !== mark);
  if (due.length === 0) return;
  mkdirSync(dist, { recursive: true });
  await told('kernels', async () => (await import('./build-simd.mjs')).buildSimd());
  for (const name of due) {
    // A build that is killed leaves a part that is not current.
    delete built[name];
    writeFileSync(record, JSON.stringify(built));
    await told(...parts[name]);
    built[name] = mark;
    writeFileSync(record, JSON.stringify(built));
  }
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const asked = process.argv.slice(2);
  if (!existsSync(record)) {
    process.stderr.write(
      'build: for the first time here, which takes a while; from then on only what has changed …\n',
    );
  }
  const unknown = asked.find((name) => !Object.hasOwn(parts, name));
  if (unknown !== undefined) {
    process.stderr.write(`build: there is no part '${unknown}'; known: ${Object.keys(parts).join(', ')}\n`);
    process.exit(2);
  }
  try {
    await buildParts(asked.length > 0 ? asked : undefined);
  } catch (error) {
    const isBare = error.code === 'ERR_MODULE_NOT_FOUND' || !existsSync(join(root, 'node_modules'));
    process.stderr.write(
      `build: ${isBare ? 'packages are missing; run npm install first' : error.message}\n`,
    );
    process.exit(1);
  }
}
