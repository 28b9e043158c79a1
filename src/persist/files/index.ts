/** The one place that writes files: everything that tamegrad keeps on a disk goes through here. */

export { codeOf, FileError, readError, writeError } from './error.js';
export { type Keep, LineFile } from './line-file.js';
export { printable } from './printable.js';
export { readWhole } from './read.js';
export { writeFully } from './stream.js';
export { identityOf, isSameFile, targetOf } from './target.js';
export { checkWritable, writeWhole } from './write.js';
