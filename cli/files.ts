/** Files that a command is asked to write: looked at before the work that they are to hold. */

import { closeSync, existsSync, openSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './errors.js';

/** Throws before any work if a file that is asked for, by the name of its option, could not be written after it. */
export function checkFiles(files: Readonly<Record<string, string | undefined>>): void {
  const asked = Object.entries(files).flatMap(([option, path]) =>
    path === undefined ? [] : [{ option: `--${option}`, path }],
  );
  for (const { option, path } of asked) checkWritable(option, path);
  for (const [i, one] of asked.entries()) {
    const other = asked.slice(i + 1).find(({ path }) => placeOf(path) === placeOf(one.path));
    if (!other) continue;
    const names = one.path === other.path ? `'${one.path}'` : `one file, '${one.path}' and '${other.path}'`;
    throw new UsageError(`${one.option} and ${other.option}: both name ${names}; name two files`);
  }
}

/** Where a path leads to, links resolved as far as it exists. */
function placeOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const full = resolve(path);
  return join(realpathSync(dirname(full)), basename(full));
}

/** Tried, because permissions do not tell all. */
function checkWritable(option: string, path: string): void {
  const isNew = !existsSync(path);
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new UsageError(`${option}: '${path}' cannot be written${code}; name a file in an existing folder`);
  }
  if (isNew) rmSync(path);
}
