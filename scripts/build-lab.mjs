/**
 * Builds the lab twice: dist/lab/, files for any web server, and dist/lab.html, one file that works when it is opened
 * from a disk, without a network.
 */

import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { gzipSync } from 'node:zlib';
import { build } from 'esbuild';
import { lessonPlugin } from './lab-lessons.mjs';
import { licences } from './vendor.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const lab = join(root, 'lab');

/** The policy of both pages: nothing goes out, and nothing comes in but the page's own files. */
export const POLICY = {
  oneFile:
    "default-src 'none'; script-src 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src blob:; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'",
  served:
    "default-src 'none'; script-src 'self' 'unsafe-inline' 'wasm-unsafe-eval' blob:; worker-src 'self' blob:; style-src 'unsafe-inline'; img-src data: blob:; connect-src 'none'; base-uri 'none'; form-action 'none'",
};

const common = {
  absWorkingDir: root,
  bundle: true,
  minify: true,
  platform: 'browser',
  target: 'es2022',
  write: false,
  logLevel: 'silent',
  legalComments: 'none',
  alias: { ndarray: join(lab, 'worker/ndarray.ts') },
};

/** The lab's files, by name: those of dist/lab/ under `lab/`, and `lab.html`. */
export async function makeLab(lessons = join(lab, 'lessons')) {
  const [served, oneFile] = await Promise.all([makeServed(lessons), makeOneFile(lessons)]);
  // The one file is passed on alone: the licences of what is in it go along.
  const licensed = `${oneFile}<!--\n${served.get('lab/LICENSES.txt').replaceAll('--', '- -')}\n-->\n`;
  return new Map([...served, ['lab.html', licensed]]);
}

/** Writes the lab into a folder. */
export async function buildLab(out = join(root, 'dist')) {
  rmSync(join(out, 'lab'), { recursive: true, force: true });
  mkdirSync(join(out, 'lab'), { recursive: true });
  for (const [name, contents] of await makeLab()) writeFileSync(join(out, name), contents);
}

async function makeServed(lessons) {
  const { outputFiles, metafile } = await build({
    ...common,
    metafile: true,
    entryPoints: { shell: join(lab, 'shell/main.ts'), engine: join(lab, 'worker/main.ts') },
    outdir: 'lab',
    chunkNames: 'part-[name]-[hash]',
    splitting: true,
    format: 'esm',
    plugins: [lessonPlugin(lessons), withoutReports, exactKernels],
  });
  const files = outputFiles.map(({ path, contents }) => [`lab/${path.replace(/^.*[\\/]/, '')}`, contents]);
  const licencesOfAll = licences(root, Object.keys(metafile.inputs));
  const page = pageOf(POLICY.served, '<script type="module" src="./shell.js"></script>');
  const embed = readFileSync(join(lab, 'shell/embed.html'), 'utf8');
  return new Map([
    ...files,
    ['lab/index.html', page],
    ['lab/embed.html', embed],
    ['lab/LICENSES.txt', licencesOfAll],
  ]);
}

async function makeOneFile(lessons) {
  const plugins = [lessonPlugin(lessons), withoutReports, exactKernels, packedParts];
  const iife = { ...common, format: 'iife', plugins };
  const [shell, engine, editor] = await Promise.all([
    textOf({ ...iife, entryPoints: [join(lab, 'shell/main.ts')] }),
    textOf({ ...iife, entryPoints: [join(lab, 'worker/main.ts')] }),
    textOf({ ...iife, entryPoints: [join(lab, 'editor/editor.ts')], globalName: 'tamegradLabEditor' }),
  ]);
  const part = (name, text) =>
    `<script type="text/plain" id="part-${name}">${gzipSync(text, { level: 9 }).toString('base64')}</script>`;
  const start = `<script>(async () => {
  const bytes = Uint8Array.from(atob(document.getElementById('part-shell').textContent), (c) => c.charCodeAt(0));
  const script = document.createElement('script');
  script.textContent = await new Response(new Blob([bytes]).stream().pipeThrough(new DecompressionStream('gzip'))).text();
  document.head.append(script);
})();</script>`;
  return pageOf(
    POLICY.oneFile,
    [part('shell', shell), start, part('engine', engine), part('editor', editor)].join('\n'),
  );
}

async function textOf(options) {
  const { outputFiles } = await build({ ...options, outdir: 'lab' });
  return outputFiles[0].text;
}

/** The lab draws its own figures; what draws reports would come along unused, as parts that nobody loads. */
const withoutReports = {
  name: 'without reports',
  setup(build) {
    build.onLoad({ filter: /src[\\/]report[\\/](page|collection|figure)\.ts$/ }, () => ({ contents: '' }));
  },
};

/** The lab computes exactly: the kernels of `precision: 'fast'` stay at home. */
const exactKernels = {
  name: 'exact kernels',
  setup(build) {
    build.onLoad({ filter: /kernels[\\/]simd[\\/]build[\\/]bytes\.js$/ }, async ({ path }) => {
      const { plain } = await import(pathToFileURL(path));
      return { contents: `export const plain = ${JSON.stringify(plain)}, relaxed = '', dictionary = 0;` };
    });
  },
};

/** In the page of one file all parts come from the page itself. */
const packedParts = {
  name: 'packed parts',
  setup(build) {
    build.onResolve({ filter: /\/parts\.js$/ }, () => ({ path: join(lab, 'core/parts-one-file.ts') }));
  },
};

function pageOf(policy, scripts) {
  const template = readFileSync(join(lab, 'shell/page.html'), 'utf8');
  return template.replace('POLICY', () => policy).replace('<!-- scripts -->', () => scripts);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) await buildLab();
