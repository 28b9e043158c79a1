/** Faults of the learning rate: training that undoes what it learnt, with gradients that grow. */

import { formatNumber } from '../report/format.js';
import { median, quantile } from '../statistics/quantile.js';
import { finiteOf, trendOf } from '../statistics/robust.js';
import { exp, log } from '../tensor/math.js';
import type { LogColumns } from './log-columns.js';
import { notFiniteRows } from './rows.js';
import type { Finding } from './verdict.js';

/** Parts a run is cut into; their medians are what is compared. Few enough that a part of a short log has some rows. */
const BLOCKS = 10;
/** Rows from which a growth can be told. */
const FEWEST = 10;
/** Updates that are the first few. */
const EARLY = 20;
/** A loss this many times another is higher, whatever batch it was measured on. */
const HIGHER_LOSS = 1.25;
/** A loss this many times the first one, where that alone is the measure: a single first batch may be an easy one. */
export const THROWN = 2;
/** A loss this many times the untrained model's, for a while: a step threw the model off, even where it found back. */
const THROWN_FAR = 10;
/** A norm that grew: fewfold changes come with learning itself. */
const GROWN_NORM = 3;
/** With no loss to confirm it, a norm must have grown by this much. */
const GROWN_NORM_ALONE = 10;
/** A run that blew up: a hundredfold within a few updates. */
const BLOWN_UP = 100;
/** Rows that are the last few. */
const LAST = 10;
/** The probability of finding a trend among blocks that have no trend. */
const ALPHA = 0.01;

/** What a column did: at the first step, before any update; at its lowest block; over the last fifth. */
export interface Course {
  readonly first: number;
  /** Upper quartile after the first few updates. */
  readonly early: number;
  readonly lowest: number;
  readonly late: number;
  /** Upper quartile over that fifth. */
  readonly lateHigh: number;
  /** Medians of the blocks. */
  readonly blocks: readonly number[];
}

/** The course of a column; null where it has too few numbers. */
export function courseOf(columns: LogColumns, name: 'loss' | 'norm' | 'lr'): Course | null {
  return columns.once(`course of ${name}`, () => courseIn(columns.column(name)));
}

function courseIn(values: Float64Array): Course | null {
  const known = finiteOf(values);
  if (known.length < FEWEST) return null;
  const edges = Array.from({ length: BLOCKS + 1 }, (_, i) => Math.round((i * known.length) / BLOCKS));
  const blocks = edges.slice(1).map((edge, i) => median(known.subarray(edges[i], edge)));
  // One bad batch at the very first step must not pass for the level the run began at.
  const first = Math.min(known[0], median(known.subarray(0, 3)));
  const early = quantile(known.subarray(1, 1 + EARLY), 0.75);
  const end = known.subarray(Math.floor(0.8 * known.length));
  const lateHigh = quantile(end, 0.75);
  return { first, early, lowest: Math.min(first, ...blocks), late: median(end), lateHigh, blocks };
}

/** Whether a loss is so many times another; of losses below 0, by as much of its size. */
export function isHigher(loss: number, other: number, factor = HIGHER_LOSS): boolean {
  return loss - other > (factor - 1) * Math.abs(other);
}

/** How much of what a run had won it gave back: 0 none, 1 all of it, above 1 it ended worse than it began. */
function givenBack({ first, lowest, late }: Course): number {
  return late <= lowest ? 0 : (late - lowest) / Math.max(first - lowest, Number.MIN_VALUE);
}

/** Whether training undid itself, with what the norms and the rate did meanwhile; `judgesLoss`: whether the loss measures that. */
export function growthFinding(columns: LogColumns, judgesLoss = true): Finding | null {
  // Where the loss is no measure, norms may grow with what it is made of: only a blow-up is a fault.
  if (!judgesLoss) return blowUp(columns, false);
  const loss = courseOf(columns, 'loss');
  const norm = courseOf(columns, 'norm');
  if (!loss && norm) return growthAlone(columns, norm);
  const relapsed = loss && relapse(columns, loss, norm);
  return relapsed && relapsed.signs > 0 ? relapsed : (blowUp(columns) ?? relapsed);
}

/** A loss that rose again and stayed up, or never came below its first value. */
function relapse(columns: LogColumns, loss: Course, norm: Course | null): Finding | null {
  const isWorse = isHigher(loss.late, loss.lowest) && givenBack(loss) > 0.5;
  // Thrown off by its first updates, more than batches differ in the end, and nothing learnt since.
  const isThrown =
    isHigher(loss.early, Math.max(loss.first, loss.lateHigh), THROWN) && !isHigher(loss.first, loss.late);
  const isThrownFar = isHigher(Math.max(loss.early, ...loss.blocks), loss.first, THROWN_FAR);
  if (!isWorse && !isThrown && !isThrownFar) {
    return isNeverBelow(loss) ? findingOf(columns, 0, loss, norm) : null;
  }
  const isLost = isThrown || (isHigher(loss.late, loss.first) && isHigher(loss.late, loss.lowest, THROWN));
  const isGrown = norm !== null && norm.late > GROWN_NORM * norm.lowest;
  const signs = Number(isLost) + Number(isThrownFar) + Number(isGrown) + Number(rateGrew(columns));
  return findingOf(columns, signs, loss, norm);
}

/** Whether a loss rose clearly and was above its first value ever after: a suspicion, for it may also come down yet. */
function isNeverBelow({ first, lowest, late, blocks }: Course): boolean {
  return lowest === first && late > first && isHigher(Math.max(...blocks), first);
}

/** Norms that grow steadily, where no loss tells what that did. */
function growthAlone(columns: LogColumns, norm: Course): Finding | null {
  const isGrown = norm.late > GROWN_NORM_ALONE * norm.first && trendOf(norm.blocks).p < ALPHA;
  return isGrown ? findingOf(columns, 1, null, norm) : null;
}

/** A run that grew beyond all numbers in its last steps: from its first update on, or after a time in order. */
function blowUp(columns: LogColumns, judgesLoss = true): Finding | null {
  const [end] = notFiniteRows(columns);
  if (end === undefined) return null;
  const [loss, norm] = (['loss', 'norm'] as const).map((name) => columns.column(name).slice(0, end));
  const usual = [loss, norm].map((values) => Math.max(values[0], median(values.subarray(0, -LAST)) || 0));
  const isBlown = [loss, norm].map(
    (values, i) => (judgesLoss || i === 1) && values[end - 1] > BLOWN_UP * usual[i],
  );
  const isThrown = loss.subarray(1, 3).some((value) => isHigher(value, loss[0], THROWN));
  if (!isBlown.includes(true) || (end < FEWEST && !isThrown)) return null;
  return {
    cause: 'learning-rate',
    signs: Number(isBlown[0]) + Number(isBlown[1]),
    seen:
      `In its last steps the loss went from ${formatNumber(usual[0])} to ${formatNumber(loss[end - 1])} and the norm from ` +
      `${formatNumber(usual[1])} to ${formatNumber(norm[end - 1])}, and then beyond all numbers.`,
    evidence: { losses: [...loss.subarray(-LAST)], norms: [...norm.subarray(-LAST)] },
  };
}

/** Whether the learning rate rose over the run by as much as a norm must. */
function rateGrew(columns: LogColumns): boolean {
  const rate = courseOf(columns, 'lr');
  return rate !== null && rate.late > GROWN_NORM * rate.lowest && trendOf(rate.blocks).p < ALPHA;
}

function findingOf(columns: LogColumns, signs: number, loss: Course | null, norm: Course | null): Finding {
  const losses = loss
    ? `The loss was ${formatNumber(loss.first)} at first, ${formatNumber(loss.lowest)} at best and ${formatNumber(loss.late)} in the last fifth`
    : 'The log has no losses';
  const norms = norm
    ? `the norm ${formatNumber(norm.first)} at first, ${formatNumber(norm.lowest)} at its lowest, ${formatNumber(norm.late)} in the end`
    : 'there are no norms';
  const rate = rateGrew(columns) ? ', while the learning rate rose' : '';
  return {
    cause: 'learning-rate',
    signs,
    seen: `${losses}; ${norms}${rate}.`,
    evidence: {
      ...(loss && { firstLoss: loss.first, bestLoss: loss.lowest, lateLoss: loss.late }),
      ...(norm && {
        firstNorm: norm.first,
        lowestNorm: norm.lowest,
        lateNorm: norm.late,
        trend: perBlock(norm),
      }),
    },
  };
}

/** The norm's factor from one block to the next, by the Theil–Sen slope of its logarithm. */
function perBlock({ blocks }: Course): number {
  return exp(trendOf(blocks.map((value) => log(Math.max(value, Number.MIN_VALUE)))).slope);
}

/** Whether the loss fell: by more than batches differ, or steadily. Unknown losses count as fallen. */
export function hasLearnt(columns: LogColumns): boolean {
  const loss = courseOf(columns, 'loss');
  if (!loss) return true;
  const falling = trendOf(loss.blocks.map((value) => -value));
  return isHigher(loss.first, loss.late) || (loss.late < loss.first && falling.p < ALPHA);
}
