/**
 * A file that grows line by line (a log, the rows of a sweep): each line is there whole or not at all, one process at a
 * time writes it, and whoever goes on with one that was cut off says how much of it is whole.
 */

import { closeSync, constants, fsyncSync, ftruncateSync, openSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import { codeOf, writeError } from './error.js';
import { keepAlive, takeLock } from './lock.js';
import { closeStream, openStream, writeFully } from './stream.js';
import { targetOf } from './target.js';
import { nameBeside, syncFolder } from './write.js';

/** Lines go to the disk at least this often while they are written, in ms, and when the file is closed. */
const SYNC_EVERY = 1000;

/** Decides on the text that is there how much of it is kept: so many characters from its beginning. */
export type Keep = (text: string) => number;

/** An open file of lines. */
export class LineFile {
  readonly #caller: string;
  readonly #path: string;
  readonly #file: number;
  /** Where the next line goes; null in a device or a pipe. */
  #at: number | null;
  readonly #close: () => void;
  #synced = performance.now();
  #isOpen = true;

  /**
   * Opens a file and keeps of it what `keep` says, without it nothing. Throws an Error that names file, cause and remedy;
   * what `keep` throws passes, with the file as it was.
   */
  constructor(caller: string, path: string, keep?: Keep) {
    this.#caller = caller;
    this.#path = path;
    const opened = open(caller, path, keep);
    this.#file = opened.file;
    this.#at = opened.at;
    this.#close = opened.close;
  }

  /** Appends a line, and the line break. Where the disk is full, the lines before stay whole. */
  write(line: string): void {
    const bytes = Buffer.from(`${line}\n`);
    this.#try(() => {
      try {
        writeFully(this.#file, bytes, this.#at);
      } catch (error) {
        if (this.#at !== null) ftruncateSync(this.#file, this.#at);
        throw error;
      }
      if (this.#at === null) return;
      this.#at += bytes.length;
      if (performance.now() - this.#synced >= SYNC_EVERY) this.#sync();
    });
  }

  /** Puts all lines on the disk and closes the file. A second time does nothing. */
  close(): void {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    this.#try(() => {
      try {
        if (this.#at !== null) this.#sync();
      } finally {
        this.#close();
      }
    });
  }

  #sync(): void {
    fsyncSync(this.#file);
    this.#synced = performance.now();
  }

  #try(act: () => void): void {
    try {
      act();
    } catch (cause) {
      throw writeError(this.#caller, this.#path, cause);
    }
  }
}

interface Opened {
  readonly file: number;
  readonly at: number | null;
  readonly close: () => void;
}

function open(caller: string, path: string, keep: Keep | undefined): Opened {
  let unlock = () => {};
  const attempt = <T>(act: () => T): T => {
    try {
      return act();
    } catch (cause) {
      unlock();
      throw writeError(caller, path, cause);
    }
  };
  const target = attempt(() => targetOf(path));
  if (target.kind === 'stream') {
    const file = attempt(() => openStream(target));
    return { file, at: null, close: () => closeStream(file, target) };
  }
  unlock = attempt(() => lockOf(caller, path, target.path));
  const text = keep && target.stats ? attempt(() => readFileSync(target.path, 'utf8')) : '';
  let kept: string;
  try {
    kept = text.slice(0, keep?.(text) ?? 0);
  } catch (error) {
    unlock();
    throw error;
  }
  return attempt(() => {
    const file = openSync(target.path, constants.O_WRONLY | constants.O_CREAT, 0o666);
    try {
      const at = Buffer.byteLength(kept);
      ftruncateSync(file, at);
      if (!target.stats) syncFolder(dirname(target.path));
      const close = (): void => {
        closeSync(file);
        unlock();
      };
      return { file, at, close };
    } catch (error) {
      closeSync(file);
      throw error;
    }
  });
}

/** The lock of a file that is written for a long time: a second writer gets an error at once. */
function lockOf(caller: string, given: string, path: string): () => void {
  const name = nameBeside(path, 'lock');
  try {
    const lock = takeLock(caller, given, name, 0);
    const { stop } = keepAlive(name);
    return () => {
      stop();
      lock.release();
    };
  } catch (error) {
    // In a folder that takes no new file, one that is there can still be written, without a lock.
    if (['EACCES', 'EPERM', 'EROFS'].includes(codeOf(error))) return () => {};
    throw error;
  }
}
