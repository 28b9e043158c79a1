/** Faults of the data: norms that leap out of their neighbourhood, and whether they do so with particular batches. */

import { formatNumber } from '../report/format.js';
import { hypergeometricTail } from '../statistics/fisher-test.js';
import { median } from '../statistics/quantile.js';
import { MAD_TO_SIGMA, runningMedian } from '../statistics/robust.js';
import { exp, log } from '../tensor/math.js';
import type { LogColumns } from './log-columns.js';
import { notFiniteRows, stepsOf } from './rows.js';
import { type Finding, listed } from './verdict.js';

/** Steps around each that say what is usual there: short beside a training, long beside a spike. */
const NEIGHBOURHOOD = 31;
/** Steps that say how much norms scatter: more of them, since a scatter is known less well than a middle. */
const SCATTER = 101;
/** Told by its shape alone, a leap is also this many robust σ of ln‖g‖ above its neighbourhood: of normal noise, one step in 3 million. */
const SIGMAS = 5;
/** Steps beyond which a leap must be another σ higher for each tenfold. */
const LONG = 1000;
/** A leap is this many times its neighbourhood: hard batches are up to six times as hard, spoilt ones tens of times. */
const LEAP = 8;
/** Spikes that one batch, or a log without batches, must show: two may be chance, three in the same place are not. */
const FEWEST = 3;
/** Chance of blaming any batch wrongly, all batches together (Bonferroni). */
const ALPHA = 1e-3;
/** A spike has passed if this many steps later, in the middle, less than half its height (in ln) is left. */
const RECOVERY = 5;
/** A loss this many times the usual, or that much less, is at another place. */
const MOVED = 3;
/** Share of spikes that must be sudden and pass, where shape is all there is to go by. */
const MOSTLY = 0.8;

/** Where norms and losses leap. */
interface Leaps {
  /** Rows whose norm or loss is `LEAP` times its neighbourhood's, and no echo of a higher one just before. */
  readonly rows: readonly number[];
  /** ln of each row's norm over its neighbourhood's; NaN where that is not known. */
  readonly norms: Float64Array;
  /** The same of the losses: a network that died of a bad batch shows it in the loss alone. */
  readonly losses: Float64Array;
  /** The larger of the two. */
  readonly heights: Float64Array;
}

/** The rows where the norm or the loss leaps. */
function leapsOf(columns: LogColumns, judgesLoss: boolean): Leaps {
  return columns.once(judgesLoss ? 'leaps' : 'leaps of the norm', () => findLeaps(columns, judgesLoss));
}

function findLeaps(columns: LogColumns, judgesLoss: boolean): Leaps {
  const norms = overUsual(columns.column('norm'));
  const losses = judgesLoss ? overUsual(columns.column('loss')) : norms.map(() => Number.NaN);
  const heights = norms.map((norm, i) => (losses[i] > norm || Number.isNaN(norm) ? losses[i] : norm));
  return { rows: leapsIn(heights), norms, losses, heights };
}

/** Rows that are so many times their neighbourhood, and are no echo of a higher one just before. */
function leapsIn(heights: Float64Array): number[] {
  const least = log(LEAP);
  const rows: number[] = [];
  for (let i = 0; i < heights.length; i++) {
    if (heights[i] > least && !(heights[i - 1] > heights[i])) rows.push(i);
  }
  return rows;
}

/** ln of each over the median of its neighbourhood; NaN where one of them is not positive and finite. */
function overUsual(values: Float64Array): Float64Array {
  const logs = values.map((value) => (value > 0 && value < Infinity ? log(value) : Number.NaN));
  const usual = runningMedian(logs, NEIGHBOURHOOD);
  // In place: of a log of millions of rows each copy counts.
  for (let i = 0; i < logs.length; i++) logs[i] -= usual[i];
  return logs;
}

/** Whether leaps come with particular batches; where the log names none that come back, whether they look like it. */
export function dataFinding(columns: LogColumns, judgesLoss = true): Finding | null {
  const leaps = leapsOf(columns, judgesLoss);
  const visits = visitsOf(columns);
  if (visits.length === 0 || median(visits) < FEWEST) return isolated(columns, leaps);
  return broken(columns, visits) ?? recurrence(columns, leaps, visits);
}

/** How often each batch came, among some rows or all. */
function visitsOf(columns: LogColumns, rows?: readonly number[]): Float64Array {
  const visits = new Float64Array(columns.batches.length);
  const batch = columns.column('batch');
  const count = (id: number): void => {
    if (id < visits.length) visits[id]++;
  };
  if (rows) for (const row of rows) count(batch[row]);
  else batch.forEach(count);
  return visits;
}

/** Batches that were not finite at every visit: an overflow of the arithmetic comes and goes, a NaN in the data stays. */
function broken(columns: LogColumns, visits: Float64Array): Finding | null {
  const rows = notFiniteRows(columns);
  const names = columns.batches;
  const times = visitsOf(columns, rows);
  const blamed = names.flatMap((name, id) => (times[id] >= FEWEST && times[id] === visits[id] ? [name] : []));
  if (blamed.length === 0 || blamed.length === names.length) return null;
  return {
    cause: 'data',
    signs: 2,
    seen: `The loss or gradient was not finite each time with ${batchesSaid(blamed)}.`,
    evidence: { batches: blamed, steps: stepsOf(columns, rows) },
  };
}

/** Batches that had more than their share of the leaps, by Fisher's exact test. */
function recurrence(columns: LogColumns, { rows, heights }: Leaps, visits: Float64Array): Finding | null {
  const leapt = visitsOf(columns, rows);
  const [total, marked] = [visits, leapt].map((counts) => counts.reduce((sum, count) => sum + count, 0));
  const names = columns.batches;
  const blamed = names.flatMap((name, id) => {
    if (leapt[id] < FEWEST) return [];
    const p = names.length * hypergeometricTail(leapt[id], visits[id], marked, total);
    return p < ALPHA ? [{ id, name, p }] : [];
  });
  if (blamed.length === 0) return null;
  const explained = blamed.reduce((sum, { id }) => sum + leapt[id], 0);
  const batch = columns.column('batch');
  const own = rows.filter((row) => blamed.some(({ id }) => id === batch[row]));
  const [ratio, p] = [heightOf(own, heights), Math.max(...blamed.map((each) => each.p))];
  const batches = blamed.map(({ name }) => name);
  return {
    cause: 'data',
    signs: 2 * explained >= marked ? 2 : 1,
    seen:
      `${explained} of the ${marked} steps that leapt came with ${batchesSaid(batches)}, ` +
      `at ${formatNumber(ratio)} times the usual norm or loss (chance of that: ${formatNumber(p)}).`,
    evidence: { batches, p, leaps: marked, explained, ratio, steps: stepsOf(columns, own) },
  };
}

/** Spikes that come out of the blue and are over at once, as those of single bad batches are: of the norm, else of the loss. */
function isolated(columns: LogColumns, { norms, losses }: Leaps): Finding | null {
  return isolatedIn(columns, 'norm', norms) ?? isolatedIn(columns, 'loss', losses);
}

function isolatedIn(columns: LogColumns, name: 'norm' | 'loss', heights: Float64Array): Finding | null {
  const spikes = spikesIn(heights);
  const single = singleAmong(spikes, heights);
  if (single.length < FEWEST || single.length < MOSTLY * spikes.length) return null;
  if (name === 'norm' && crossesCliffs(columns, single)) return null;
  const ratio = heightOf(single, heights);
  const steps = stepsOf(columns, single);
  return {
    cause: 'data',
    signs: 1,
    seen:
      `${single.length} single steps leapt to ${formatNumber(ratio)} times the usual ${name} and were over at once ` +
      `(step ${listed(steps)}); the log does not say which batches they were.`,
    evidence: { spikes: single.length, ratio, steps },
  };
}

/**
 * Whether the losses right before or after most leaps are far from what is usual there, too, and not only those of the
 * leaps: then a step crossed a cliff of the loss surface (Pascanu, Mikolov & Bengio 2013), whatever its batch.
 */
function crossesCliffs(columns: LogColumns, rows: readonly number[]): boolean {
  const losses = overUsual(columns.column('loss'));
  const known = rows.filter((i) => !Number.isNaN(losses[i]));
  const leapt = known.filter((i) => losses[i] > log(LEAP) / 2).length;
  const moved = known.filter((i) => [i - 1, i + 1].some((row) => Math.abs(losses[row]) > log(MOVED))).length;
  return known.length > 0 && leapt < MOSTLY * known.length && 2 * moved > known.length;
}

/** Spikes that came at once and had passed a few steps later. What the first row is high above is what it fell to. */
function singleAmong(spikes: readonly number[], heights: Float64Array): readonly number[] {
  return spikes.filter((i) => {
    if (i === 0) return false;
    const after = heights.slice(i + 1, i + 1 + RECOVERY).filter((value) => !Number.isNaN(value));
    return !(heights[i - 1] > heights[i] / 2) && after.length > 0 && median(after) < heights[i] / 2;
  });
}

/** Spikes that are too few to tell a cause: of what, where, and how high. */
export interface FewSpikes {
  readonly name: 'norm' | 'loss';
  /** Whether the loss moved with them and did not leap: they cross cliffs of its surface. */
  readonly isAtCliffs: boolean;
  readonly steps: readonly number[];
  /** Times the usual value. */
  readonly ratio: number;
}

/** One or two single spikes of the norm, else of the loss, or more of them at cliffs; null without any, or where there are more. */
export function fewSpikes(columns: LogColumns, judgesLoss = true): FewSpikes | null {
  const { norms, losses } = leapsOf(columns, judgesLoss);
  for (const [name, heights] of [
    ['norm', norms],
    ['loss', losses],
  ] as const) {
    const single = singleAmong(spikesIn(heights), heights);
    const isAtCliffs = name === 'norm' && single.length >= FEWEST && crossesCliffs(columns, single);
    if (single.length >= FEWEST && !isAtCliffs) return null;
    if (single.length > 0)
      return { name, isAtCliffs, steps: stepsOf(columns, single), ratio: heightOf(single, heights) };
  }
  return null;
}

/** Rows that leap and also stand out of the scatter: spikes by shape alone. */
function spikesIn(heights: Float64Array): readonly number[] {
  // The more steps, the further out the furthest of ordinary ones lies.
  const sigmas = SIGMAS + Math.max(0, log(heights.length / LONG) / log(10));
  return leapsIn(heights).filter((i) => {
    // Both: a run that scatters at its start and is calm later is no run of spikes.
    const scatter = Math.max(scatterAround(heights, i, SCATTER), scatterAround(heights, i, NEIGHBOURHOOD));
    return heights[i] > sigmas * MAD_TO_SIGMA * scatter;
  });
}

/** The median size of the heights around a row. */
function scatterAround(heights: Float64Array, i: number, width: number): number {
  const half = width >> 1;
  return median(heights.subarray(Math.max(0, i - half), i + half + 1).map(Math.abs));
}

/** Median height of leaps over their neighbourhood. */
function heightOf(rows: readonly number[], heights: Float64Array): number {
  return exp(median(rows.map((i) => heights[i])));
}

function batchesSaid(names: readonly (number | string)[]): string {
  return `${names.length === 1 ? 'batch' : 'batches'} ${listed(names)}`;
}
