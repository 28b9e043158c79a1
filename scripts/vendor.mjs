/**
 * What the package carries of others' work: libraries that whoever installs it need not fetch, each bundled into one
 * minified file of dist/vendor/ beside all their licences. gpu.js comes this way because its own dependencies bring two
 * native builds that are never used here; the rest because only reports or the command line need it.
 */

import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { builtinModules } from 'node:module';
import { join } from 'node:path';
import { build } from 'esbuild';

/** gpu.js asks for these and lives without them: a native WebGL, and threads that its synchronous kernels never start. */
const ABSENT_IN_GPU = ['gl', 'os', 'worker_threads'];

/** Bundled into what uses them instead: of these a function or two is needed, and the rest falls away. */
const INLINED = ['fflate'];

/** `@scope/name` or `name` of an import of a package; undefined for paths and for what Node brings. */
function packageOf(specifier) {
  if (specifier.startsWith('node:') || /^[./]/.test(specifier)) return undefined;
  return /^(@[^/]+\/)?[^/]+/.exec(specifier)[0];
}

function fileOf(specifier) {
  return `${specifier.replace(/^@/, '').replaceAll('/', '-').replace(/\.js$/, '')}.js`;
}

/** An esbuild plugin that leaves installed packages as they are and points every other one at its file in ./vendor. */
export function vendored(installed, found) {
  return {
    name: 'vendored',
    setup({ onResolve }) {
      onResolve({ filter: /^[^./]/ }, ({ path, kind }) => {
        const name = packageOf(path);
        if (kind === 'entry-point' || name === undefined || INLINED.includes(name)) return undefined;
        if (installed.includes(name)) return { path, external: true };
        found.add(path);
        return { path: `./vendor/${fileOf(path)}`, external: true };
      });
    },
  };
}

/** Bundles the packages into `folder`, and writes the licences of all that went in. */
export async function buildVendor(root, folder, specifiers) {
  const { metafile } = await build({
    absWorkingDir: root,
    entryPoints: Object.fromEntries(specifiers.map((name) => [fileOf(name).replace(/\.js$/, ''), name])),
    outdir: folder,
    bundle: true,
    minify: true,
    format: 'esm',
    platform: 'neutral',
    mainFields: ['module', 'main'],
    target: 'es2023',
    legalComments: 'none',
    metafile: true,
    plugins: [builtins],
  });
  mkdirSync(folder, { recursive: true });
  writeFileSync(
    join(folder, 'LICENSES.txt'),
    licences(root, [
      ...Object.keys(metafile.inputs),
      ...INLINED.map((name) => `node_modules/${name}/package.json`),
    ]),
  );
}

/** What CommonJS asks of Node, `require('events')`, becomes an import: a file that is an ES module has no `require`. */
const builtins = {
  name: 'builtins',
  setup({ onResolve, onLoad }) {
    const names = builtinModules.filter((name) => !name.startsWith('_'));
    onResolve({ filter: new RegExp(`^(node:)?(gl|${names.join('|')})$`) }, ({ path, kind, importer }) => {
      const name = path.replace('node:', '');
      if (importer.includes('node_modules/gpu.js/') && ABSENT_IN_GPU.includes(name)) {
        return { path: name, namespace: 'absent' };
      }
      if (kind === 'require-call') return { path: name, namespace: 'required' };
      return { path: `node:${name}`, external: true };
    });
    onResolve({ filter: /^imported:/ }, ({ path }) => ({ path, namespace: 'imported' }));
    onLoad({ filter: /.*/, namespace: 'absent' }, ({ path }) => ({
      contents: `throw new Error('${path} is not part of this package')`,
    }));
    onLoad({ filter: /.*/, namespace: 'required' }, ({ path }) => ({
      contents: `module.exports = require('imported:${path}').default`,
    }));
    onLoad({ filter: /.*/, namespace: 'imported' }, ({ path }) => ({
      contents: `export { default } from 'node:${path.replace('imported:', '')}'`,
    }));
  },
};

/** Name, version and licence of every package that a bundle took files from; words that several share stand once. */
export function licences(root, inputs) {
  const folders = new Set(
    inputs.flatMap((path) => /^.*node_modules\/(?:@[^/]+\/)?[^/]+(?=\/)/.exec(path)?.[0] ?? []),
  );
  const groups = new Map();
  for (const folder of [...folders].sort()) {
    const at = join(root, folder);
    const { name, version, license } = JSON.parse(readFileSync(join(at, 'package.json'), 'utf8'));
    const file = readdirSync(at).find((entry) => /^(licen[cs]e|copying)/i.test(entry));
    if (file === undefined && !license) throw new Error(`${name} has no licence`);
    const text =
      file === undefined ? `Licensed under ${license}.` : readFileSync(join(at, file), 'utf8').trim();
    const { holders, words } = licenceParts(text);
    const key = words.replace(/\s+/g, ' ');
    const group = groups.get(key) ?? { packages: [], words };
    group.packages.push(
      [`${name} ${version} (${license})`, ...holders.map((line) => `  ${line}`)].join('\n'),
    );
    groups.set(key, group);
  }
  const texts = [...groups.values()].map(({ packages, words }) => `${packages.join('\n')}\n\n${words}\n`);
  return `The files in this folder, and those that use it, contain these packages, each under the licence below it.\n\n${texts.join(`\n${'-'.repeat(80)}\n\n`)}`;
}

/** Who holds the rights, as the lines at the head of a licence say, and the words of the licence itself. */
function licenceParts(text) {
  const lines = text.split(/\r?\n/).map((line) => line.trimEnd());
  const isTitle = (line) => /^\s*\(?(the )?mit( license)?\)?( \(mit\))?\s*$/i.test(line);
  const isHolder = (line) => /^\s*copyright\b.*\d{4}/i.test(line);
  const start = lines.findIndex((line) => line.trim() !== '' && !isTitle(line) && !isHolder(line));
  const head = start < 0 ? lines : lines.slice(0, start);
  return {
    holders: head.filter(isHolder).map((line) => line.trim()),
    words: lines.slice(head.length).join('\n').trim(),
  };
}
