/*
 * Compiles the benchmark and runs it on dist/, the bundle that users get: what is timed is what is shipped.
 *
 *   npm run bench -- [workload …] [options]
 */

import { fileURLToPath, pathToFileURL } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
// Inside node_modules, where packages are found and neither git nor npm looks.
const outfile = `${root}node_modules/.cache/tamegrad-bench.js`;

await build({
  absWorkingDir: root,
  entryPoints: ['bench/run.ts'],
  outfile,
  bundle: true,
  format: 'esm',
  platform: 'node',
  packages: 'external',
  sourcemap: true,
  plugins: [
    {
      name: 'the shipped bundle',
      setup: ({ onResolve }) =>
        onResolve({ filter: /\/src\/(index|extend)\.js$/ }, ({ path }) => ({
          path: `${root}dist/${path.split('/').at(-1)}`,
          external: true,
        })),
    },
  ],
});
await import(pathToFileURL(outfile).href);
