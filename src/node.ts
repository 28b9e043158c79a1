/** The entry point `tamegrad/node`: what needs a file system or worker threads. */

export {
  loadCheckpoint,
  readSafetensors,
  saveCheckpoint,
  writeSafetensors,
} from './train/checkpoint-file.js';
export { joinReplicas, type ReplicaGroup } from './train/replica-group.js';
export { type ReplicasOptions, trainReplicas } from './train/replicas.js';
export { openRunLog, type RunLog } from './train/run-log.js';
