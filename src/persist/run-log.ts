/** The run log on disk: one JSON object a step and line, written at once, so that an interrupted run keeps its log. */

import { checkText } from '../tensor/arguments.js';
import { checkNames } from '../tensor/options.js';
import type { StepRecord } from '../train/record.js';
import { LineFile } from './files/index.js';
import { toJson } from './json.js';

/** An open run log. */
export interface RunLog {
  /** Appends a step, with further fields (which run it was) before its own. */
  write(record: StepRecord, labels?: Readonly<Record<string, string | number>>): void;
  close(): void;
}

/** How a run log is opened. */
export interface RunLogOptions {
  /**
   * Where the training goes on, as in `train`: the lines of earlier steps are kept, later ones and what a crash or a power
   * cut left half written are written anew. Without it the log starts empty.
   */
  readonly startStep?: number;
}

/**
 * Opens a log for writing, replacing what was there; one process at a time may write a path. Throws an Error that names
 * file, cause and remedy.
 */
export function openRunLog(path: string, options: RunLogOptions = {}): RunLog {
  checkText('openRunLog', 'path', path);
  checkNames('openRunLog', options, ['startStep']);
  const { startStep = 0 } = options;
  if (!(Number.isInteger(startStep) && startStep >= 0)) {
    throw new Error(`openRunLog: startStep must be an integer ≥ 0, got ${startStep}`);
  }
  const keep = startStep === 0 ? undefined : (text: string) => lengthBefore(text, startStep);
  const file = new LineFile('run log', path, keep);
  return {
    write: (record, labels = {}) => file.write(toJson({ ...labels, ...record })),
    close: () => file.close(),
  };
}

/** Length of the whole lines of steps before `step` at the beginning of a log. */
function lengthBefore(text: string, step: number): number {
  let length = 0;
  for (let end = text.indexOf('\n'); end >= 0; end = text.indexOf('\n', length)) {
    if (!(stepOf(text.slice(length, end)) < step)) break;
    length = end + 1;
  }
  return length;
}

/** The step of a line; NaN where the line is not a whole one. */
function stepOf(line: string): number {
  try {
    const { step } = JSON.parse(line) as { readonly step?: unknown };
    return typeof step === 'number' ? step : Number.NaN;
  } catch {
    return Number.NaN;
  }
}
