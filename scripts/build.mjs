/** Builds dist/: the WebAssembly kernels, the library, the command line, the lab, type declarations, and the data that demos read. */

import { execFileSync } from 'node:child_process';
import { cpSync, readFileSync, rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { buildLab } from './build-lab.mjs';
import { buildSimd } from './build-simd.mjs';
import { buildVendor, vendored } from './vendor.mjs';

const root = fileURLToPath(new URL('..', import.meta.url));
const { dependencies } = JSON.parse(readFileSync(`${root}package.json`, 'utf8'));

await buildSimd();
rmSync(`${root}dist`, { recursive: true, force: true });
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
await buildVendor(root, `${root}dist/vendor`, [...found].sort());
await buildLab();
cpSync(`${root}demos/data`, `${root}dist/data`, { recursive: true });
execFileSync(process.execPath, [`${root}node_modules/typescript/bin/tsc`, '-p', 'tsconfig.build.json'], {
  cwd: root,
  stdio: 'inherit',
});
