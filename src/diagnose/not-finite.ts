/** Faults of the arithmetic: losses and norms that are not finite, out of the blue or at the end of a growth. */

import { formatNumber } from '../report/format.js';
import { median } from '../statistics/quantile.js';
import type { LogColumns } from './log-columns.js';
import { notFiniteRows, stepsOf } from './rows.js';
import type { Finding } from './verdict.js';

/** Finite rows just before that say whether it came out of the blue. */
const BEFORE = 5;
/** Above this many times the run's usual norm, what follows is the end of a growth, not an accident. */
const GROWN = 100;

/** Numbers before a silence, and rows of silence, from which it is no accident. */
const DENSE = 0.9;
const FEWEST_KNOWN = 10;
const FEWEST_SILENT = 2;

/**
 * Whether loss or norm stop being written while the steps go on: loggers write NaN as an empty cell or as null. Rows at
 * the end without a number, where nearly all rows before have one.
 */
export function silenceFinding(columns: LogColumns): Finding | null {
  const [loss, norm] = (['loss', 'norm'] as const).map((name) => silenceOf(columns.column(name)));
  const start = Math.max(loss, norm);
  if (start < 0) return null;
  const steps = columns.column('step');
  const silent = steps.length - start;
  const what = loss >= 0 && norm >= 0 ? 'Loss and norm' : loss >= 0 ? 'The loss' : 'The norm';
  return {
    cause: 'numerics',
    signs: 1,
    seen: `${what} stop${what === 'Loss and norm' ? '' : 's'} being written after step ${formatNumber(steps[start - 1])}, while the log goes on to step ${formatNumber(steps[steps.length - 1])}: NaN written as empty?`,
    means:
      'Many loggers write NaN as an empty cell or as null; then a computation left the range of its number format.',
    next: `Print the loss of step ${formatNumber(steps[start])}. If it is NaN, find the operation: logarithm or root of 0, division by 0, overflow of exp or of half precision.`,
    evidence: { steps: [...steps.subarray(start, start + TOLD)], silent },
  };
}

/** Steps that are told as evidence. */
const TOLD = 20;

/** The first of the rows at the end that lack a number, where nearly all before have one; -1 without such a row. */
function silenceOf(values: Float64Array): number {
  let start = values.length;
  while (start > 0 && Number.isNaN(values[start - 1])) start--;
  if (values.length - start < FEWEST_SILENT || start < FEWEST_KNOWN) return -1;
  let known = 0;
  for (let i = 0; i < start; i++) known += Number(!Number.isNaN(values[i]));
  return known >= DENSE * start ? start : -1;
}

/** Whether numbers stopped being finite, and whether ordinary ones came just before. */
export function notFiniteFinding(columns: LogColumns): Finding | null {
  const losses = columns.column('loss');
  const norms = columns.column('norm');
  const rows = notFiniteRows(columns);
  if (rows.length === 0) return null;
  const first = rows[0];
  const steps = stepsOf(columns, rows);
  const watched = norms.subarray(0, first).some((norm) => !Number.isNaN(norm)) ? norms : losses;
  const known = watched.subarray(0, first).filter((value) => value < Infinity);
  const last = median(known.slice(-BEFORE));
  const usual = Math.max(known[0] ?? 0, median(known.slice(0, -BEFORE)) || 0);
  const isSudden =
    known.length >= BEFORE && last <= GROWN * usual && known[known.length - 1] <= GROWN * usual;
  const recovers = rows.length < losses.length - first;
  const where = losses[first] === Infinity ? 'loss' : 'gradient';
  const came = isSudden
    ? `out of ordinary norms (${formatNumber(last)} just before, ${formatNumber(usual)} usually)`
    : known.length < BEFORE
      ? `after ${known.length} steps`
      : `at the end of a growth (${formatNumber(last)} just before, ${formatNumber(usual)} usually)`;
  return {
    cause: 'numerics',
    signs: isSudden ? 2 : 0,
    seen: `The ${where} was not finite at ${rows.length} of ${losses.length} steps, first at step ${steps[0]}, ${came}${recovers ? '; the run went on' : ''}.`,
    evidence: { count: rows.length, steps, before: last, usual },
  };
}
