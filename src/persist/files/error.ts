/** What went wrong with a file, in one line: which file, why, and what to do. */

import { printable } from './printable.js';

/** A file that cannot be read or written. The message is one line that names the file, the cause and a remedy. */
export class FileError extends Error {
  override readonly name = 'FileError';
  /** The system's word for the cause, `ENOSPC`; empty if the system did not cause it. */
  readonly code: string;

  constructor(message: string, code: string, cause?: unknown) {
    super(message, { cause });
    this.code = code;
  }
}

const ELSEWHERE = 'name a file in an existing folder';

/** Cause and remedy of a failed write, by the system's word. */
const writing: Readonly<Record<string, readonly [cause: string, remedy: string]>> = {
  ENOENT: ['there is no such folder', ELSEWHERE],
  ENOTDIR: ['a part of its path is not a folder', ELSEWHERE],
  EISDIR: ['it is a folder', ELSEWHERE],
  ENOSPC: ['no space left on the device', 'free some space, or name a file on another disk'],
  EDQUOT: ['the disk quota is used up', 'free some space, or name a file on another disk'],
  EFBIG: ['the file would be too large', 'raise the limit on file sizes, or write less'],
  EACCES: [
    'permission denied',
    'change the permissions of the file and its folder, or name a file elsewhere',
  ],
  EPERM: ['not permitted', 'change the permissions of the file and its folder, or name a file elsewhere'],
  EROFS: ['the file system is read-only', 'name a file on another one'],
  EBUSY: ['it is in use or a mount point', 'name a file in an ordinary folder'],
  ENAMETOOLONG: ['the name is too long', 'choose a shorter one'],
  ELOOP: ['its links lead in a circle', 'name a file'],
  EMFILE: ['too many files are open', 'close some, or raise the limit (ulimit -n)'],
  ENFILE: ['too many files are open', 'close some'],
  EIO: ['the device failed', 'name a file on another disk'],
  ENXIO: ['nobody reads it', 'start the reader first'],
  EPIPE: ['its reader is gone', 'keep the reader running'],
};

/** The error of a failed write; one that is told already stays as it is. */
export function writeError(caller: string, path: string, cause: unknown): FileError {
  if (cause instanceof FileError) return cause;
  const code = codeOf(cause);
  const [reason, remedy] = Object.hasOwn(writing, code) ? writing[code] : [messageOf(cause), ELSEWHERE];
  const told = code === '' ? reason : `${code}: ${reason}`;
  return new FileError(`${caller}: '${printable(path)}' cannot be written (${told}); ${remedy}`, code, cause);
}

/** The error of a failed read: the reason is the system's, or the reader's own. */
export function readError(caller: string, path: string, cause: unknown): FileError {
  return new FileError(
    `${caller}: '${printable(path)}' cannot be read (${messageOf(cause)})`,
    codeOf(cause),
    cause,
  );
}

/** The system's word for an error, or nothing. */
export function codeOf(cause: unknown): string {
  return cause instanceof Error && 'code' in cause && typeof cause.code === 'string' ? cause.code : '';
}

/** The system's messages repeat the path, which is told already. */
function messageOf(cause: unknown): string {
  const text = cause instanceof Error ? cause.message : String(cause);
  return printable(codeOf(cause) === '' ? text : text.replace(/, \w+( '.*)?$/s, ''), 1000);
}
