/**
 * Stdout and stderr that cannot fail in a way of their own: a short write is gone on with, a full disk is an error of one
 * line, a reader that leaves is no error at all.
 */

import { fstatSync } from 'node:fs';
import { codeOf, writeError, writeFully } from '../src/persist/files/index.js';

/** What a stream says when its reader is gone, and when it is written to after that. */
const LEFT: readonly string[] = ['EPIPE', 'ERR_STREAM_DESTROYED'];

/**
 * Makes the streams of this process safe. What cannot be written to stdout is thrown to whoever writes, or told to `fail`
 * where it comes late; what cannot be written to stderr has nobody left to hear of it.
 */
export function secureOutput(fail: (error: Error) => void): void {
  const [stdout, stderr] = [process.stdout, process.stderr] as unknown as (NodeJS.WriteStream & Stream)[];
  stdout.on('error', (error: Error) => {
    if (!LEFT.includes(codeOf(error))) fail(writeError('tamegrad', 'stdout', error));
  });
  stderr.on('error', () => {});
  if (isDisk(stdout)) stdout.write = (text: string | Uint8Array) => put(stdout.fd, text);
  if (isDisk(stderr)) {
    stderr.write = (text: string | Uint8Array) => {
      try {
        return put(stderr.fd, text);
      } catch {
        return false;
      }
    };
  }
}

/** Node's types leave the number out. */
type Stream = Pick<NodeJS.WriteStream, 'isTTY'> & { readonly fd: number };

/** Node writes to files and devices in one go, and takes no notice of what was left over. */
function isDisk({ fd, isTTY }: Stream): boolean {
  try {
    const stats = fstatSync(fd);
    return stats.isFile() || (stats.isCharacterDevice() && !isTTY);
  } catch {
    return false;
  }
}

function put(fd: number, text: string | Uint8Array): boolean {
  try {
    writeFully(fd, typeof text === 'string' ? Buffer.from(text) : text);
    return true;
  } catch (error) {
    if (LEFT.includes(codeOf(error))) return false;
    throw writeError('tamegrad', fd === 1 ? 'stdout' : 'stderr', error);
  }
}
