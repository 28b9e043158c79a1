/** The entry point `tamegrad/node`: what needs a file system or worker threads. */

export {
  loadCheckpoint,
  readSafetensors,
  saveCheckpoint,
  writeSafetensors,
} from './persist/checkpoint-file.js';
export { openRunLog, type RunLog, type RunLogOptions } from './persist/run-log.js';
export { joinReplicas, type ReplicaGroup } from './train/replica-group.js';
export { type ReplicasOptions, trainReplicas } from './train/replicas.js';
