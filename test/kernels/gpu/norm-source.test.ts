import { execFile } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { promisify } from 'node:util';
import { type BuildOptions, build, transformSync } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';
import {
  hasKernel,
  type KernelSpec,
  kernelArguments,
  kernelSource,
  type Term,
  termFor,
} from '../../../kernels/gpu/norm-source.js';

const TERMS: readonly Term[] = ['0.5', '1', '1.5', '2', '3', '4', 'max'];
const SPECS: readonly KernelSpec[] = TERMS.flatMap((term) =>
  [false, true].flatMap((scaled) =>
    (['cursor', 'portable'] as const).map((dialect) => ({ term, scaled, dialect })),
  ),
);

/** Run in a process of its own: every source, and norms on both devices, from the bundle. */
const ENTRY = `
import { openNormKernels } from './kernels/gpu/norm.ts';
import { kernelSource } from './kernels/gpu/norm-source.ts';
import { blockLayout } from './kernels/gpu/layout.ts';
const sources = SPECS.map(kernelSource);
const layout = blockLayout([{ offset: 0, length: 8 }, { offset: 8, length: 1500 }, { offset: 1512, length: 2 }]);
const block = new Float32Array(1520);
block.fill(1, 0, 4).fill(-2, 8, 1508).fill(1e30, 1512, 1514);
const norms = [];
for (const device of ['webasm', 'cpu']) {
  const kernels = await openNormKernels(device);
  for (const p of [0.5, 1, 1.5, 2, 3, 4, Infinity]) norms.push([...await kernels.norms(block, layout, p)]);
  kernels.dispose();
}
console.log(JSON.stringify({ sources, norms }));
`;
const repository = resolve(import.meta.dirname, '../../..');
const folder = mkdtempSync(join(tmpdir(), 'tamegrad-norm-'));
afterAll(() => rmSync(folder, { recursive: true }));

async function runBundle(
  name: string,
  options: BuildOptions,
): Promise<{ sources: string[]; norms: number[][] }> {
  const bundled = await build({
    stdin: { contents: ENTRY, resolveDir: repository, loader: 'ts' },
    define: { SPECS: JSON.stringify(SPECS) },
    bundle: true,
    write: false,
    format: 'esm',
    platform: 'node',
    target: 'node20',
    alias: { 'gpu.js': join(repository, 'node_modules/gpu.js/src/index.js') },
    external: ['gl', 'webgpu'],
    banner: {
      js: `import { createRequire } from 'node:module'; const require = createRequire(${JSON.stringify(join(repository, 'x.js'))});`,
    },
    ...options,
  });
  const file = join(folder, `${name}.mjs`);
  writeFileSync(file, bundled.outputFiles![0].contents);
  const { stdout } = await promisify(execFile)(process.execPath, [file]);
  return JSON.parse(stdout);
}

describe('kernel sources', () => {
  it('are chosen by the power', () => {
    expect([0, 2.5, 1e9, Number.NaN].map(hasKernel)).toEqual([false, false, false, false]);
    expect([0.5, 1, 1.5, 2, 3, 4, Infinity].every(hasKernel)).toBe(true);
    expect([0.5, 1, 1.5, 2, 3, 4, Infinity].map(termFor)).toEqual(['0.5', '1', '1.5', '2', '3', '4', 'max']);
  });

  it.each(SPECS)(
    'is plain JavaScript with the arguments it declares: $term scaled $scaled $dialect',
    (spec) => {
      const source = kernelSource(spec);
      const kernel = new Function(`return (${source})`)() as {
        call(self: object, ...args: unknown[]): number;
        length: number;
      };
      expect(kernel.length).toBe(Object.keys(kernelArguments(spec)).length);
      const values: Record<string, unknown> = {
        x: Float64Array.from({ length: 96 }, (_, i) => i - 20),
        i: 0,
        e: 0,
        j: 0,
        w: [9, 9, 2, 4],
      };
      const args = Object.keys(kernelArguments(spec)).map((name) => values[name]);
      const got = kernel.call({ thread: { y: 1 }, constants: { seg: [0, 1, 2, 12] } }, ...args);
      const magnitudes = Array.from({ length: 80 }, (_, k) => Math.abs(k - 4) * (spec.scaled ? 8 : 1));
      const power = Number(spec.term);
      const want =
        spec.term === 'max' ? Math.max(...magnitudes) : magnitudes.reduce((sum, v) => sum + v ** power, 0);
      expect(got / want).toBeCloseTo(1, 12);
    },
  );

  it.each<[string, BuildOptions]>([
    ['plain', {}],
    ['minified', { minify: true }],
    ['with names kept', { minify: true, keepNames: true }],
    ['instrumented', { plugins: [counters()] }],
  ])('arrive byte for byte and compute the same when bundled %s', async (name, options) => {
    const { sources, norms } = await runBundle(name.replaceAll(' ', '-'), options);
    expect(sources).toEqual(SPECS.map(kernelSource));
    expect(norms).toHaveLength(14);
    [0.5, 1, 1.5, 2, 3, 4, Infinity].forEach((p, k) => {
      const want = [4, 1500, 2].map((count, t) => count ** (1 / p) * [1, 2, 1e30][t]);
      for (const got of [norms[k], norms[k + 7]])
        for (const [t, norm] of got.entries()) expect(norm / want[t]).toBeCloseTo(1, 6);
    });
    for (const source of sources) expect(source).not.toMatch(/cov_|__name|=>|\bcounter/);
  });
});

/** Counts function entries and returns in the files of the kernels, as Istanbul does; strings stay strings. */
function counters(): NonNullable<BuildOptions['plugins']>[number] {
  return {
    name: 'counters',
    setup({ onLoad }) {
      onLoad({ filter: /kernels\/gpu\/[a-z-]+\.ts$/ }, ({ path }) => {
        const plain = transformSync(readFileSync(path, 'utf8'), { loader: 'ts' }).code;
        const counted = plain
          .replace(/\breturn (?=[^;`]*;$)/gm, 'return cov_1(), ')
          .replace(/^((?:async )?function .*\{)$/gm, '$1 cov_1();');
        return { contents: `const cov_1 = () => 0;\n${counted}`, loader: 'js' };
      });
    },
  };
}
