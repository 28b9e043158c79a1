import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { openRunLog } from '../../../src/node.js';
import { LineFile } from '../../../src/persist/files/index.js';
import type { StepRecord } from '../../../src/train/record.js';
import { fullAfter, shortWrites, withDisk } from './faults.js';

const root = mkdtempSync(join(tmpdir(), 'tamegrad-lines-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let path = '';
beforeEach(() => {
  path = join(mkdtempSync(join(root, 'case-')), 'rows.jsonl');
});
const text = () => readFileSync(path, 'utf8');

describe('a file of lines', () => {
  it('has every line whole, however little the disk takes at a time', () => {
    const lines = Array.from({ length: 50 }, (_, i) => `line ${i} ä→`);
    for (let seed = 1; seed <= 20; seed++) {
      withDisk(shortWrites(seed), () => {
        const file = new LineFile('test', path);
        for (const line of lines) file.write(line);
        file.close();
      });
      expect(text()).toBe(`${lines.join('\n')}\n`);
    }
  });

  it('has whole lines where the disk is full, and says so', () => {
    for (let room = 300; room < 320; room++) {
      const written = () =>
        withDisk(fullAfter(room), () => {
          const file = new LineFile('test', path);
          try {
            for (;;) file.write('ten bytes');
          } finally {
            file.close();
          }
        });
      expect(written).toThrow(`test: '${path}' cannot be written (ENOSPC`);
      expect(text()).toMatch(/^(ten bytes\n)+$/);
      expect(readdirSync(join(path, '..'))).toEqual(['rows.jsonl']);
    }
  });

  it('stays as it was where whoever goes on with it finds it foreign', () => {
    writeFileSync(path, 'notes\n');
    const open = () =>
      new LineFile('test', path, () => {
        throw new Error('not mine');
      });
    expect(open).toThrow('not mine');
    expect([text(), readdirSync(join(path, '..'))]).toEqual(['notes\n', ['rows.jsonl']]);
  });
});

describe('a run log that is gone on with', () => {
  const record = (step: number): StepRecord => ({
    step,
    loss: step / 3,
    normBefore: step === 4 ? Number.NaN : 2,
    normAfter: 1,
    scale: 0.5,
    clipped: true,
    norms: { w: 2 },
    lr: 0.1,
    skipped: null,
  });
  const logFrom = (startStep: number, end: number) => {
    const log = openRunLog(path, { startStep });
    for (let step = startStep; step < end; step++) log.write(record(step), { run: 'a' });
    log.close();
  };
  const whole = () => {
    logFrom(0, 10);
    return text();
  };

  it('ends with the bits of one that never stopped, wherever it was cut off', () => {
    const all = whole();
    const start = all.split('\n').slice(0, 6).join('\n').length + 1;
    for (const cut of [start, start + 1, start + 40, all.length - 1, all.length]) {
      for (const tail of ['', '\0'.repeat(100), `\0\0{"step":3}\n`, 'rubbish\n']) {
        writeFileSync(path, all.slice(0, cut) + tail);
        logFrom(6, 10);
        expect(text()).toBe(all);
      }
    }
  });

  it('starts empty without a step to go on from', () => {
    const all = whole();
    logFrom(0, 10);
    expect(text()).toBe(all);
    expect(() => openRunLog(path, { startStep: -1 })).toThrow(
      'openRunLog: startStep must be an integer ≥ 0, got -1',
    );
    expect(text()).toBe(all);
  });
});
