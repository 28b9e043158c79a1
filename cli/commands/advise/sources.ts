/** Files, folders and stdin as what logs are read from. */

import { createReadStream, type Stats, statSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import type { LogSource } from '../../../src/diagnose/index.js';
import { UsageError } from '../../errors.js';

/** Bytes read at a time. */
const PIECE = 1 << 18;

/** A file, or stdin for `-`. */
export interface FileSource extends LogSource {
  readonly chunks: AsyncIterable<Uint8Array>;
  readonly path: string;
  /** Bytes in all; null where that is not known. */
  readonly size: number | null;
}

/** The logs under a path. Throws UsageError if nothing there can be read. */
export function statOf(path: string): Stats {
  try {
    return statSync(path);
  } catch (cause) {
    throw unreadable(path, cause);
  }
}

/** A file, or stdin for `-`, in pieces. Ends early, without an error, once aborted. */
export function sourceOf(path: string, signal: AbortSignal): FileSource {
  if (path === '-')
    return { path, name: 'stdin', size: null, chunks: piecesOf(() => process.stdin, path, signal) };
  const found = statOf(path);
  const open = (): Readable => createReadStream(path, { highWaterMark: PIECE });
  return { path, name: path, size: found.isFile() ? found.size : null, chunks: piecesOf(open, path, signal) };
}

async function* piecesOf(
  open: () => Readable,
  path: string,
  signal: AbortSignal,
): AsyncGenerator<Uint8Array> {
  try {
    yield* addAbortSignal(signal, open()) as AsyncIterable<Uint8Array>;
  } catch (cause) {
    // Only a stream that failed by itself is a failure: an abort ends it, and an error of the caller passes through.
    if (!signal.aborted) throw cause instanceof Error && 'syscall' in cause ? unreadable(path, cause) : cause;
  }
}

function unreadable(path: string, cause: unknown): UsageError {
  const code = cause instanceof Error && 'code' in cause ? ` (${String(cause.code)})` : '';
  return new UsageError(`advise: '${path}' cannot be read${code}; name a log, a folder, or - for stdin`);
}
