/** The diagnosis of a run from its log: every check's finding, weighed against the others, and one headline. */

import { clipRateFinding } from './clip-rate.js';
import { firstStepFinding, startsAtBeginning } from './first-step.js';
import { growthFinding, hasLearnt } from './growth.js';
import { LogColumns } from './log-columns.js';
import type { LoggedStep } from './logged-step.js';
import { notFiniteFinding } from './not-finite.js';
import { dataFinding } from './spikes.js';
import { confidenceOf, ENOUGH, type Finding, type Verdict, verdictOf } from './verdict.js';

/** What a log says of a run. */
export interface Diagnosis {
  /** The verdict to act on. */
  readonly headline: Verdict;
  /** Every verdict, the headline first, then by confidence. */
  readonly verdicts: readonly Verdict[];
  readonly steps: number;
  /** What the log lacks, in words; a diagnosis with it would say more. */
  readonly missing: readonly string[];
}

/** Steps from which a run may be called healthy; a fault may show earlier. */
const FEWEST = 20;

/** Faults in the order in which they act: what comes first explains what follows, at equal confidence. */
const order = ['conditioning', 'data', 'learning-rate', 'numerics'] as const;

/**
 * Diagnoses a run: spikes that come with particular batches → data; a loss that rises again, with growing norms → learning
 * rate; numbers that stop being finite out of the blue → numerics; a first gradient out of scale → conditioning; nearly all
 * steps clipped → the threshold replaces the learning rate; none → insurance. Else healthy, or "unknown" where the log
 * does not suffice. Every verdict has its evidence and its confidence.
 */
export function diagnose(log: Iterable<LoggedStep> | LogColumns): Diagnosis {
  const columns = LogColumns.from(log);
  const faults = weighed(columns);
  const missing = missingIn(columns);
  const notes: Verdict[] = [];
  const clipping = clipRateFinding(columns);
  if (clipping) notes.push(verdictOf(clipping));
  const isFault = faults.length > 0 && faults[0].confidence >= ENOUGH;
  if (!isFault && clipping?.cause !== 'threshold') notes.unshift(calm(columns, faults, missing));
  const verdicts = isFault ? [...faults, ...notes] : [...notes, ...faults];
  return { headline: verdicts[0], verdicts, steps: columns.length, missing };
}

/** The faults found, each doubted where one that acts earlier explains it, the likeliest first. */
function weighed(columns: LogColumns): readonly Verdict[] {
  const found = [
    firstStepFinding(columns),
    dataFinding(columns),
    growthFinding(columns),
    notFiniteFinding(columns),
  ].filter((finding): finding is Finding => finding !== null);
  return found
    .map((finding, i) => {
      const isExplained = found.slice(0, i).some((earlier) => explains(earlier, finding));
      return verdictOf(finding, confidenceOf(Math.min(2, finding.signs) - Number(isExplained)));
    })
    .sort((a, b) => b.confidence - a.confidence || rank(a) - rank(b));
}

/** A clear fault explains what acts after it; and a growth needs no rate where the first gradients were out of scale. */
function explains(earlier: Finding, later: Finding): boolean {
  return earlier.signs >= 2 || (earlier.cause === 'conditioning' && later.cause === 'learning-rate');
}

const rank = ({ cause }: Verdict): number => order.indexOf(cause as (typeof order)[number]);

/** What is said where no fault was found: healthy, or why the log does not tell. */
function calm(columns: LogColumns, suspicions: readonly Verdict[], missing: readonly string[]): Verdict {
  const { length } = columns;
  const evidence = { steps: length };
  const doubt = doubtOf(columns, suspicions, missing);
  if (doubt !== null) {
    const verdict = verdictOf({ cause: 'unknown', signs: 0, seen: doubt, evidence });
    return { ...verdict, next: wantedFrom(length, missing) ?? verdict.next };
  }
  const seen = `${length} steps without a batch that leaps, a rise that lasts or a number that is not finite.`;
  return verdictOf({ cause: 'healthy', signs: missing.length === 0 ? 2 : 1, seen, evidence });
}

/** What to log for a clearer answer; null where nothing lacks. */
function wantedFrom(length: number, missing: readonly string[]): string | null {
  const lacking = missing.map((name) => wanted[name]);
  if (length < FEWEST) lacking.unshift(`at least ${FEWEST} steps`);
  return lacking.length === 0 ? null : `Log ${lacking.join(', and ')}.`;
}

/** Why a run without a clear fault may not be called healthy; null if it may. */
function doubtOf(
  columns: LogColumns,
  suspicions: readonly Verdict[],
  missing: readonly string[],
): string | null {
  if (columns.length < FEWEST) return `The log has ${columns.length} steps; ${FEWEST} are needed.`;
  if (missing.includes('norm')) return 'The log has no gradient norms.';
  if (suspicions.length > 0) {
    const named = suspicions.map(({ cause }) => cause).join(', ');
    return `There is a suspicion (${named}), but no clear sign.`;
  }
  return hasLearnt(columns) ? null : 'The loss did not fall, and nothing in the log says why.';
}

/** What to log, for each thing that may be missing. */
const wanted: Readonly<Record<string, string>> = {
  norm: 'the gradient norm before clipping',
  loss: 'the loss',
  batch: 'which batch each step took',
  'the first step': 'the run from its first step on',
};

/** Columns and starts that a log lacks. */
function missingIn(columns: LogColumns): string[] {
  const isMissing = (name: 'loss' | 'norm' | 'batch'): boolean =>
    columns.column(name).every((value) => Number.isNaN(value));
  const missing: string[] = (['norm', 'loss', 'batch'] as const).filter(isMissing);
  if (!startsAtBeginning(columns)) missing.push('the first step');
  return missing;
}
