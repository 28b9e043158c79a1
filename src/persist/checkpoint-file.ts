/** Checkpoints and safetensors as files: read and written whole. Separate because a browser has no file system. */

import { checkObject, checkText } from '../tensor/arguments.js';
import type { Tensor } from '../tensor/index.js';
import {
  type CheckpointNotes,
  type CheckpointParts,
  encodeCheckpoint,
  restoreCheckpoint,
} from './checkpoint.js';
import { readError, readWhole, writeWhole } from './files/index.js';
import { decodeSafetensors, encodeSafetensors, type Safetensors } from './safetensors.js';

/**
 * Writes a checkpoint, replacing what was there: whole or not at all, even where the process is killed or the power
 * fails meanwhile. Links are followed and permissions kept; a process that writes the same path at that moment is waited
 * for, a second at most. Throws an Error that names file, cause and remedy.
 */
export function saveCheckpoint(path: string, training: CheckpointParts & CheckpointNotes): void {
  checkText('saveCheckpoint', 'path', path);
  checkObject(
    'saveCheckpoint',
    'the second argument',
    training,
    'an object { model, optimizer, others, step, data }',
  );
  const { step, data, ...parts } = training;
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
  checkText('writeSafetensors', 'path', path);
  writeWhole('writeSafetensors', path, encodeSafetensors(tensors, metadata));
}

/** Reads a safetensors file, as `decodeSafetensors` does. Errors name the file. */
export function readSafetensors(path: string): Safetensors {
  return read('readSafetensors', path, decodeSafetensors);
}

function read<T>(caller: string, path: string, decode: (bytes: Uint8Array) => T): T {
  checkText(caller, 'path', path);
  const bytes = readWhole(caller, path);
  try {
    return decode(bytes);
  } catch (cause) {
    throw readError(caller, path, cause);
  }
}
