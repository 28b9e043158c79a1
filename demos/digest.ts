/** The digest of a training: two trainings with the same digest end in the same parameters, bit for bit. */

import { sha256 } from '@noble/hashes/sha2.js';
import { bytesToHex } from '@noble/hashes/utils.js';
import type { Module } from '../src/index.js';

/** How many hexadecimal digits people see. */
export const SHORT_DIGEST = 8;

/** SHA-256 over the bytes of all parameters, in the model's order, as hexadecimal digits. */
export function digestOf(model: Module): string {
  const hash = sha256.create();
  for (const { value } of model.parameters()) {
    const data = value.data();
    hash.update(new Uint8Array(data.buffer, data.byteOffset, data.byteLength));
  }
  return bytesToHex(hash.digest());
}
