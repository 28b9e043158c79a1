/** What the share of clipped steps says: a threshold that acts always, or never. */

import { formatNumber } from '../report/format.js';
import { shareOf } from '../statistics/share.js';
import type { LogColumns } from './log-columns.js';
import type { Finding } from './verdict.js';

/** A threshold that acts on at least this share of the steps sets their length. */
const ALWAYS = 0.95;
/** Steps from which never means seldom: of 50 none, so the rate is below 6 % with 95 % certainty (rule of three). */
const FEWEST = 50;

/** The share of steps that were clipped; null where the log does not tell of enough of them. */
export function clipRateFinding(columns: LogColumns): Finding | null {
  const known = columns.column('clipped').filter((flag) => flag <= 1);
  if (known.length < FEWEST) return null;
  const clipped = known.reduce((sum, flag) => sum + flag, 0);
  const rate = shareOf(clipped, known.length);
  const evidence = { rate, clipped, steps: known.length };
  const seen = `${clipped} of ${known.length} steps were clipped (${formatNumber(100 * rate)} %).`;
  if (rate >= ALWAYS) return { cause: 'threshold', signs: 2, seen, evidence };
  return clipped === 0 ? { cause: 'insurance', signs: 2, seen, evidence } : null;
}
