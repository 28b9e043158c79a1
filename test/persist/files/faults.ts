/** Faults of a disk, put under everything that writes: a disk that takes little at a time, and one that is full. */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const { writeSync, fsyncSync, renameSync } = fs;

/** What a disk does to a write of so many bytes: how many it takes, or the error it answers with. */
export type Disk = (wanted: number) => number | Error;

/** An error as the system makes it. */
export function systemError(code: string): Error {
  return Object.assign(new Error(`${code}: injected, write`), { code });
}

/** Runs with every write going through `disk`. */
export function withDisk<T>(disk: Disk, act: () => T): T {
  const faulty = (file: number, bytes: Uint8Array, from = 0, length = bytes.length - from, at?: number) => {
    const taken = disk(length);
    if (taken instanceof Error) throw taken;
    return writeSync(file, bytes, from, Math.min(taken, length), at);
  };
  return patched({ writeSync: faulty as typeof writeSync }, act);
}

/** Runs with some functions of `node:fs` replaced, for whoever imported them by name too. */
export function patched<T>(functions: Partial<typeof fs>, act: () => T): T {
  Object.assign(fs, functions);
  syncBuiltinESMExports();
  try {
    return act();
  } finally {
    Object.assign(fs, { writeSync, fsyncSync, renameSync });
    syncBuiltinESMExports();
  }
}

/** A disk that takes between one byte and all, by turns of a seed. */
export function shortWrites(seed: number): Disk {
  let state = seed;
  return (wanted) => {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return 1 + (state % wanted);
  };
}

/** A disk with room for so many bytes. */
export function fullAfter(room: number): Disk {
  let left = room;
  return (wanted) => {
    if (left === 0) return systemError('ENOSPC');
    const taken = Math.min(left, wanted);
    left -= taken;
    return taken;
  };
}
