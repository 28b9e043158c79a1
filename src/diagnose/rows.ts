/** Which rows of a log a finding rests on, as several checks ask for them. */

import type { LogColumns } from './log-columns.js';

/** Rows told as evidence: enough to look them up by. */
const TOLD = 20;

/** Rows whose loss or norm is not finite. */
export function notFiniteRows(columns: LogColumns): readonly number[] {
  const losses = columns.column('loss');
  const norms = columns.column('norm');
  const rows: number[] = [];
  for (let i = 0; i < losses.length; i++) if (losses[i] === Infinity || norms[i] === Infinity) rows.push(i);
  return rows;
}

/** The step numbers of the first few rows. */
export function stepsOf(columns: LogColumns, rows: readonly number[]): readonly number[] {
  const steps = columns.column('step');
  return rows.slice(0, TOLD).map((row) => steps[row]);
}
