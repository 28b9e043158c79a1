/** The diagnosis of a run from its log: every check's finding, weighed against the others, and one headline. */

import { formatNumber } from '../report/format.js';
import { checkIterable, checkObject } from '../tensor/arguments.js';
import { clipRateFinding } from './clip-rate.js';
import { firstStepFinding, startsAtBeginning } from './first-step.js';
import { type Course, courseOf, growthFinding, hasLearnt, isHigher } from './growth.js';
import { LogColumns } from './log-columns.js';
import type { LoggedStep } from './logged-step.js';
import { notFiniteFinding, silenceFinding } from './not-finite.js';
import { dataFinding, fewSpikes } from './spikes.js';
import { confidenceOf, ENOUGH, type Finding, listed, type Verdict, verdictOf } from './verdict.js';

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

/**
 * What a run optimises. Only a `loss` that is to fall measures how the training goes: the loss of reinforcement learning
 * (`reward`) and those of networks that work against each other (`adversarial`) rise and fall while all is well.
 */
export type Objective = 'loss' | 'reward' | 'adversarial';

/** What is known of a run besides its log. */
export interface DiagnoseOptions {
  /** Default `loss`. */
  readonly objective?: Objective;
}

/** Steps from which a run may be called healthy; a fault may show earlier. */
const FEWEST = 20;

/** Faults in the order in which they act: what comes first explains what follows, at equal confidence. */
const order = ['conditioning', 'data', 'learning-rate', 'numerics'] as const;

const objectives: readonly Objective[] = ['loss', 'reward', 'adversarial'];

/**
 * Diagnoses a run: spikes that come with particular batches → data; a loss that rises again, with growing norms → learning
 * rate; numbers that stop being finite out of the blue, or stop being written → numerics; a first gradient out of scale →
 * conditioning; nearly all steps clipped → the threshold replaces the learning rate; none → insurance. Else healthy, or
 * "unknown" if the log does not suffice. Every verdict has its evidence and its confidence. Throws RangeError for an
 * objective that is not known.
 */
export function diagnose(log: Iterable<LoggedStep> | LogColumns, options: DiagnoseOptions = {}): Diagnosis {
  checkObject('diagnose', 'options', options, 'an object { objective }');
  if (!(log instanceof LogColumns)) checkIterable('diagnose', 'the log', log, 'logged steps');
  const { objective = 'loss' } = options;
  if (!objectives.includes(objective)) {
    throw new RangeError(
      `diagnose: objective must be one of ${objectives.join(', ')}, got ${String(objective)}`,
    );
  }
  const columns = LogColumns.from(log);
  const faults = weighed(columns, objective);
  const missing = missingIn(columns);
  const notes: Verdict[] = [];
  const clipping = clipRateFinding(columns);
  if (clipping) notes.push(verdictOf(clipping));
  const isFault = faults.length > 0 && faults[0].confidence >= ENOUGH;
  if (!isFault && clipping?.cause !== 'threshold') notes.unshift(calm(columns, objective, faults, missing));
  const verdicts = isFault ? [...faults, ...notes] : [...notes, ...faults];
  return { headline: verdicts[0], verdicts, steps: columns.length, missing };
}

/** The faults found, each doubted if one that acts earlier explains it, the likeliest first. */
function weighed(columns: LogColumns, objective: Objective): readonly Verdict[] {
  const judgesLoss = objective === 'loss';
  const found = [
    judgesLoss ? firstStepFinding(columns) : null,
    dataFinding(columns, judgesLoss),
    growthFinding(columns, judgesLoss),
    notFiniteFinding(columns) ?? silenceFinding(columns),
  ].filter((finding): finding is Finding => finding !== null);
  return found
    .map((finding, i) => {
      const isExplained = found.slice(0, i).some((earlier) => explains(earlier, finding));
      return verdictOf(finding, confidenceOf(Math.min(2, finding.signs) - Number(isExplained)));
    })
    .sort((a, b) => b.confidence - a.confidence || rank(a) - rank(b));
}

/** A clear fault explains what acts after it; and a growth needs no rate if the first gradients were out of scale. */
function explains(earlier: Finding, later: Finding): boolean {
  return earlier.signs >= 2 || (earlier.cause === 'conditioning' && later.cause === 'learning-rate');
}

const rank = ({ cause }: Verdict): number => order.indexOf(cause as (typeof order)[number]);

/** What is said if no fault was found: healthy, or why the log does not tell. */
function calm(
  columns: LogColumns,
  objective: Objective,
  suspicions: readonly Verdict[],
  missing: readonly string[],
): Verdict {
  const { length } = columns;
  const doubt = doubtOf(columns, objective, suspicions, missing);
  if (doubt !== null) {
    const verdict = verdictOf({ cause: 'unknown', signs: 0, seen: doubt, evidence: { steps: length } });
    const means =
      objective !== 'loss' && missing.includes('norm')
        ? 'Nothing that is wrong shows; but without norms only numbers that are not finite would.'
        : verdict.means;
    return { ...verdict, means, next: wantedFrom(length, missing) ?? verdict.next };
  }
  return verdictOf(healthy(columns, objective, missing));
}

/** What a run without a fault shows, and what one or two spikes in it mean. */
function healthy(columns: LogColumns, objective: Objective, missing: readonly string[]): Finding {
  const { length } = columns;
  const spikes = fewSpikes(columns, objective === 'loss');
  const course = courseSaid(columns, objective, missing);
  const evidence = { steps: length, ...(spikes && { spikes: spikes.steps, ratio: spikes.ratio }) };
  if (spikes?.isAtCliffs) {
    return {
      cause: 'healthy',
      signs: 1,
      seen: `${course}. The norm leapt at ${spikes.steps.length} single steps (${listed(spikes.steps)}), to ${formatNumber(spikes.ratio)} times the usual; the loss stood elsewhere right before or after, too.`,
      means:
        'These steps cross a cliff of the loss surface, whatever their batch: what clipping was made for.',
      next: 'Clip, or keep clipping: it bounds such steps. A lower learning rate crosses fewer cliffs.',
      evidence,
    };
  }
  if (spikes !== null) {
    const { name, steps, ratio } = spikes;
    const times = steps.length === 1 ? `once, at step ${steps[0]}` : `twice, at steps ${listed(steps)}`;
    return {
      cause: 'healthy',
      signs: 1,
      seen: `${course}. The ${name} leapt ${times}, to ${formatNumber(ratio)} times the usual, and was back at once.`,
      means: `Apart from ${steps.length === 1 ? 'one spike' : 'two spikes'}, nothing is wrong; that is too few to tell a cause.`,
      next: 'Clip, which bounds such steps; if they come again, look at the batches of these steps.',
      evidence,
    };
  }
  const hasNorm = !missing.includes('norm');
  return {
    cause: 'healthy',
    signs: missing.length === 0 && objective === 'loss' ? 2 : 1,
    seen: `${course}; ${hasNorm || objective === 'loss' ? 'no step leapt, nothing rose for long, ' : ''}every number is finite.`,
    evidence,
    ...(objective !== 'loss' && { means: unjudged[objective] }),
    ...(!hasNorm && {
      means: 'Nothing in the loss is wrong.',
      next: 'Leave it as it is. With the gradient norm in the log, advice could also name a threshold to clip at.',
    }),
  };
}

/** Why a loss is not judged. */
const unjudged: Readonly<Record<Exclude<Objective, 'loss'>, string>> = {
  reward:
    'In reinforcement learning the level of the loss says nothing, so it is not judged: norms and numbers that are not finite are.',
  adversarial:
    'Losses of networks that work against each other say nothing by their level, so they are not judged: norms and numbers that are not finite are.',
};

/** What the loss did, in a clause. */
function courseSaid(columns: LogColumns, objective: Objective, missing: readonly string[]): string {
  const { length } = columns;
  const course = courseOf(columns, 'loss');
  if (objective !== 'loss' || missing.includes('loss') || course === null) return `${length} steps`;
  const { first, late } = course;
  const [loss] = columns.column('loss');
  const way = fellAtOnce(columns, course)
    ? `fell from ${formatNumber(loss)} to ${formatNumber(late)}, most of it before the second row,`
    : hasLearnt(columns)
      ? `fell from ${formatNumber(first)} to ${formatNumber(late)}`
      : `stayed near ${formatNumber(late)}`;
  return `The loss ${way} over ${length} steps`;
}

/** What to log for a clearer answer; null if nothing is missing. */
function wantedFrom(length: number, missing: readonly string[]): string | null {
  const lacking = missing.map((name) => wanted[name]);
  if (length < FEWEST) lacking.unshift(`at least ${FEWEST} steps`);
  return lacking.length === 0 ? null : `Log ${lacking.join(', and ')}.`;
}

/** Why a run without a clear fault may not be called healthy; null if it may. */
function doubtOf(
  columns: LogColumns,
  objective: Objective,
  suspicions: readonly Verdict[],
  missing: readonly string[],
): string | null {
  if (columns.length < FEWEST) return `The log has ${columns.length} steps; ${FEWEST} are needed.`;
  if (missing.includes('norm') && (missing.includes('loss') || objective !== 'loss')) {
    return missing.includes('loss')
      ? 'The log has neither losses nor gradient norms.'
      : `All ${columns.length} losses are finite. ${unjudged[objective as Exclude<Objective, 'loss'>].split(',')[0]}, and the log has no gradient norms.`;
  }
  if (suspicions.length > 0) {
    const named = suspicions.map(({ cause }) => cause).join(', ');
    return `There is a suspicion (${named}), but no clear sign.`;
  }
  if (objective !== 'loss' || hasLearnt(columns)) return null;
  // The middle of a long run may well be level.
  const course = courseOf(columns, 'loss');
  const isLevel =
    course !== null &&
    (!startsAtBeginning(columns) || fellAtOnce(columns, course)) &&
    !isHigher(course.late, course.first);
  return isLevel ? null : 'The loss did not fall, and nothing in the log says why.';
}

/** Rows this many steps apart leave room for a loss that fell between the first two. */
const APART = 10;
/** Share of a fall that is most of it. */
const MOST = 0.8;

/** Whether the loss fell from the first row to the second, many steps later, and stayed there: such a run has learnt, and early. */
function fellAtOnce(columns: LogColumns, { late }: Course): boolean {
  const [steps, losses] = [columns.column('step'), columns.column('loss')];
  const [first, second] = losses;
  return steps[1] - steps[0] >= APART && isHigher(first, late) && first - second > MOST * (first - late);
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
