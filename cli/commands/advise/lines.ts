/** A file or stdin as lines, a piece at a time: however long a log is, no more than a piece of it is in memory. */

import { createReadStream, statSync } from 'node:fs';
import { addAbortSignal, type Readable } from 'node:stream';
import { UsageError } from '../../errors.js';

/** Bytes read at a time. */
const PIECE = 1 << 18;
/** Characters of a line that are kept: more is no line of a log, and must not fill the memory. */
const LONGEST = 1 << 24;
/** Share of characters that are no text, from which a file is called binary. */
const NO_TEXT = 0.05;

/** Where lines come from. */
export interface LineSource {
  /** How it is named in sentences: the path, or stdin. */
  readonly name: string;
  /** Bytes in all; null where that is not known. */
  readonly size: number | null;
  /** Lines without their ends, as many at a time as a piece holds. Ends early, without an error, once aborted. */
  lines(signal: AbortSignal, onRead?: (bytes: number) => void): AsyncGenerator<readonly string[]>;
}

/** The lines of a file, or of stdin for `-`. Throws UsageError where there is no such file. */
export function openLines(path: string): LineSource {
  if (path === '-') {
    return { name: 'stdin', size: null, lines: (...how) => linesOf(process.stdin, 'stdin', ...how) };
  }
  const name = `'${path}'`;
  try {
    const found = statSync(path);
    if (found.isDirectory()) throw new UsageError(`advise: ${name} is a folder; name a file`);
    const size = found.isFile() ? found.size : null;
    const open = (): Readable => createReadStream(path, { highWaterMark: PIECE });
    return { name, size, lines: (...how) => linesOf(open(), name, ...how) };
  } catch (cause) {
    throw cause instanceof UsageError ? cause : unreadable(name, cause);
  }
}

function unreadable(name: string, cause: unknown): UsageError {
  const code = cause instanceof Error && 'code' in cause ? ` (${cause.code})` : '';
  return new UsageError(`advise: ${name} cannot be read${code}; name a log, or - for stdin`);
}

async function* linesOf(
  stream: Readable,
  name: string,
  signal: AbortSignal,
  onRead: (bytes: number) => void = () => {},
): AsyncGenerator<readonly string[]> {
  let decoder: TextDecoder | null = null;
  let rest = '';
  try {
    for await (const piece of addAbortSignal(signal, stream) as AsyncIterable<Buffer>) {
      onRead(piece.length);
      const isFirst = decoder === null;
      decoder ??= decoderOf(piece, name);
      const text = decoder.decode(piece, { stream: true });
      if (isFirst) checkText(text, name);
      const lines = (rest + text).split('\n');
      rest = lines.pop()!.slice(0, LONGEST);
      yield lines.map(withoutReturn);
    }
  } catch (cause) {
    // Only a stream that failed by itself is a failure: an abort ends it, and an error of the caller passes through.
    if (!signal.aborted) throw cause instanceof Error && 'syscall' in cause ? unreadable(name, cause) : cause;
  }
  if (rest !== '' && !signal.aborted) yield [withoutReturn(rest)];
}

function withoutReturn(line: string): string {
  return line.endsWith('\r') ? line.slice(0, -1) : line;
}

/** UTF-8, or UTF-16 where the first bytes say so, as redirected output does on Windows; a byte order mark is dropped. */
function decoderOf(piece: Buffer, name: string): TextDecoder {
  const [first, second] = piece;
  if (first === 0xff && second === 0xfe) return new TextDecoder('utf-16le');
  if (first === 0x1f && second === 0x8b) {
    throw new Error(`advise: ${name} is compressed; try gunzip -c FILE | tamegrad advise -`);
  }
  return new TextDecoder();
}

function checkText(text: string, name: string): void {
  let strange = 0;
  for (const character of text) if (character === '\0' || character === '\ufffd') strange++;
  if (strange > NO_TEXT * text.length) throw new Error(`advise: ${name} is binary; a log is lines of text`);
}
