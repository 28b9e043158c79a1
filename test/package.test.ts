/** The package as others get it: packed, unpacked into an empty project, imported, trained, type-checked. */

import { execFileSync } from 'node:child_process';
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  readdirSync,
  readFileSync,
  rmSync,
  symlinkSync,
  writeFileSync,
} from 'node:fs';
import { tmpdir } from 'node:os';
import { join, relative } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(join(root, 'package.json'), 'utf8')) as {
  dependencies: Record<string, string>;
};
const project = mkdtempSync(join(tmpdir(), 'tamegrad-project-'));

const installed = join(project, 'node_modules/tamegrad');

/** Paths of the packed files below a folder, sorted. */
function packedFiles(folder: string): string[] {
  const entries = readdirSync(join(installed, folder), { recursive: true, withFileTypes: true });
  const files = entries
    .filter((entry) => entry.isFile())
    .map((entry) => relative(installed, join(entry.parentPath, entry.name)));
  return files.sort();
}

function run(command: string, ...args: string[]): string {
  return execFileSync(command, args, { cwd: project, encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });
}

/** A training loop as a user of the package writes it: ten clipped steps on a recurrent network. */
const TRAINING = `
import { clipByGlobalNorm, Linear, mseLoss, Random, RNN, SGD, scope, tensor, uniform, type StepReport } from 'tamegrad';
import { openRunLog } from 'tamegrad/node';
import { renderReport, type ReportPage } from 'tamegrad/report';

const random = new Random(1);
const rnn = new RNN(1, 8, { random });
const head = new Linear(8, 1, { random });
const optimizer = new SGD([...rnn.parameters(), ...head.parameters()], { lr: 0.1, hooks: [clipByGlobalNorm(0.5)] });
const x = uniform([12, 4, 1], random, -1, 1);
const y = tensor([[1], [-1], [1], [-1]]);
const reports: StepReport[] = [];
for (let step = 0; step < 10; step++) {
  optimizer.zeroGrad();
  scope(() => mseLoss(head.forward(rnn.forward(x).last), y).backward());
  reports.push(await optimizer.step());
}
const last: StepReport = reports[9];
console.log(JSON.stringify({ steps: reports.length, clipped: last.clipped, after: last.normAfter, device: last.normDevice }));
console.log(typeof openRunLog, typeof renderReport, ({} as Partial<ReportPage>).title === undefined);
`;

beforeAll(() => {
  const packed = execFileSync(
    'npm',
    ['pack', '--ignore-scripts', '--silent', '--pack-destination', project],
    {
      cwd: root,
      encoding: 'utf8',
    },
  );
  const modules = join(project, 'node_modules');
  mkdirSync(join(modules, 'tamegrad'), { recursive: true });
  run('tar', '-xzf', packed.trim(), '--strip-components=1', '-C', 'node_modules/tamegrad');
  // Dependencies as an install would lay them, from this checkout instead of a registry.
  for (const name of [...Object.keys(dependencies), '@types/node', 'undici-types']) {
    mkdirSync(join(modules, name, '..'), { recursive: true });
    symlinkSync(join(root, 'node_modules', name), join(modules, name));
  }
  writeFileSync(join(project, 'package.json'), '{ "type": "module", "private": true }');
  writeFileSync(join(project, 'training.ts'), TRAINING);
  const compilerOptions = {
    strict: true,
    module: 'nodenext',
    target: 'es2022',
    types: ['node'],
    skipLibCheck: false,
  };
  writeFileSync(join(project, 'tsconfig.json'), JSON.stringify({ compilerOptions, files: ['training.ts'] }));
});

afterAll(() => rmSync(project, { recursive: true, force: true }));

/** Links of a page to files of the package. */
function linksOf(text: string): { readonly target: string; readonly anchor: string | undefined }[] {
  const links = [...text.matchAll(/\]\((?!https?:)([^)#\s]*)(?:#([^)\s]+))?\)/g)];
  return links.map(([, target, anchor]) => ({ target, anchor }));
}

/** What links may name of a page: its headings, as GitHub writes them. */
function anchorsOf(text: string): readonly string[] {
  const headings = [...text.replace(/^```[\s\S]*?^```/gm, '').matchAll(/^#+ (.*)$/gm)];
  return headings.map(([, heading]) =>
    heading
      .toLowerCase()
      .replace(/[^\p{L}\p{N}\s_-]/gu, '')
      .replaceAll(' ', '-'),
  );
}

describe('the packed package', () => {
  it('type-checks under strict nodenext, library declarations included, and trains ten clipped steps', () => {
    run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', '.');
    const [result, entries] = run(process.execPath, 'training.js').trim().split('\n');
    const { steps, clipped, after, device } = JSON.parse(result);
    expect({ steps, clipped, device }).toEqual({ steps: 10, clipped: true, device: 'webasm' });
    expect(after).toBeCloseTo(0.5, 6);
    expect(entries).toBe('function function true');
  });

  it('runs its command', () => {
    expect(run(process.execPath, 'node_modules/tamegrad/dist/cli.js', 'list')).toMatch(/^spectrum /);
  });

  it('ships what it needs and nothing else', () => {
    expect(packedFiles('').filter((path) => !/^(dist|docs)\//.test(path))).toEqual([
      'CHANGELOG.md',
      'CITATION.cff',
      'CONTRIBUTING.md',
      'LICENSE',
      'README.md',
      'SECURITY.md',
      'bench/README.md',
      'kernels/simd/NOTES.md',
      'lab/README.md',
      'package.json',
    ]);
  });

  it('type-checks without the DOM library and without the types of Node', () => {
    const compilerOptions = {
      strict: true,
      module: 'nodenext',
      target: 'es2022',
      lib: ['es2023'],
      types: [],
      skipLibCheck: false,
      noEmit: true,
    };
    writeFileSync(
      join(project, 'bare.ts'),
      "export * from 'tamegrad'; export * from 'tamegrad/diagnose'; export * as report from 'tamegrad/report';",
    );
    writeFileSync(
      join(project, 'tsconfig.bare.json'),
      JSON.stringify({ compilerOptions, files: ['bare.ts'] }),
    );
    run(process.execPath, join(root, 'node_modules/typescript/bin/tsc'), '-p', 'tsconfig.bare.json');
  });

  it('has no link between its documents that leads nowhere', () => {
    const dead = packedFiles('')
      .filter((path) => path.endsWith('.md'))
      .flatMap((path) => {
        const links = linksOf(readFileSync(join(installed, path), 'utf8'));
        return links
          .filter(({ target, anchor }) => {
            const file = target === '' ? join(installed, path) : join(installed, path, '..', target);
            if (!existsSync(file)) return true;
            return anchor !== undefined && !anchorsOf(readFileSync(file, 'utf8')).includes(anchor);
          })
          .map(({ target, anchor }) => `${path}: ${target}${anchor === undefined ? '' : `#${anchor}`}`);
      });
    expect(dead).toEqual([]);
  });

  it('links every document from its README', () => {
    const links = linksOf(readFileSync(join(installed, 'README.md'), 'utf8'));
    const linked = new Set(links.map(({ target }) => target));
    const documents = packedFiles('').filter(
      (path) => path.endsWith('.md') && path !== 'README.md' && !path.startsWith('dist/'),
    );
    expect(documents.length).toBeGreaterThan(10);
    expect(documents.filter((path) => !linked.has(path))).toEqual([]);
  });

  it('brings no more packages than these: gpu.js, webgpu and gl are not among them', () => {
    const lock = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8')) as {
      packages: Record<string, { readonly dev?: boolean; readonly devOptional?: boolean }>;
    };
    const brought = Object.entries(lock.packages).filter(([, { dev, devOptional }]) => !dev && !devOptional);
    const names = brought
      .map(([path]) => path.replace(/^.*node_modules\//, ''))
      .filter((name) => name !== '');
    expect(names).toEqual([
      '@petamoriken/float16',
      '@types/ndarray',
      'commander',
      'iota-array',
      'is-buffer',
      'ndarray',
      'pure-rand',
    ]);
  });

  it('has the licence of everything that it carries', () => {
    const vendor = readdirSync(join(installed, 'dist/vendor'));
    expect(vendor).toContain('gpu.js');
    const licences = readFileSync(join(installed, 'dist/vendor/LICENSES.txt'), 'utf8');
    const packages = [...licences.matchAll(/^@?(\S+) \d\S* \(/gm)].map(([, name]) =>
      name.replaceAll('/', '-').replace(/\.js$/, ''),
    );
    for (const file of vendor.filter((name) => name.endsWith('.js'))) {
      const owners = packages.filter((name) => file === `${name}.js` || file.startsWith(`${name}-`));
      expect([file, owners.length > 0]).toEqual([file, true]);
    }
    expect(licences).toContain('Copyright (c) 2019 gpu.js Team');
  });

  it('carries nothing that only Node has in what a page may import', () => {
    for (const name of ['gpu', 'observablehq-plot', 'linkedom']) {
      const text = readFileSync(join(installed, `dist/vendor/${name}.js`), 'utf8');
      expect([name, /(from|import|require\() ?["']node:/.test(text)]).toEqual([name, false]);
    }
  });

  it('leaves files, reports and the training loop out of a page that imports Linear and SGD', async () => {
    const { metafile } = await build({
      stdin: {
        contents: "import { Linear, SGD } from './src/index.js'; console.log(Linear, SGD);",
        resolveDir: root,
      },
      absWorkingDir: root,
      bundle: true,
      minify: true,
      splitting: true,
      format: 'esm',
      outdir: project,
      write: false,
      metafile: true,
      external: ['gpu.js'],
    });
    const page = Object.values(metafile.outputs).find(({ entryPoint }) => entryPoint);
    const carried = Object.entries(page!.inputs).filter(([, { bytesInOutput }]) => bytesInOutput > 0);
    const names = carried.map(([path]) => path);
    expect(names).toContain('src/nn/linear.ts');
    expect(names.filter((path) => /^src\/(persist|train|report)\/|observablehq|linkedom/.test(path))).toEqual(
      [],
    );
    // Two builds of the kernels are 28 kB of it.
    expect(page!.bytes).toBeLessThan(225_000);
  });
});
