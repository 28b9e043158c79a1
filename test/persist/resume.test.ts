/** A training in a process of its own that is killed again and again, and ends as one that never was. */

import { type ChildProcess, spawn } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, watch } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { build } from 'esbuild';
import { afterAll, beforeAll, expect, it } from 'vitest';
import { Random } from '../../src/index.js';

const STEPS = 180;
const KILLS = Number(process.env.KILLS ?? 8);

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(root, 'node_modules/.resume-'));
const program = join(folder, 'training.mjs');
afterAll(() => rmSync(folder, { recursive: true, force: true }));

beforeAll(async () => {
  await build({
    entryPoints: [join(root, 'test/persist/resume/training.ts')],
    outfile: program,
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    logLevel: 'silent',
  });
});

interface Life {
  /** What it printed: a number for each step, at the end all that it knows. */
  readonly lines: readonly string[];
  readonly errors: string;
  readonly killed: boolean;
}

/** Runs the training until it ends or `watchOver` kills it. */
async function live(
  path: string,
  watchOver: (child: ChildProcess, seen: number) => void = () => undefined,
): Promise<Life> {
  const child = spawn(process.execPath, [program, path, String(STEPS)], {
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const lines: string[] = [];
  let errors = '';
  child.stderr.on('data', (text) => {
    errors += text;
  });
  createInterface({ input: child.stdout }).on('line', (line) => {
    lines.push(line);
    watchOver(child, lines.length);
  });
  const signal = await new Promise((resolve) => child.on('close', (_, signal) => resolve(signal)));
  return { lines, errors, killed: signal === 'SIGKILL' };
}

/** Kills a life after some of its steps: some milliseconds later, or at the moment it is seen to be writing. */
function killer(path: string, random: Random): (child: ChildProcess, seen: number) => void {
  const [after, delay, whileWriting] = [1 + random.integer(10), random.uniform(0, 8), random.uniform() < 0.5];
  const kill = (child: ChildProcess) => child.kill('SIGKILL');
  return (child, seen) => {
    if (seen !== after) return;
    if (!whileWriting) {
      setTimeout(kill, delay, child);
      return;
    }
    const watcher = watch(join(path, '..'), (_, name) => {
      if (name?.endsWith('.tmp')) kill(child);
    });
    child.on('close', () => watcher.close());
  };
}

it(`a training killed ${KILLS} times, also while it writes, ends with the bits of one that was not`, async () => {
  const [wholePath, path] = ['whole', 'killed'].map((name) =>
    join(mkdtempSync(join(folder, name)), 'run.safetensors'),
  );
  const whole = live(wholePath);
  const random = new Random(1);
  let resumed = 0;
  for (let kills = 0; kills < KILLS; ) {
    const { lines, errors, killed } = await live(path, killer(path, random));
    expect(errors).toBe('');
    if (lines.length > 0 && lines[0] !== '0') resumed++;
    if (killed) kills++;
    else rmSync(path); // it was done before its time had come: once more from the start
  }
  const [last, { lines, errors }] = [await live(path), await whole];
  expect([last.errors, errors]).toEqual(['', '']);
  expect(last.lines.at(-1)).toBe(lines.at(-1));
  expect(JSON.parse(lines.at(-1)!).losses).toHaveLength(STEPS);
  expect(readFileSync(path).equals(readFileSync(wholePath))).toBe(true);
  // Otherwise the kills tested nothing.
  expect(resumed).toBeGreaterThan(KILLS / 2);
});
