/** Reading a file whole: what has no end is told before it fills the memory. */

import { readFileSync, statSync } from 'node:fs';
import { readError } from './error.js';

/** The bytes of a file, or of a pipe until its end. Throws an Error that names file and cause. */
export function readWhole(caller: string, path: string): Buffer {
  try {
    const stats = statSync(path);
    if (stats.isCharacterDevice() || stats.isBlockDevice()) throw new Error('it is a device, not a file');
    return readFileSync(path);
  } catch (cause) {
    throw readError(caller, path, cause);
  }
}
