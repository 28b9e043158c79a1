import { encodeSafetensors, type Tensor } from '../../src/index.js';
import { crc32 } from '../../src/persist/crc32.js';

/** The bytes of a checkpoint with whatever state, and the checksum that belongs to it. */
export function signed(
  tensors: Readonly<Record<string, Tensor>>,
  state: string,
  format = 'tamegrad checkpoint 2',
): Uint8Array {
  let sum = crc32(new TextEncoder().encode(state));
  for (const name of Object.keys(tensors).sort()) {
    const { dtype, shape } = tensors[name];
    sum = crc32(new TextEncoder().encode(JSON.stringify([name, dtype, shape])), sum);
    sum = crc32(new Uint8Array(tensors[name].data().buffer), sum);
  }
  return encodeSafetensors(tensors, { format, state, checksum: sum.toString(16).padStart(8, '0') });
}
