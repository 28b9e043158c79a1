/** What a log says, run by run: a threshold, a diagnosis, and whether the norms are those that advice needs. */

import { type Diagnosis, diagnose, recommendThreshold, type ThresholdAdvice } from '../../../src/index.js';
import type { Log } from './read.js';
import type { Run } from './runs.js';

/** Share of norms that equal the largest, from which they look as if they were taken after clipping. */
const CUT = 0.05;
/** Norms this close to the largest are equal to it: clipping adds an epsilon, and logs round. */
const EQUAL = 1e-3;
/** Norms from which such a share means something. */
const FEWEST = 20;

/** Clipped steps from which equal norms after clipping are a constant threshold, not chance. */
const FEWEST_CLIPPED = 3;
/** A label of a run without clipping, and of one clipped to a constant L2 norm. */
const UNCLIPPED = /\bclip none\b/i;
const CONSTANT = /\bclip norm:([\d.e+-]+)(?=,|$)/i;

/** One run, judged. */
export interface JudgedRun {
  readonly run: Run;
  /** Null where there are too few norms; `lacking` says what there is. */
  readonly advice: ThresholdAdvice | null;
  readonly lacking: string | null;
  readonly diagnosis: Diagnosis;
  /** The norm that so many others equal that they look clipped already; null where there is none. */
  readonly cutAt: number | null;
  /** The constant threshold under which a run that was clipped stayed healthy; null for any other run. */
  readonly keptAt: number | null;
}

/** A log, judged. */
export interface Judged extends Log {
  readonly path: string;
  readonly judged: readonly JudgedRun[];
}

/** Judges every run of a log. */
export function judge(path: string, log: Log): Judged {
  return { ...log, path, judged: log.runs.map(judgeRun) };
}

function judgeRun(run: Run): JudgedRun {
  const norms = run.columns.column('norm').filter((norm) => !Number.isNaN(norm));
  const advice = adviceOn(norms);
  const diagnosis = diagnosisOf(run);
  const keptAt = diagnosis.headline.cause === 'healthy' ? thresholdIn(run) : null;
  return { run, ...advice, diagnosis, cutAt: cutAt(norms), keptAt };
}

/** A run that its label says was not clipped had no insurance. */
function diagnosisOf({ columns, label }: Run): Diagnosis {
  const diagnosis = diagnose(columns);
  if (!UNCLIPPED.test(label)) return diagnosis;
  return { ...diagnosis, verdicts: diagnosis.verdicts.filter(({ cause }) => cause !== 'insurance') };
}

/** What a run was clipped at: the norm that all clipped steps were left with, else what its label says; null where neither tells. */
function thresholdIn({ columns, label }: Run): number | null {
  const [clipped, after] = [columns.column('clipped'), columns.column('normAfter')];
  if (!clipped.includes(1)) return null;
  const left = after.filter((norm, i) => clipped[i] === 1 && norm < Infinity).sort();
  if (left.length === 0) return Number(CONSTANT.exec(label)?.[1] ?? Number.NaN) || null;
  const isConstant = left.length >= FEWEST_CLIPPED && left[0] >= left[left.length - 1] * (1 - EQUAL);
  return isConstant ? left[left.length >> 1] : null;
}

function adviceOn(norms: Float64Array): Pick<JudgedRun, 'advice' | 'lacking'> {
  if (norms.length === 0) return { advice: null, lacking: 'The log has no gradient norms.' };
  try {
    return { advice: recommendThreshold(norms), lacking: null };
  } catch (error) {
    if (!(error instanceof Error)) throw error;
    return { advice: null, lacking: `${error.message.replace(/^\w+: n/, 'N')}.` };
  }
}

/** Where norms end at a wall: the largest, if many equal it. */
function cutAt(norms: Float64Array): number | null {
  const finite = norms.filter((norm) => norm > 0 && norm < Infinity);
  const largest = finite.reduce((most, norm) => Math.max(most, norm), 0);
  const equal = finite.filter((norm) => norm >= largest * (1 - EQUAL)).length;
  return finite.length >= FEWEST && equal >= CUT * finite.length ? largest : null;
}
