/** Files that a command is asked to write: looked at before the work that they are to hold. */

import {
  checkWritable,
  FileError,
  identityOf,
  isSameFile,
  printable,
  targetOf,
} from '../src/persist/files/index.js';
import { UsageError } from './errors.js';

/** Stdout, as the system counts what is open. */
const STDOUT = 1;

/**
 * Throws before any work if a file that is asked for, by the name of its option, could not be written after it, or is one
 * that the same command reads (`-` is stdin), prints to, or writes under another option.
 */
export function checkFiles(
  files: Readonly<Record<string, string | undefined>>,
  inputs: readonly string[] = [],
): void {
  const asked = Object.entries(files).flatMap(([option, path]) =>
    // As a file to write, - is a name like any other.
    path === undefined ? [] : [{ option: `--${option}`, path: path === '-' ? './-' : path }],
  );
  for (const { option, path } of asked) {
    const input = inputs.find((each) => isSameFile(each, path));
    if (input !== undefined) {
      const what = input === '-' ? 'what stdin reads from' : `the input '${printable(input)}'`;
      throw new UsageError(`${option}: '${printable(path)}' is ${what}; name another file`);
    }
    asUsage(() => checkWritable(option, path));
    // By a name of its own, /dev/stdout, it is meant.
    const place = isStream(path) ? null : identityOf(path);
    if (place !== null && place === identityOf(STDOUT)) {
      throw new UsageError(`${option}: '${printable(path)}' is where stdout goes; name another file`);
    }
  }
  for (const [i, one] of asked.entries()) {
    const other = asked.slice(i + 1).find(({ path }) => isSameFile(path, one.path));
    if (!other) continue;
    const [a, b] = [printable(one.path), printable(other.path)];
    const names = a === b ? `'${a}'` : `one file, '${a}' and '${b}'`;
    throw new UsageError(`${one.option} and ${other.option}: both name ${names}; name two files`);
  }
}

function isStream(path: string): boolean {
  return targetOf(path).kind === 'stream';
}

/** A file that cannot be used is wrong usage where it is named, and a failure later. */
export function asUsage<T>(act: () => T): T {
  try {
    return act();
  } catch (error) {
    throw error instanceof FileError ? new UsageError(error.message) : error;
  }
}
