/**
 * Files written whole or not at all: beside the old one, synced, renamed into its place, and the folder synced. A reader
 * finds the old bytes or the new, never half, even where the process is killed or the power fails.
 */

import { createHash } from 'node:crypto';
import {
  accessSync,
  closeSync,
  constants,
  fchmodSync,
  fchownSync,
  fsyncSync,
  openSync,
  renameSync,
  rmSync,
  type Stats,
} from 'node:fs';
import { basename, dirname, join } from 'node:path';
import { codeOf, writeError } from './error.js';
import { takeLock } from './lock.js';
import { closeStream, openStream, writeFully } from './stream.js';
import { type Stream, type Target, targetOf } from './target.js';

/** How long one writer of a whole file waits for another, in ms: one that is at work is done by then. */
const WAIT = 1000;
/** Longest name that has room for our endings; most file systems take 255 bytes. */
const LONGEST_NAME = 220;

/**
 * Writes a file, replacing what was there: whole or not at all. Links are followed and stay, permissions are kept; a device
 * or a pipe is written to as it is. Another process that writes the same path at this moment is waited for, a second at
 * most. Throws an Error that names file, cause and remedy.
 */
export function writeWhole(caller: string, path: string, content: string | Uint8Array): void {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  try {
    const target = targetOf(path);
    if (target.kind === 'stream') writeStream(target, bytes);
    else replace(caller, path, target, bytes);
  } catch (cause) {
    throw writeError(caller, path, cause);
  }
}

/** Throws, before any work, what writing a path would throw after it, as far as that can be known. Leaves nothing behind. */
export function checkWritable(caller: string, path: string): void {
  try {
    const target = targetOf(path);
    if (target.kind === 'stream' || target.stats) accessSync(target.path, constants.W_OK);
    if (target.kind === 'stream') return;
    // Tried, because permissions do not tell all.
    const trial = nameBeside(target.path, `${process.pid}.trial`);
    try {
      closeSync(openSync(trial, 'wx'));
    } finally {
      rmSync(trial, { force: true });
    }
  } catch (cause) {
    throw writeError(caller, path, cause);
  }
}

/** A name beside a file that is ours: hidden, and never that of a file of somebody's own. */
export function nameBeside(path: string, end: string): string {
  const name = basename(path);
  const kept =
    Buffer.byteLength(name) <= LONGEST_NAME
      ? name
      : createHash('sha256').update(name).digest('hex').slice(0, 32);
  return join(dirname(path), `.${kept}.tamegrad.${end}`);
}

function writeStream(stream: Stream, bytes: Uint8Array): void {
  const file = openStream(stream);
  try {
    writeFully(file, bytes);
  } finally {
    closeStream(file, stream);
  }
}

function replace(
  caller: string,
  given: string,
  { path, stats }: Target & { kind: 'file' },
  bytes: Uint8Array,
): void {
  // Renaming would replace a file that its owner has protected.
  if (stats) accessSync(path, constants.W_OK);
  const lock = takeLock(caller, given, nameBeside(path, 'lock'), WAIT);
  const temporary = nameBeside(path, 'tmp');
  try {
    // One that is there was left by a writer that was killed: the lock is ours.
    rmSync(temporary, { force: true });
    writeNew(temporary, bytes, stats);
    renameSync(temporary, path);
    syncFolder(dirname(path));
  } catch (cause) {
    rmSync(temporary, { force: true });
    throw cause;
  } finally {
    lock.release();
  }
}

/** Writes and syncs a file that is not there, with the owner and the permissions of the one it will replace. */
function writeNew(path: string, bytes: Uint8Array, old: Stats | null): void {
  const { O_WRONLY, O_CREAT, O_EXCL } = constants;
  const file = openSync(path, O_WRONLY | O_CREAT | O_EXCL, old ? 0o600 : 0o666);
  try {
    writeFully(file, bytes);
    if (old) keepOwner(file, old);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function keepOwner(file: number, { mode, uid, gid }: Stats): void {
  try {
    fchownSync(file, uid, gid);
  } catch (error) {
    // Only root gives files away; the new file is then the writer's own.
    if (codeOf(error) !== 'EPERM') throw error;
  }
  fchmodSync(file, mode & 0o7777);
}

/** Puts a folder's entries on the disk. Windows opens no folders, some file systems sync none; both need no such thing. */
export function syncFolder(path: string): void {
  if (process.platform === 'win32') return;
  const folder = openSync(path, 'r');
  try {
    fsyncSync(folder);
  } catch (error) {
    if (!['EINVAL', 'ENOTSUP'].includes(codeOf(error))) throw error;
  } finally {
    closeSync(folder);
  }
}
