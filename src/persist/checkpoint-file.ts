/** Checkpoints and safetensors as files: read and written whole. Separate because a browser has no file system. */

import { closeSync, fsyncSync, openSync, readFileSync, renameSync, unlinkSync, writeFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Tensor } from '../tensor/index.js';
import {
  type CheckpointNotes,
  type CheckpointParts,
  encodeCheckpoint,
  restoreCheckpoint,
} from './checkpoint.js';
import { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js';

/**
 * Writes a checkpoint, replacing what was there: whole or not at all, even where the process is killed or the power
 * fails meanwhile. It passes through `<path>.tmp`; one process at a time may write a path.
 */
export function saveCheckpoint(
  path: string,
  { step, data, ...parts }: CheckpointParts & CheckpointNotes,
): void {
  writeWhole('saveCheckpoint', path, encodeCheckpoint(parts, { step, data }));
}

/** Puts back what a checkpoint file holds and gives its notes, as `restoreCheckpoint` does. Errors name the file. */
export function loadCheckpoint(path: string, parts: CheckpointParts = {}): Required<CheckpointNotes> {
  return read('loadCheckpoint', path, (bytes) => restoreCheckpoint(bytes, parts));
}

/** Writes a safetensors file, whole or not at all: `writeSafetensors(path, model.stateDict())`. */
export function writeSafetensors(
  path: string,
  tensors: Readonly<Record<string, Tensor>>,
  metadata?: Readonly<Record<string, string>>,
): void {
  writeWhole('writeSafetensors', path, encodeSafetensors(tensors, metadata));
}

/** Reads a safetensors file, as `decodeSafetensors` does. Errors name the file. */
export function readSafetensors(path: string): Safetensors {
  return read('readSafetensors', path, decodeSafetensors);
}

function read<T>(caller: string, path: string, decode: (bytes: Uint8Array) => T): T {
  try {
    return decode(readFileSync(path));
  } catch (cause) {
    throw new Error(`${caller}: '${path}' cannot be read (${reasonOf(cause)})`, { cause });
  }
}

/** The new bytes are on the disk under another name before they take the old ones' place, and so is that. */
function writeWhole(caller: string, path: string, bytes: Uint8Array): void {
  const temporary = `${path}.tmp`;
  try {
    synced(temporary, 'w', (file) => writeFileSync(file, bytes));
    renameSync(temporary, path);
    // Windows opens no folders, and needs no such thing.
    if (process.platform !== 'win32') synced(dirname(path), 'r');
  } catch (cause) {
    removeIfThere(temporary);
    throw new Error(
      `${caller}: '${path}' cannot be written (${reasonOf(cause)}); name a file in an existing folder`,
      { cause },
    );
  }
}

function removeIfThere(path: string): void {
  try {
    unlinkSync(path);
  } catch {
    // What went wrong is told already.
  }
}

/** Opens a file or folder, and closes it when all that was written is on the disk. */
function synced(path: string, flags: string, write?: (file: number) => void): void {
  const file = openSync(path, flags);
  try {
    write?.(file);
    fsyncSync(file);
  } finally {
    closeSync(file);
  }
}

function reasonOf(cause: unknown): string {
  return cause instanceof Error ? cause.message : String(cause);
}
