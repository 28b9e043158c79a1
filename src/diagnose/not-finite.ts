/** Faults of the arithmetic: losses and norms that are not finite, out of the blue or at the end of a growth. */

import { formatNumber } from '../report/format.js';
import type { LogColumns } from './log-columns.js';
import { middle } from './robust.js';
import { notFiniteRows, stepsOf } from './rows.js';
import type { Finding } from './verdict.js';

/** Finite rows just before that say whether it came out of the blue. */
const BEFORE = 5;
/** Above this many times the run's usual norm, what follows is the end of a growth, not an accident. */
const GROWN = 100;

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
  const last = middle(known.slice(-BEFORE));
  const usual = Math.max(known[0] ?? 0, middle(known.slice(0, -BEFORE)) || 0);
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
