/** Files that a command is asked to write: looked at before the work that they are to hold. */

import { closeSync, existsSync, openSync, realpathSync, rmSync } from 'node:fs';
import { basename, dirname, join, resolve } from 'node:path';
import { UsageError } from './errors.js';

/** Throws before any work if a file that is asked for could not be written after it. */
export function checkFiles({ log, report }: { readonly log?: string; readonly report?: string }): void {
  if (log !== undefined) checkWritable('--log', log);
  if (report !== undefined) checkWritable('--report', report);
  if (log !== undefined && report !== undefined && placeOf(log) === placeOf(report)) {
    const names = log === report ? `'${log}'` : `one file, '${log}' and '${report}'`;
    throw new UsageError(`--log and --report: both name ${names}; name two files`);
  }
}

/** Where a path leads to, links resolved as far as it exists. */
function placeOf(path: string): string {
  if (existsSync(path)) return realpathSync(path);
  const full = resolve(path);
  return join(realpathSync(dirname(full)), basename(full));
}

/** Tried, because permissions do not tell all. */
export function checkWritable(option: string, path: string): void {
  const isNew = !existsSync(path);
  try {
    closeSync(openSync(path, 'a'));
  } catch (error) {
    const code = error instanceof Error && 'code' in error ? ` (${error.code})` : '';
    throw new UsageError(`${option}: '${path}' cannot be written${code}; name a file in an existing folder`);
  }
  if (isNew) rmSync(path);
}
