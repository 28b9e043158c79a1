/** The rules of the layout: who may import whom, no cycles, files that can be read in one sitting, portable numbers. */

import { readdirSync, readFileSync } from 'node:fs';
import { dirname, join, relative, sep } from 'node:path';
import { fileURLToPath } from 'node:url';
import { describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));

/** What each folder may import of ours, besides itself: folders, or single files. */
const allowed: Readonly<Record<string, readonly string[]>> = {
  'src/tensor': [],
  'src/tensor/backends': ['src/tensor', 'kernels/simd'],
  'src/autograd': ['src/tensor'],
  'src/nn': ['src/autograd', 'src/tensor'],
  'src/statistics': ['src/tensor/math.ts'],
  'src/clip': ['src/autograd', 'src/tensor', 'src/statistics', 'kernels/gpu'],
  'src/optim': ['src/autograd', 'src/tensor', 'src/clip'],
  'src/train': [
    'src/autograd',
    'src/tensor',
    'src/nn',
    'src/clip',
    'src/optim',
    'src/persist',
    'src/statistics',
  ],
  'src/persist': ['src/autograd', 'src/tensor', 'src/nn', 'src/clip', 'src/optim', 'src/train'],
  'src/diagnose': [
    'src/train/record.ts',
    'src/report/format.ts',
    'src/tensor/arguments.ts',
    'src/tensor/math.ts',
    'src/tensor/nearest.ts',
    'src/statistics',
  ],
  'src/report': ['src/train/record.ts', 'src/statistics', 'src/tensor/arguments.ts'],
  'kernels/gpu': ['src/tensor/math.ts'],
  'kernels/simd': [],
  cli: ['src', 'demos', 'experiments', 'lab'],
};

/** Modules a user may import: demos, benchmarks and pages get at nothing else. */
const entryPoints = entriesOf('src');

interface Import {
  readonly target: string;
  readonly typeOnly: boolean;
}

interface Source {
  readonly path: string;
  readonly text: string;
  readonly imports: readonly Import[];
}

function entriesOf(folder: string): string[] {
  const top = readdirSync(join(root, folder), { withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => `${folder}/${entry.name}`);
  return [...top, 'src/report/index.ts', 'src/diagnose/index.ts'];
}

/** Every TypeScript file under a folder, as paths from the root; none where the folder is missing. */
function filesUnder(folder: string): string[] {
  let entries: string[];
  try {
    entries = readdirSync(join(root, folder), { recursive: true, encoding: 'utf8' });
  } catch {
    return [];
  }
  return entries
    .filter((name) => name.endsWith('.ts') && !name.endsWith('.d.ts') && !name.includes('node_modules'))
    .map((name) => `${folder}/${name.split(sep).join('/')}`)
    .toSorted();
}

const pattern =
  /^\s*(import|export)\b(\s+type\b)?([^'";]*?)\bfrom\s*['"]([^'"]+)['"]|^\s*import\s*['"]([^'"]+)['"]|\bimport\(\s*['"]([^'"]+)['"]/gm;

function importsOf(path: string, text: string): Import[] {
  const found: Import[] = [];
  for (const [, , keyword, names = '', from, bare, dynamic] of text.matchAll(pattern)) {
    const specifier = from ?? bare ?? dynamic!;
    if (!specifier.startsWith('.')) continue;
    const inBraces = names.match(/^\s*\{([^}]*)\}\s*$/)?.[1];
    const listed = inBraces?.split(',').filter((name) => name.trim() !== '');
    const typeOnly = keyword !== undefined || (listed?.every((name) => /^\s*type\s/.test(name)) ?? false);
    const target = relative(root, join(root, dirname(path), specifier))
      .split(sep)
      .join('/');
    found.push({ target: target.replace(/\.js$/, '.ts'), typeOnly });
  }
  return found;
}

function sourcesUnder(...folders: string[]): Source[] {
  return folders.flatMap(filesUnder).map((path) => {
    const text = readFileSync(join(root, path), 'utf8');
    return { path, text, imports: importsOf(path, text) };
  });
}

const sources = sourcesUnder(
  'src',
  'kernels/gpu',
  'kernels/simd',
  'cli',
  'demos',
  'experiments',
  'bench',
  'lab',
);

/** The longest key of the table that a path lies in. */
function folderOf(path: string): string | undefined {
  return Object.keys(allowed)
    .filter((folder) => path.startsWith(`${folder}/`))
    .toSorted((a, b) => b.length - a.length)[0];
}

/** What lies under `src`, `demos`, … is open to the command line, which stands above all of them. */
const within = (target: string, entry: string, folder: string) =>
  folder === 'cli' && target.startsWith(`${entry}/`);

const isUser = (path: string) => /^(demos|experiments|bench|lab)\//.test(path);

describe('the scan itself', () => {
  it('sees imports of every form, and which are of types only', () => {
    const text = [
      "import { a, type B } from './one.js';",
      "import type { C } from './two.js';",
      "export * from './three.js';",
      "import {\n  type D,\n  type E,\n} from './four.js';",
      "import './five.js';",
      "const f = await import('./six.js');",
      "import g from 'ndarray';",
    ].join('\n');
    const path = 'src/x/y.ts';
    const seen = importsOf(path, text).map(({ target, typeOnly }) => [target.slice(6, -3), typeOnly]);
    expect(seen).toEqual([
      ['one', false],
      ['two', true],
      ['three', false],
      ['four', true],
      ['five', false],
      ['six', false],
    ]);
  });

  it('finds the files that are there', () => {
    expect(sources.length).toBeGreaterThan(30);
    expect(sources.flatMap(({ imports }) => imports).length).toBeGreaterThan(60);
  });
});

describe('imports', () => {
  it('point one way, as the table in DESIGN.md says', () => {
    const wrong = sources.flatMap(({ path, imports }) => {
      const folder = folderOf(path);
      if (!folder) return [];
      return imports
        .filter(({ target }) => !target.startsWith(`${folder}/`))
        .filter(({ target }) => {
          const may = allowed[folder].some(
            (entry) => target === entry || folderOf(target) === entry || within(target, entry, folder),
          );
          // The index alone names backends: it registers them.
          return !may && !(path === 'src/tensor/index.ts' && folderOf(target) === 'src/tensor/backends');
        })
        .map(({ target }) => `${path} imports ${target}`);
    });
    expect(wrong).toEqual([]);
  });

  it('demos, experiments, benchmarks and the lab use the public entry points only', () => {
    const wrong = sources
      .filter(({ path }) => isUser(path))
      .flatMap(({ path, imports }) =>
        imports
          .filter(({ target }) => !isUser(target) && !entryPoints.includes(target))
          .map(({ target }) => `${path} imports ${target}`),
      );
    expect(wrong).toEqual([]);
  });

  it('make no cycle, imports of types included', () => {
    const graph = new Map(sources.map(({ path, imports }) => [path, imports.map(({ target }) => target)]));
    const done = new Set<string>();
    const cycles: string[] = [];
    const visit = (path: string, trail: readonly string[]): void => {
      if (trail.includes(path)) cycles.push([...trail.slice(trail.indexOf(path)), path].join(' → '));
      if (done.has(path) || trail.includes(path)) return;
      for (const next of graph.get(path) ?? []) visit(next, [...trail, path]);
      done.add(path);
    };
    for (const path of graph.keys()) visit(path, []);
    expect(cycles).toEqual([]);
  });
});

describe('files', () => {
  it('of src open with a comment that says what they are for', () => {
    const bare = sources.filter(({ path, text }) => path.startsWith('src/') && !/^(#!.*\n)?\/\*/.test(text));
    expect(bare.map(({ path }) => path)).toEqual([]);
  });

  it('that define an op lie in autograd: derivative, composed twin and choice of kernel stand together', () => {
    const defining = sources.filter(({ text }) =>
      /\bdefineOp[<(]/.test(text.replace(/^\s*(\*|\/\*).*$/gm, '')),
    );
    const elsewhere = defining.filter(
      ({ path }) => !path.startsWith('src/autograd/') && path.startsWith('src/'),
    );
    expect(defining.length).toBeGreaterThan(10);
    expect(elsewhere.map(({ path }) => path)).toEqual([]);
  });

  it('of src keep no results of a call in a map of the module', () => {
    const keeping = sources.filter(
      ({ path, text }) =>
        /^src\/(autograd|nn|tensor)\//.test(path) && /^(const|let) .*new WeakMap/m.test(text),
    );
    expect(keeping.map(({ path }) => path)).toEqual([]);
  });

  it('of the engine are the five that a reader meets, and tools beside it that no other file of it imports', () => {
    const engine = sources.filter(({ path }) => /^src\/autograd\/\w[\w-]*\.ts$/.test(path));
    const tools = ['anomaly', 'index', 'methods'].map((name) => `src/autograd/${name}.ts`);
    const met = engine.filter(({ path }) => !tools.includes(path));
    expect(met.map(({ path }) => path)).toEqual(
      ['backward', 'gradcheck', 'graph', 'op', 'parameter'].map((name) => `src/autograd/${name}.ts`),
    );
    expect(met.flatMap(({ imports }) => imports).filter(({ target }) => tools.includes(target))).toEqual([]);

    const lines = met.reduce((sum, { text }) => sum + text.trimEnd().split('\n').length, 0);
    const readme = readFileSync(join(root, 'README.md'), 'utf8');
    const [, told] = readme.match(/`src\/autograd`.*?([\d,]+) lines/)!;
    expect(Math.abs(Number(told.replace(',', '')) - lines), `${lines} lines`).toBeLessThan(60);
  });
});

/** Files that may use the engine's own exp, log, …: their numbers never enter a run's float32 path. */
const mayUseMath: Readonly<Record<string, string>> = {
  'src/tensor/math.ts': 'it is the replacement',
  'src/report/': 'draws figures: pixels, ticks and labels',
};

/** What an engine computes in its own way on a line of code: `**` too, but for whole powers and powers of 2. */
function ownOfTheEngine(line: string): string | undefined {
  const code = line.replace(/^\s*(\*|\/\*|\/\/).*/, '');
  const named = code.match(/\bMath\.(exp|expm1|log|log1p|log2|log10|tanh|sin|cos|tan|pow|hypot|cbrt)\b/);
  const raised = [...code.matchAll(/(\S+) \*\*=? (\S+)/g)].find(
    ([, base, exponent]) => !/^\W*2$/.test(base) && !/^-?\d+\b(?!\.)/.test(exponent),
  );
  return named?.[0] ?? raised?.[0];
}

it('the scan for numbers of the engine’s own sees them, and no comment', () => {
  const lines = ['x = Math.pow(x, y);', 'x ** p', 'x ** 0.5', '(x) ** (1 / p)', 'x **= y', 'y * 3.2 ** k'];
  expect(lines.filter((line) => ownOfTheEngine(line) === undefined)).toEqual([]);
  const fine = [
    'x ** 2',
    'x ** -3;',
    '2 ** half',
    '(2 ** (a - b))',
    '  * x ** p',
    '/** x ** p */',
    '// x ** p',
  ];
  expect(fine.filter((line) => ownOfTheEngine(line) !== undefined)).toEqual([]);
});

it('the library’s numbers come from its own exp, log, tanh, sin, cos and power: engines differ in the last bit', () => {
  const excused = (path: string) => Object.keys(mayUseMath).some((prefix) => path.startsWith(prefix));
  const wrong = sources
    .filter(({ path }) => /^(src|kernels\/gpu)\//.test(path) && !excused(path))
    .flatMap(({ path, text }) =>
      text.split('\n').flatMap((line, i) => {
        const used = ownOfTheEngine(line);
        return used ? [`${path}:${i + 1} uses ${used}`] : [];
      }),
    );
  expect(wrong).toEqual([]);
});
