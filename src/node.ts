/** The entry point `tamegrad/node`: what needs a file system. */

export { openRunLog, type RunLog } from './train/run-log.js';
