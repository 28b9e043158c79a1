/** Writing to what is open: whole, however little the system takes at a time. */

import { closeSync, constants, openSync, writeSync } from 'node:fs';
import { codeOf } from './error.js';
import type { Stream } from './target.js';

/** How long a pipe without a reader is waited for, in ms. */
const PATIENCE = 3000;
/** How long a full pipe is left alone before the next try, in ms. */
const PAUSE = 5;

/** Writes all of it: a short write is gone on with, and a pipe that is full for now is waited for. */
export function writeFully(file: number, bytes: Uint8Array, position: number | null = null): void {
  let done = 0;
  let empty = 0;
  while (done < bytes.length) {
    const at = position === null ? null : position + done;
    const taken = tryWrite(file, bytes, done, at);
    empty = taken === 0 ? empty + 1 : 0;
    // A device that takes nothing, time after time, without a word why, is full.
    if (empty > 100) throw Object.assign(new Error('nothing was written'), { code: 'ENOSPC' });
    done += taken;
  }
}

function tryWrite(file: number, bytes: Uint8Array, from: number, at: number | null): number {
  for (;;) {
    try {
      return writeSync(file, bytes, from, bytes.length - from, at);
    } catch (error) {
      const code = codeOf(error);
      if (code !== 'EAGAIN' && code !== 'EINTR') throw error;
      sleep(PAUSE);
    }
  }
}

/**
 * Opens a device or a pipe for writing. A pipe that nobody reads within some seconds is an error, not a wait for ever. What
 * is open already is written to where it stands, and stays open.
 */
export function openStream({ path, isPipe, descriptor }: Stream): number {
  if (descriptor !== null) return descriptor;
  const { O_WRONLY, O_NONBLOCK } = constants;
  if (!isPipe) return openSync(path, O_WRONLY);
  const tried = retry(() => openSync(path, O_WRONLY | O_NONBLOCK), 'ENXIO');
  try {
    // Opened once more, now that there is a reader: what blocks is written to in order.
    return openSync(path, O_WRONLY);
  } finally {
    closeSync(tried);
  }
}

/** Closes what {@link openStream} has opened. */
export function closeStream(file: number, { descriptor }: Stream): void {
  if (descriptor === null) closeSync(file);
}

function retry(open: () => number, code: string): number {
  const deadline = performance.now() + PATIENCE;
  for (;;) {
    try {
      return open();
    } catch (error) {
      if (codeOf(error) !== code || performance.now() > deadline) throw error;
      sleep(PAUSE * 4);
    }
  }
}

/** Waits with this thread: writers of files are synchronous. */
export function sleep(ms: number): void {
  Atomics.wait(new Int32Array(new SharedArrayBuffer(4)), 0, 0, ms);
}
