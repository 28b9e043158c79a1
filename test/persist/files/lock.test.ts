/** Two writers of one path. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readdirSync, readFileSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { LineFile, writeWhole } from '../../../src/persist/files/index.js';

const source = fileURLToPath(new URL('../../../src/persist/files/index.ts', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tamegrad-lock-'));
const at = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true, force: true }));
beforeAll(() => {
  buildSync({
    entryPoints: [source],
    outfile: at('files.mjs'),
    bundle: true,
    format: 'esm',
    platform: 'node',
  });
});

/** A process that runs a program with the module at hand; resolves with it once it prints something. */
function other(program: string, first = ''): Promise<ChildProcess> {
  const child = spawn(
    process.execPath,
    [
      '--input-type=module',
      '-e',
      `import * as files from ${JSON.stringify(at('files.mjs'))};${first}${program}`,
    ],
    { stdio: ['pipe', 'pipe', 'inherit'] },
  );
  return new Promise((resolve) => child.stdout!.once('data', () => resolve(child)));
}

const ended = (child: ChildProcess) => new Promise((resolve) => child.once('close', resolve));

it('of a growing file the second is told who writes it; one that was killed is followed at once', async () => {
  const path = at('log.jsonl');
  const child = await other(
    `const log = new files.LineFile('other', ${JSON.stringify(path)}); log.write('1'); console.log('open'); setInterval(() => {}, 1000);`,
  );
  expect(() => new LineFile('test', path)).toThrow(
    `test: '${path}' is being written by process ${child.pid}; wait until it is done, or name another file`,
  );
  expect(readFileSync(path, 'utf8')).toBe('1\n');
  child.kill('SIGKILL');
  await ended(child);
  const log = new LineFile('test', path, (text) => text.length);
  log.write('2');
  log.close();
  expect(readFileSync(path, 'utf8')).toBe('1\n2\n');
  expect(readdirSync(folder).filter((name) => name.includes('.lock'))).toEqual([]);
});

it('in one process, the second is told too, and the first goes on', () => {
  const [first, second] = [at('one'), at('other-name-of-one')];
  const log = new LineFile('test', first);
  symlinkSync(first, second);
  expect(() => new LineFile('test', second)).toThrow('is being written by process');
  log.write('a');
  log.close();
  const next = new LineFile('test', second);
  next.close();
});

it('of a file that is written whole each waits for the other: a reader never sees half, and none fails', async () => {
  const path = at('whole');
  const size = 100_000;
  const program = (letter: string) =>
    `for (let i = 0; i < 25; i++) { files.writeWhole('other', ${JSON.stringify(path)}, '${letter}'.repeat(${size})); Atomics.wait(idle, 0, 0, 5); }`;
  writeWhole('test', path, 'a'.repeat(size));
  const codes = Promise.all(
    ['b', 'c'].map(async (letter) => {
      const child = await other(
        program(letter),
        "console.log('begins'); const idle = new Int32Array(new SharedArrayBuffer(4));",
      );
      return ended(child);
    }),
  );
  let isDone = false;
  void codes.then(() => {
    isDone = true;
  });
  let looks = 0;
  while (!isDone) {
    const text = readFileSync(path, 'utf8');
    expect([text.length, new Set(text).size]).toEqual([size, 1]);
    looks++;
    await new Promise((resolve) => setTimeout(resolve));
  }
  expect(looks).toBeGreaterThan(0);
  expect(await codes).toEqual([0, 0]);
});

it('of a file that is written whole one that another process keeps is refused soon', async () => {
  const path = at('kept');
  writeWhole('test', path, 'old');
  const child = await other(
    `const log = new files.LineFile('other', ${JSON.stringify(path)}, (text) => text.length); console.log('open'); setInterval(() => {}, 1000);`,
  );
  const started = performance.now();
  expect(() => writeWhole('saveCheckpoint', path, 'new')).toThrow(
    `saveCheckpoint: '${path}' is being written by process ${child.pid}; wait until it is done, or name another file`,
  );
  // Ten times what it waits for.
  expect(performance.now() - started).toBeLessThan(10_000);
  expect(readFileSync(path, 'utf8')).toBe('old');
  child.kill('SIGKILL');
  await ended(child);
  writeWhole('saveCheckpoint', path, 'new');
  expect(readFileSync(path, 'utf8')).toBe('new');
});

it('what stands in the place of a lock and is something else is left alone', () => {
  const name = at('.mine.tamegrad.lock');
  writeFileSync(name, 'a note');
  expect(() => writeWhole('test', at('mine'), 'x')).toThrow(
    `test: '${at('mine')}' cannot be locked, because '${name}' is something else; move that away, or name another file`,
  );
  expect(readFileSync(name, 'utf8')).toBe('a note');
});

it('a lock of another machine is respected while it shows that it lives, and taken over when it does not', async () => {
  const lock = at('.far.tamegrad.lock');
  const holder = { tamegrad: 'lock', pid: 1, started: '1', machine: 'elsewhere', thread: 0 };
  writeFileSync(lock, JSON.stringify(holder));
  const beat = await other(
    `import { utimesSync } from 'node:fs'; setInterval(() => utimesSync(${JSON.stringify(lock)}, new Date(), new Date()), 100); console.log('beats');`,
  );
  expect(() => new LineFile('test', at('far'))).toThrow('is being written by process 1');
  beat.kill('SIGKILL');
  await ended(beat);
  const file = new LineFile('test', at('far'));
  file.close();
});
