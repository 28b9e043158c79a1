import { mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeEach, describe, expect, it } from 'vitest';
import { decodeSafetensors, encodeCheckpoint, Linear, Random, tensor } from '../../src/index.js';
import { loadCheckpoint, readSafetensors, saveCheckpoint, writeSafetensors } from '../../src/node.js';
import { fullAfter, withDisk } from './files/faults.js';

const root = mkdtempSync(join(tmpdir(), 'tamegrad-checkpoint-'));
afterAll(() => rmSync(root, { recursive: true, force: true }));

let folder = '';
let path = '';
beforeEach(() => {
  folder = mkdtempSync(join(root, 'case-'));
  path = join(folder, 'run.safetensors');
});

const parts = (seed: number) => {
  const random = new Random(seed);
  return { model: new Linear(2, 3, { random }), others: { random } };
};

describe('saveCheckpoint and loadCheckpoint', () => {
  it('write and read a file, replace it, and leave nothing else behind', () => {
    const [first, second] = [parts(1), parts(2)];
    saveCheckpoint(path, { ...first, step: 1, data: 'one' });
    writeFileSync(join(folder, '.run.safetensors.tamegrad.tmp'), 'left by a process that was killed');
    first.others.random.uniform();
    saveCheckpoint(path, { ...first, step: 2, data: 'two' });
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
    expect(new Uint8Array(readFileSync(path))).toEqual(encodeCheckpoint(first, { step: 2, data: 'two' }));
    expect(loadCheckpoint(path, second)).toEqual({ step: 2, data: 'two' });
    expect(second.model.stateDict()).toEqual(first.model.stateDict());
    expect(second.others.random.uniform()).toBe(first.others.random.uniform());
  });

  it('keep the old file where the new one cannot be written', () => {
    saveCheckpoint(path, { ...parts(1), step: 1 });
    const before = readFileSync(path);
    expect(() => saveCheckpoint(path, { ...parts(1), step: 2, data: Number.NaN })).toThrow(
      /^encodeCheckpoint: .*NaN at data/,
    );
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
    const save = () => saveCheckpoint(path, { ...parts(1), step: 2 });
    expect(() => withDisk(fullAfter(300), save)).toThrow(
      `saveCheckpoint: '${path}' cannot be written (ENOSPC: no space left on the device); free some space, or name a file on another disk`,
    );
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
    expect(readFileSync(path)).toEqual(before);
  });

  it('say in one line what is wrong with a path', () => {
    for (const wrong of [folder, join(folder, 'no', 'such.safetensors'), '']) {
      expect(() => saveCheckpoint(wrong, { step: 0 })).toThrow(
        /^saveCheckpoint: '.*' cannot be written \(.*\); name a file in an existing folder$/,
      );
      expect(() => loadCheckpoint(wrong)).toThrow(/^loadCheckpoint: '.*' cannot be read \(.*\)$/);
    }
    expect(readdirSync(folder)).toEqual([]);
    expect(readdirSync(root).filter((name) => name.includes('tmp'))).toEqual([]);
  });

  it('name the file that is no checkpoint, is cut off, or does not fit', () => {
    writeFileSync(path, 'some text that is longer than eight bytes');
    expect(() => loadCheckpoint(path)).toThrow(
      `loadCheckpoint: '${path}' cannot be read (decodeSafetensors: the bytes must be a safetensors file; `,
    );
    saveCheckpoint(path, { ...parts(1), step: 1 });
    writeFileSync(path, readFileSync(path).subarray(0, -1));
    expect(() => loadCheckpoint(path, parts(1))).toThrow(
      /cannot be read \(decodeSafetensors: .* it is cut off: /,
    );
    saveCheckpoint(path, { ...parts(1), step: 1 });
    expect(() => loadCheckpoint(path, { model: new Linear(3, 3, { random: new Random(1) }) })).toThrow(
      /cannot be read \(loadStateDict: .*'weight' \[3, 2\] for \[3, 3\]/,
    );
  });
});

describe('writeSafetensors and readSafetensors', () => {
  it('are the bytes of encodeSafetensors in a file', () => {
    writeSafetensors(path, { w: tensor([1, 2]) }, { format: 'pt' });
    expect(readdirSync(folder)).toEqual(['run.safetensors']);
    const { tensors, metadata } = readSafetensors(path);
    expect([tensors.w.data(), metadata]).toEqual([Float32Array.of(1, 2), { format: 'pt' }]);
    expect(decodeSafetensors(readFileSync(path)).tensors.w.data()).toEqual(tensors.w.data());
    expect(() => readSafetensors(join(folder, 'none'))).toThrow(
      /^readSafetensors: '.*none' cannot be read \(ENOENT.*\)$/,
    );
  });
});
