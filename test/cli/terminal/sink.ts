/** A stream that remembers, for tests of what is written where. */
import { Writable } from 'node:stream';

/** Collects text; a terminal of 80 columns if `isTTY`. */
export class FakeSink extends Writable {
  text = '';
  readonly columns = 80;

  constructor(readonly isTTY: boolean) {
    super();
  }

  override _write(chunk: Buffer, _encoding: BufferEncoding, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

// biome-ignore lint/suspicious/noControlCharactersInRegex: an escape is what it looks for
const ESCAPE = /\u001b(\[[0-9;?]*[A-Za-z]|[78])/g;

/** Whether text carries terminal codes. */
export function hasEscapes(text: string): boolean {
  return text.includes('\u001b');
}

/** Lines without terminal codes, without the last empty one. */
export function plainLines(text: string): readonly string[] {
  return text.replace(ESCAPE, '').replace(/\n$/, '').split('\n');
}

/** The widest line, in characters. */
export function widest(text: string): number {
  return Math.max(...plainLines(text).map((line) => [...line].length));
}
