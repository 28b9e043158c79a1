/*
 * Trains the MLP and the RNN of test/tensor/backends/training.ts under each Node given, in 128 and 256 bits, on one thread
 * and two, exact and fast, and prints a digest of the parameters for each. Exits with 1 unless all exact ones are the
 * same. Chromium is compared by test/browser/parity.test.ts.
 *
 *   node scripts/digests.mjs [NODE …]        each a path of a node binary; default this one
 */

import { execFileSync } from 'node:child_process';
import { rmSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';

const root = fileURLToPath(new URL('..', import.meta.url));
const outfile = `${root}node_modules/.cache/tamegrad-digests-${process.pid}.mjs`;
await build({
  entryPoints: [`${root}test/tensor/backends/training.ts`],
  ...{ outfile, bundle: true, format: 'esm', platform: 'node', packages: 'external', logLevel: 'error' },
});

const settings = ['exact', 'fast'].flatMap((precision) =>
  [128, 256].flatMap((vectors) => [1, 2].map((threads) => ({ precision, vectors, threads }))),
);
const nodes = process.argv.length > 2 ? process.argv.slice(2) : [process.execPath];
const exact = new Set();

console.log('node       precision bits threads  mlp                 rnn');
for (const node of nodes) {
  const version = execFileSync(node, ['--version'], { encoding: 'utf8' }).trim();
  for (const { precision, vectors, threads } of settings) {
    const start = `${version.padEnd(10)} ${precision.padEnd(9)} ${vectors}  ${threads}       `;
    try {
      const options = JSON.stringify({ precision, vectors, threads });
      const out = execFileSync(node, [outfile, options], {
        encoding: 'utf8',
        stdio: ['ignore', 'pipe', 'pipe'],
      });
      const { mlp, rnn } = JSON.parse(out);
      if (precision === 'exact') exact.add(`${mlp} ${rnn}`);
      console.log(`${start} ${mlp.padEnd(19)} ${rnn}`);
    } catch (error) {
      const said = /Error: (.*)/.exec(error.stderr ?? '')?.[1] ?? error.message;
      console.log(`${start} – (${said.slice(0, 60)})`);
    }
  }
}
rmSync(outfile);
console.log(
  exact.size === 1 ? 'All exact digests are the same.' : `There are ${exact.size} different exact digests.`,
);
process.exitCode = exact.size === 1 ? 0 : 1;
