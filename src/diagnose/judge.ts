/** What a log says, run by run: a threshold, a diagnosis, the threshold in force, and whether the norms are those that advice needs. */

import { checkArray, checkObject } from '../tensor/arguments.js';
import { type Diagnosis, diagnose, type Objective } from './diagnose.js';
import type { Framework } from './read/framework.js';
import type { Log } from './read/read-log.js';
import type { Run } from './read/runs.js';
import { recommendThreshold, type ThresholdAdvice } from './recommend.js';

/** Share of norms that equal the largest, from which they look as if they were taken after clipping. */
const CUT = 0.05;
/** Norms this close to the largest are equal to it: clipping adds an epsilon, and logs round. */
const EQUAL = 1e-3;
/** Norms from which such a share means something, and equal ones that are no chance. */
const FEWEST = 20;
const FEWEST_EQUAL = 5;

/** Clipped steps from which equal norms after clipping are a constant threshold, not chance. */
const FEWEST_CLIPPED = 3;
/** A label of a run without clipping, and of one clipped to a constant L2 norm. */
const UNCLIPPED = /\bclip none\b/i;
const CONSTANT = /\bclip norm:([\d.e+-]+)(?=,|$)/i;

/** The threshold that clipped a run, and how that is known. */
export interface ThresholdInForce {
  readonly threshold: number;
  /** Given by the caller, written in the log, told by clipped steps, or the default of the program that wrote it. */
  readonly source: 'given' | 'logged' | 'seen' | 'assumed';
  /** Share of the norms above it. */
  readonly rate: number;
}

/** One run, judged. */
export interface JudgedRun {
  readonly run: Run;
  /** Null where there are too few norms; `lacking` says what there is. */
  readonly advice: ThresholdAdvice | null;
  readonly lacking: string | null;
  readonly diagnosis: Diagnosis;
  /** The norm that so many others equal that they look clipped already; null without such a norm. */
  readonly cutAt: number | null;
  /** The constant threshold under which a run that was clipped stayed healthy; null for any other run. */
  readonly keptAt: number | null;
  /** Null where nothing tells. */
  readonly inForce: ThresholdInForce | null;
}

/** A log, judged. */
export interface JudgedLog extends Log {
  readonly judged: readonly JudgedRun[];
}

/** What is known about a log besides its content. */
export interface JudgeOptions {
  /** The norm at which its runs were clipped. */
  readonly clip?: number;
}

/** Judges every run of a log. Throws RangeError unless `clip` is above 0. */
export function judgeLog(log: Log, options: JudgeOptions = {}): JudgedLog {
  checkObject('judgeLog', 'the log', log, 'what readLog gives');
  checkArray('judgeLog', 'the runs of the log', log.runs, 'runs, as readLog gives them');
  checkObject('judgeLog', 'options', options, 'an object { clip }');
  const { clip } = options;
  if (clip !== undefined && !(clip > 0)) {
    throw new RangeError(`judgeLog: clip must be a norm above 0, got ${String(clip)}`);
  }
  return { ...log, judged: log.runs.map((run) => judgeRun(run, log, clip)) };
}

function judgeRun(run: Run, { objective, framework, clipSetting }: Log, clip: number | undefined): JudgedRun {
  const known = clip ?? clipSetting ?? undefined;
  if (known !== undefined) run.columns.markClipped(known);
  const norms = run.columns.column('norm').filter((norm) => !Number.isNaN(norm));
  const advice = adviceOn(norms);
  const diagnosis = diagnosisOf(run, objective);
  const keptAt = diagnosis.headline.cause === 'healthy' ? thresholdIn(run) : null;
  const cut = cutAt(norms);
  const inForce = inForceOf(run, norms, { clip, clipSetting, framework, cut });
  return { run, ...advice, diagnosis, cutAt: cut, keptAt, inForce };
}

/** The threshold that clipped a run: as given, as logged, as its clipped steps show, as its program does by default. */
function inForceOf(
  run: Run,
  norms: Float64Array,
  how: {
    clip: number | undefined;
    clipSetting: number | null;
    framework: Framework | null;
    cut: number | null;
  },
): ThresholdInForce | null {
  const above = (threshold: number): number =>
    norms.filter((norm) => norm > threshold).length / Math.max(1, norms.length);
  const found = (threshold: number, source: ThresholdInForce['source']): ThresholdInForce => ({
    threshold,
    source,
    rate: above(threshold),
  });
  if (how.clip !== undefined) return found(how.clip, 'given');
  if (how.clipSetting !== null) return found(how.clipSetting, 'logged');
  const seen = thresholdIn(run);
  if (seen !== null) return found(seen, 'seen');
  const standard = how.framework?.clipsAt ?? null;
  // Norms that end at the default were taken after clipping; norms all below it say nothing of it.
  if (standard === null || how.cut !== null || above(standard * (1 + EQUAL)) === 0) return null;
  return found(standard, 'assumed');
}

/** A run that its label says was not clipped had no insurance. */
function diagnosisOf({ columns, label }: Run, objective: Objective): Diagnosis {
  const diagnosis = diagnose(columns, { objective });
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
  return finite.length >= FEWEST && equal >= Math.max(FEWEST_EQUAL, CUT * finite.length) ? largest : null;
}
