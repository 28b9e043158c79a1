/** What is kept: checkpoints and safetensors as bytes; the files they lie in are `tamegrad/node`'s. */

export {
  type CheckpointNotes,
  type CheckpointParts,
  encodeCheckpoint,
  restoreCheckpoint,
} from './checkpoint.js';
export { toJson } from './json.js';
export { decodeSafetensors, encodeSafetensors, type RawTensor, type Safetensors } from './safetensors.js';
