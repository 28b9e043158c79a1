/**
 * `--import` of this puts a bad disk under a process: FAULT=short:SEED takes part of every write, FAULT=full:BYTES has room
 * for so many. Streams of the process itself are left alone.
 */

import fs from 'node:fs';
import { syncBuiltinESMExports } from 'node:module';

const [kind, text] = (process.env.FAULT ?? '').split(':');
let state = Number(text) >>> 0;
let left = Number(text);
const { writeSync } = fs;

function taken(wanted) {
  if (kind === 'short') {
    state = (Math.imul(state, 1103515245) + 12345) >>> 0;
    return 1 + ((state >>> 8) % wanted);
  }
  if (left === 0) throw Object.assign(new Error('ENOSPC: injected, write'), { code: 'ENOSPC' });
  const most = Math.min(left, wanted);
  left -= most;
  return most;
}

fs.writeSync = (file, bytes, from = 0, length = bytes.length - from, at = undefined) =>
  file > 2 && length > 0
    ? writeSync(file, bytes, from, taken(length), at)
    : writeSync(file, bytes, from, length, at);
syncBuiltinESMExports();
