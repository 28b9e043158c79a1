import { mkdtempSync, rmSync, symlinkSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath, pathToFileURL } from 'node:url';
import { buildSync } from 'esbuild';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { joinReplicas, trainReplicas } from '../../src/node.js';
import { worstError } from '../golden/load.js';
import type { Job } from './replica-worker.js';

const root = fileURLToPath(new URL('../..', import.meta.url));
const folder = mkdtempSync(join(tmpdir(), 'tamegrad-replicas-'));
const worker = pathToFileURL(join(folder, 'worker.mjs'));

beforeAll(() => {
  buildSync({
    entryPoints: [join(root, 'test/train/replica-worker.ts')],
    outfile: fileURLToPath(worker),
    bundle: true,
    format: 'esm',
    platform: 'node',
    packages: 'external',
    target: 'es2023',
  });
  symlinkSync(join(root, 'node_modules'), join(folder, 'node_modules'));
});

afterAll(() => rmSync(folder, { recursive: true }));

function run<Result>(replicas: number, data: Job): Promise<readonly Result[]> {
  return trainReplicas<Result>(worker, { replicas, data });
}

interface Trained {
  readonly values: readonly number[];
  readonly seen: readonly number[];
}

describe('replicas', () => {
  it('end with the same bits, those of every run, and train as one on the whole batch does', async () => {
    const [[whole], two, again] = await Promise.all(
      [1, 2, 2].map((replicas) => run<Trained>(replicas, { kind: 'network' })),
    );
    expect(two[1]).toEqual(two[0]);
    expect(again).toEqual(two);
    expect(worstError(two[0].values, whole.values)).toBeLessThan(1e-5);
    // Hooks see the loss and the gradient of all.
    expect(worstError(two[0].seen, whole.seen)).toBeLessThan(1e-5);
  });

  it('clip what was averaged, where averaging what was clipped would turn the update', async () => {
    const results = await run<{ values: number[]; normBefore: number }>(2, {
      kind: 'vector',
      grads: [
        [10, 0],
        [0, 0.1],
      ],
    });
    // (5, 0.05) brought to length 1; of the clipped gradients the mean is (0.5, 0.05), of a tenth of that slope.
    const length = Math.hypot(5, 0.05);
    for (const { values, normBefore } of results) {
      expect(worstError(values, [-5 / length, -0.05 / length])).toBeLessThan(1e-6);
      expect(normBefore).toBeCloseTo(length, 5);
    }
    expect(results[1]).toEqual(results[0]);
  });

  it('share a gradient that only one of them has', async () => {
    const results = await run<object>(2, { kind: 'vector', grads: [[0, 1], null] });
    expect(results).toEqual(
      Array.from({ length: 2 }, () => ({ values: [0, -0.5], other: 5, normBefore: 0.5 })),
    );
  });

  it('all skip where one overflows under its loss scale, or skips', async () => {
    const expected = {
      skipped: ['gradient of w is not finite under a loss scale of 16', 'replica 1: no data', null],
      value: -1.5,
      scale: 8,
      steps: 1,
    };
    expect(await run<object>(2, { kind: 'skips' })).toEqual([expected, expected]);
  });
});

describe('a replica that is out of step is an error for all, and no hang', () => {
  const wrong: [string, Job, string | RegExp][] = [
    ['throws', { kind: 'throws', steps: [2, 2, 2] }, 'trainReplicas: replica 1 failed: disk full'],
    ['exits', { kind: 'exits', steps: [2, 2, 2] }, 'trainReplicas: replica 1 ended with exit code 3'],
    [
      'takes fewer steps',
      { kind: 'steps', steps: [3, 3, 1] },
      /^trainReplicas: replica 2 ended while replica [01] waits for it; all must take the same number of steps$/,
    ],
    [
      'starts from other parameters',
      { kind: 'network', seeds: [1, 1, 2] },
      'replica 2 has different parameters from replica 0; build all with one seed, or load one state into each',
    ],
  ];
  it.each(wrong)('%s', async (_, job, message) => {
    await expect(run(3, job)).rejects.toThrow(message);
  });

  it('hangs', async () => {
    const job: Job = { kind: 'hangs', steps: [3, 3, 2] };
    const ending = trainReplicas(worker, { replicas: 3, data: job, timeLimit: 5000 });
    await expect(ending).rejects.toThrow(
      /^trainReplicas: replica 2 gave no sign for 5000 ms while replica [01] waits for it; /,
    );
  });

  it.each([
    ['function', 'finish: result, a function, cannot be sent to another thread; hand over plain data'],
    ['nested', 'finish: result.list[1].apply, a function, cannot be sent'],
    ['tensor', /finish: .* cannot be sent/],
  ])('hands over what cannot be cloned: %s', async (result, said) => {
    await expect(run(1, { kind: 'uncloneable', result })).rejects.toThrow(said);
  });

  it('throws what is not an Error', async () => {
    await expect(run(1, { kind: 'throwsData' })).rejects.toThrow(
      'trainReplicas: replica 0 failed: {"code":7}',
    );
  });

  it.each([0, -1, Number.NaN])('a time limit of %d', async (timeLimit) => {
    await expect(trainReplicas(worker, { replicas: 1, timeLimit })).rejects.toThrow(
      `trainReplicas: timeLimit must be a number of ms > 0, got ${timeLimit}`,
    );
  });

  it('has no file', async () => {
    const missing = pathToFileURL(join(folder, 'missing.mjs'));
    await expect(trainReplicas(missing, { replicas: 2 })).rejects.toThrow(
      /replica \d failed: Cannot find module/,
    );
  });

  it.each([0, 1.5, Number.NaN])('%d replicas', async (replicas) => {
    await expect(trainReplicas(worker, { replicas })).rejects.toThrow(
      `trainReplicas: replicas must be an integer ≥ 1, got ${replicas}`,
    );
  });

  it('joined where nobody started one', () => {
    expect(() => joinReplicas()).toThrow(
      'joinReplicas: this is no replica; start the file with trainReplicas',
    );
  });
});
