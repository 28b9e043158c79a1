import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import fc from 'fast-check';
import { afterAll, describe, expect, it } from 'vitest';
import { median, type StepRecord, summarize, type TrainResult } from '../../src/index.js';
import { openRunLog } from '../../src/node.js';
import { toJson } from '../../src/persist/index.js';

const folder = mkdtempSync(join(tmpdir(), 'tamegrad-log-'));
afterAll(() => rmSync(folder, { recursive: true }));

function record(step: number, loss: number, norm = loss, clipped = false): StepRecord {
  return {
    step,
    loss,
    normBefore: norm,
    normAfter: norm,
    scale: 1,
    clipped,
    norms: { w: norm },
    lr: 0.1,
    skipped: null,
  };
}

function resultOf(records: readonly StepRecord[], divergence: TrainResult['divergence'] = null): TrainResult {
  return {
    records,
    divergence,
    interrupted: false,
    backend: 'reference',
    normDevice: 'webasm',
    wallMs: 12.3456,
  };
}

describe('summarize', () => {
  it('tells a run in numbers; the final loss is the mean of the last 20', () => {
    const records = Array.from({ length: 50 }, (_, step) => record(step, 100 - step, step, step % 5 === 0));
    expect(summarize('norm:1', resultOf(records))).toEqual({
      clip: 'norm:1',
      diverged: false,
      divergedAtStep: null,
      steps: 50,
      firstLoss: 100,
      finalLoss: 60.5,
      maxGradNorm: 49,
      medianGradNorm: 24.5,
      clippedFraction: 0.2,
      backend: 'reference',
      normDevice: 'webasm',
      wallMs: 12.3,
    });
  });

  it('does not hide what is not finite', () => {
    const records = [
      record(0, 1, 2),
      record(1, 5, Number.POSITIVE_INFINITY),
      record(2, Number.NaN, Number.NaN),
    ];
    const divergence = { step: 2, what: 'loss', names: [], largest: 'w' } as const;
    const summary = summarize('none', resultOf(records, divergence));
    expect(summary).toMatchObject({
      diverged: true,
      divergedAtStep: 2,
      finalLoss: Number.NaN,
      maxGradNorm: Number.NaN,
    });
    expect(summary.medianGradNorm).toBe(Number.POSITIVE_INFINITY);
    expect(summarize('none', resultOf(records.slice(0, 2))).maxGradNorm).toBe(Number.POSITIVE_INFINITY);
  });

  it('of no steps at all has no losses', () => {
    const summary = summarize('none', resultOf([]));
    expect([summary.steps, summary.maxGradNorm, summary.firstLoss, summary.finalLoss]).toEqual([
      0,
      0,
      Number.NaN,
      Number.NaN,
    ]);
  });
});

describe('median', () => {
  it('has as many below as above, wherever NaN stands', () => {
    expect([median([3]), median([1, 3]), median([3, 1, 2]), median([])]).toEqual([3, 2, 2, Number.NaN]);
    expect(median([Number.NaN, 1, Number.NaN, 2, 3], 'largest')).toBe(3);
    expect(median([Number.NaN, 1, Number.NaN, 2, 3])).toBe(2);
    expect(median([1, Number.NaN], 'largest')).toBeNaN();
    expect(median([1, Number.NaN])).toBe(1);
    fc.assert(
      fc.property(fc.array(fc.double({ noNaN: true, min: -1e9, max: 1e9 }), { minLength: 1 }), (values) => {
        const middle = median(values, 'largest');
        expect(values.filter((x) => x < middle).length).toBeLessThanOrEqual(values.length / 2);
        expect(values.filter((x) => x > middle).length).toBeLessThanOrEqual(values.length / 2);
      }),
      { seed: 3 },
    );
  });
});

describe('toJson', () => {
  it('writes non-finite numbers as strings, at any depth', () => {
    const text = toJson({
      a: Number.NaN,
      b: [Number.POSITIVE_INFINITY, { c: Number.NEGATIVE_INFINITY }],
      d: 1,
      e: null,
    });
    expect(JSON.parse(text)).toEqual({ a: 'NaN', b: ['Infinity', { c: '-Infinity' }], d: 1, e: null });
  });
});

describe('the run log', () => {
  it('is one JSON object a line, readable while it is written, labels first', () => {
    const path = join(folder, 'run.jsonl');
    const log = openRunLog(path);
    log.write(record(0, 1.5), { demo: 'latch', clip: 'none' });
    log.write({ ...record(1, Number.NaN, Number.NEGATIVE_INFINITY), skipped: 'the loss is "not" finite\n' });
    const lines = readFileSync(path, 'utf8').split('\n');
    log.close();
    expect(lines.length).toBe(3);
    expect(JSON.parse(lines[0])).toEqual({ demo: 'latch', clip: 'none', ...record(0, 1.5) });
    expect(Object.keys(JSON.parse(lines[0])).slice(0, 3)).toEqual(['demo', 'clip', 'step']);
    expect(JSON.parse(lines[1])).toMatchObject({
      loss: 'NaN',
      normBefore: '-Infinity',
      norms: { w: '-Infinity' },
      lr: 0.1,
    });
    openRunLog(path).close();
    expect(readFileSync(path, 'utf8')).toBe('');
  });

  it('says in one line why it cannot be written', () => {
    for (const path of [folder, join(folder, 'no', 'such', 'folder.jsonl'), '']) {
      expect(() => openRunLog(path)).toThrow(
        /^run log: '.*' cannot be written \(.*\); name a file in an existing folder$/,
      );
    }
  });
});
