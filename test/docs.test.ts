/** Runs the TypeScript examples of README and docs, and compares what they print with the text block below each. */

import { execFileSync } from 'node:child_process';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, describe, expect, it } from 'vitest';

const root = fileURLToPath(new URL('..', import.meta.url));
const folder = mkdtempSync(join(root, 'node_modules/.examples-'));
afterAll(() => rmSync(folder, { recursive: true, force: true }));

interface Example {
  readonly name: string;
  readonly code: string;
  readonly output: string;
}

/** Every ```ts block, with the ```text block that follows it. */
function examplesOf(path: string): Example[] {
  const blocks = readFileSync(join(root, path), 'utf8').matchAll(/```ts\n(.*?)```\s+```text\n(.*?)```/gs);
  return [...blocks].map(([, code, output], i) => ({ name: `${path} example ${i + 1}`, code, output }));
}

function pages(): string[] {
  const docs = existsSync(join(root, 'docs')) ? readdirSync(join(root, 'docs')) : [];
  return ['README.md', ...docs.filter((name) => name.endsWith('.md')).map((name) => `docs/${name}`)];
}

async function print({ name, code }: Example): Promise<string> {
  const source = join(folder, `${name.replace(/\W+/g, '-')}.ts`);
  writeFileSync(source, code);
  const outfile = source.replace(/ts$/, 'mjs');
  await build({
    entryPoints: [source],
    outfile,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    alias: {
      'tamegrad/report': join(root, 'src/report/index.ts'),
      'tamegrad/node': join(root, 'src/node.ts'),
      'tamegrad/extend': join(root, 'src/extend.ts'),
      'tamegrad/diagnose': join(root, 'src/diagnose/index.ts'),
      tamegrad: join(root, 'src/index.ts'),
    },
    logLevel: 'silent',
  });
  return execFileSync(process.execPath, [outfile], { cwd: tmpdir(), encoding: 'utf8' });
}

describe('examples print what the page says', () => {
  const examples = pages().flatMap(examplesOf);

  it('has every example of the README paired with its output', () => {
    const count = readFileSync(join(root, 'README.md'), 'utf8').match(/```ts\n/g)?.length;
    expect(examples.filter(({ name }) => name.startsWith('README')).length).toBe(count);
  });

  it.each(examples.map((example) => [example.name, example] as const))('%s', async (_, example) => {
    expect((await print(example)).trim()).toBe(example.output.trim());
  });
});
