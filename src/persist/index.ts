/**
 * What is saved: checkpoints (encoded, checked and decoded in checkpoint.ts) and safetensors as bytes. Files are the matter
 * of `tamegrad/node`: checkpoint-file.ts and files/.
 */

export {
  type CheckpointNotes,
  type CheckpointParts,
  encodeCheckpoint,
  restoreCheckpoint,
} from './checkpoint.js';
export { toJson } from './json.js';
export { decodeSafetensors, encodeSafetensors, type RawTensor, type Safetensors } from './safetensors.js';
