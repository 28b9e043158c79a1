/** Bytes as text and text as lines, piece by piece: however long a log or a line is, no more than a piece is in memory. */

/** Characters of a line that are kept: more is no line of a log, and must not fill the memory. */
const LONGEST = 1 << 24;
/** Share of characters that are no text, from which a file is called binary. */
const NO_TEXT = 0.05;
/** Bytes that tell the encoding. */
const LOOKED_AT = 4096;

/** What a file is, where it is no text. */
export const magics: readonly {
  readonly name: string;
  readonly bytes: readonly number[];
  readonly command?: string;
}[] = [
  { name: 'zstd', bytes: [0x28, 0xb5, 0x2f, 0xfd], command: 'zstd -dc' },
  { name: 'xz', bytes: [0xfd, 0x37, 0x7a, 0x58, 0x5a], command: 'xz -dc' },
  { name: 'bzip2', bytes: [0x42, 0x5a, 0x68], command: 'bzip2 -dc' },
  { name: 'a zip archive', bytes: [0x50, 0x4b, 0x03, 0x04], command: 'unzip -p' },
];

/** Decodes pieces of bytes: UTF-8, or UTF-16 where the first bytes look like it, as redirected output does on Windows. */
export class TextDecoding {
  #decoder: TextDecoder | null = null;

  /** The text of a piece. NULs, as truncated files begin with, are left out. */
  decode(piece: Uint8Array): string {
    let bytes = piece;
    if (this.#decoder === null) {
      const first = firstOf(bytes);
      if (first === bytes.length) return '';
      bytes = bytes.subarray(first);
      this.#decoder = new TextDecoder(encodingOf(bytes));
    }
    const text = this.#decoder.decode(bytes, { stream: true });
    return text.includes('\0') ? text.replaceAll('\0', '') : text;
  }

  end(): string {
    return this.#decoder?.decode() ?? '';
  }
}

/** The first byte behind leading NULs; one NUL may be half of a UTF-16 character. */
function firstOf(bytes: Uint8Array): number {
  let first = 0;
  while (first < bytes.length && bytes[first] === 0) first++;
  return first === 1 ? 0 : first;
}

/** By the byte order mark; else by where the zeros of Latin letters stand. */
function encodingOf(bytes: Uint8Array): string {
  const [first, second] = bytes;
  if (first === 0xff && second === 0xfe) return 'utf-16le';
  if (first === 0xfe && second === 0xff) return 'utf-16be';
  const zeros = [0, 0];
  const length = Math.min(bytes.length, LOOKED_AT);
  for (let i = 0; i < length; i++) if (bytes[i] === 0) zeros[i & 1]++;
  const most = 0.4 * length;
  return zeros[1] > most / 2 && zeros[0] < zeros[1] / 4
    ? 'utf-16le'
    : zeros[0] > most / 2 && zeros[1] < zeros[0] / 4
      ? 'utf-16be'
      : 'utf-8';
}

/** Whether bytes are no text in any encoding that is read. */
export function isBinary(bytes: Uint8Array): boolean {
  const first = firstOf(bytes);
  const part = bytes.subarray(first, first + LOOKED_AT);
  const text = new TextDecoder(encodingOf(part)).decode(part);
  let strange = 0;
  for (let i = 0; i < text.length; i++) {
    const c = text.charCodeAt(i);
    if (c === 0xfffd || (c < 32 && c !== 9 && c !== 10 && c !== 13 && c !== 27 && c !== 8 && c !== 12))
      strange++;
  }
  return strange > NO_TEXT * text.length;
}

/** Cuts text into lines at \n, \r\n or a lone \r, as progress bars and old spreadsheets write it. */
export class Lines {
  #parts: string[] = [];
  #length = 0;
  #number = 1;
  #endsWithReturn = false;
  /** Whether a line feed was seen: a lone \r is no line of its own in an editor then. */
  #hasFeeds = false;

  /** Calls `take` with each line that ends in a piece of text, and its number. */
  push(text: string, take: (line: string, number: number) => void): void {
    let start = 0;
    if (this.#endsWithReturn && text !== '') {
      this.#endsWithReturn = false;
      const isPair = text.charCodeAt(0) === 10;
      this.#emit('', take, isPair);
      start = isPair ? 1 : 0;
    }
    const hasReturns = text.includes('\r');
    for (;;) {
      const feed = text.indexOf('\n', start);
      const piece = feed < 0 ? text.length : feed;
      if (hasReturns) start = this.#cutAtReturns(text, start, piece, feed >= 0, take);
      if (feed < 0) break;
      this.#emit(text.slice(start, piece), take, true);
      start = feed + 1;
    }
    this.#keep(text.slice(start));
  }

  /** Ends the last line. */
  end(take: (line: string, number: number) => void): void {
    if (this.#length > 0) this.#emit('', take, true);
  }

  /** Lines that end with a lone \r; of one at the very end it is not known yet. Returns where the rest begins. */
  #cutAtReturns(
    text: string,
    from: number,
    to: number,
    isFed: boolean,
    take: (line: string, number: number) => void,
  ): number {
    let start = from;
    for (let at = text.indexOf('\r', start); at >= 0 && at < to; at = text.indexOf('\r', start)) {
      if (at === to - 1 && isFed) {
        // \r\n
        this.#keep(text.slice(start, at));
        return to;
      }
      if (at === text.length - 1) {
        this.#keep(text.slice(start, at));
        this.#endsWithReturn = true;
        return text.length;
      }
      this.#emit(text.slice(start, at), take, !this.#hasFeeds && !isFed);
      start = at + 1;
    }
    return start;
  }

  #keep(part: string): void {
    if (part === '' || this.#length > LONGEST) return;
    this.#parts.push(part);
    this.#length += part.length;
  }

  #emit(last: string, take: (line: string, number: number) => void, isNumbered: boolean): void {
    let line = last;
    if (this.#parts.length > 0) {
      this.#keep(last);
      line = this.#parts.join('');
      this.#parts = [];
    }
    this.#length = 0;
    take(line, this.#number);
    if (isNumbered) {
      this.#number++;
      this.#hasFeeds = true;
    }
  }
}

/** Escape sequences: colours and movements, titles, single letters; then what else controls a terminal, but tabs. */
const escapes = new RegExp(
  ['\\[[0-9;?]*[ -/]*[@-~]', '\\][^\\u0007\\u001b]*(?:\\u0007|\\u001b\\\\)?', '[@-Z\\\\-_]']
    .map((kind) => `\\u001b${kind}`)
    .join('|'),
  'g',
);
const controls = /(?!\t)\p{Cc}/gu;

/** A line without colours, cursor movements and other control characters. */
export function plain(line: string): string {
  for (let i = 0; i < line.length; i++) {
    const c = line.charCodeAt(i);
    if ((c < 32 && c !== 9) || c === 127) return line.replace(escapes, '').replace(controls, '');
  }
  return line;
}
