/** What the tests of threads share: waiting until there are some, and programs run in processes of their own. */

import { execFile } from 'node:child_process';
import { mkdirSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { build } from 'esbuild';
import { expect, vi } from 'vitest';
import type { SimdBackend } from '../../../src/tensor/backends/simd.js';

/** Starts a backend's threads, which a large call does otherwise, and waits until all are there. */
export async function threadsUp(backend: SimdBackend): Promise<void> {
  backend.memory.mark();
  backend.pool!.start();
  await vi.waitFor(() => expect(backend.pool!.ready).toBe(backend.pool!.threads - 1), { timeout: 10_000 });
}

const root = fileURLToPath(new URL('../../..', import.meta.url));

/** Bundles test/tensor/backends/<name>.ts; what is returned runs it in a process of its own and parses what it prints. */
export async function programOf(name: string) {
  const folder = `${root}node_modules/.cache`;
  const outfile = `${folder}/tamegrad-test-${name}-${process.pid}.mjs`;
  mkdirSync(folder, { recursive: true });
  await build({
    entryPoints: [`${root}test/tensor/backends/${name}.ts`],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
  });
  return {
    outfile,
    async run(...args: readonly string[]): Promise<Readonly<Record<string, unknown>>> {
      const { stdout } = await promisify(execFile)(process.execPath, [outfile, ...args], { timeout: 20_000 });
      return JSON.parse(stdout) as Readonly<Record<string, unknown>>;
    },
  };
}
