import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { expect, it } from 'vitest';

const root = fileURLToPath(new URL('../..', import.meta.url));

/** Trains 2,000 steps and prints the heap after 200, 1,000 and 2,000 of them. */
const program = `
import { Adam, clipByGlobalNorm, Linear, Module, mseLoss, Random, RNN, scope, uniform } from './src/index.js';
const random = new Random(1);
class Model extends Module {
  rnn = new RNN(2, 8, { random });
  head = new Linear(8, 1, { random });
}
const model = new Model();
const optimizer = new Adam(model.parameters(), { hooks: [clipByGlobalNorm(0.1)] });
const heap = [];
for (let step = 1; step <= 2000; step++) {
  optimizer.zeroGrad();
  scope(() => {
    const x = uniform([6, 4, 2], random, -1, 1);
    const y = x.slice([[0, 1], null, [0, 1]]).reshape([4, 1]);
    mseLoss(model.head.forward(model.rnn.forward(x).last), y).backward();
  });
  await optimizer.step();
  if (![200, 1000, 2000].includes(step)) continue;
  for (let k = 0; k < 3; k++) gc();
  const { heapUsed, external } = process.memoryUsage();
  heap.push(heapUsed + external);
}
console.log(JSON.stringify(heap));
`;

/** Without the compilers whose code comes late, and the more so the busier the machine is. */
const flags = ['--expose-gc', '--no-opt', '--no-sparkplug'];

it('2,000 training steps leave the heap where it was after 200', () => {
  const folder = mkdtempSync(join(tmpdir(), 'tamegrad-heap-'));
  try {
    const { outputFiles } = buildSync({
      stdin: { contents: program, resolveDir: root, loader: 'ts' },
      bundle: true,
      write: true,
      outfile: join(folder, 'heap.mjs'),
      format: 'esm',
      platform: 'node',
      packages: 'external',
    });
    expect(outputFiles).toBeUndefined();
    symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
    const printed = execFileSync(process.execPath, [...flags, join(folder, 'heap.mjs')], {
      encoding: 'utf8',
    });
    const [early, middle, late] = JSON.parse(printed) as [number, number, number];
    expect(late - early).toBeLessThan(100_000);
    expect(late - middle).toBeLessThan(50_000);
  } finally {
    rmSync(folder, { recursive: true });
  }
});
