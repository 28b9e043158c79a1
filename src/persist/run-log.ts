/** The run log on disk: one JSON object a step and line, written at once, so that an interrupted run keeps its log. */

import { closeSync, openSync, writeSync } from 'node:fs';
import type { StepRecord } from '../train/record.js';
import { toJson } from './json.js';

/** An open run log. */
export interface RunLog {
  /** Appends a step, with further fields (which run it was) before its own. */
  write(record: StepRecord, labels?: Readonly<Record<string, string | number>>): void;
  close(): void;
}

/** Opens a log for writing, replacing what was there. Throws an Error that says why it cannot be written. */
export function openRunLog(path: string): RunLog {
  let file: number;
  try {
    file = openSync(path, 'w');
  } catch (cause) {
    const reason = cause instanceof Error ? cause.message : String(cause);
    throw new Error(`run log: '${path}' cannot be written (${reason}); name a file in an existing folder`);
  }
  return {
    write: (record, labels = {}) => {
      writeSync(file, `${toJson({ ...labels, ...record })}\n`);
    },
    close: () => closeSync(file),
  };
}
