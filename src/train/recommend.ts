/** Which clip threshold suits a run, from its gradient norms alone. */

import { log } from '../tensor/math.js';
import { finiteOf, middle, quantileOfSorted, type Trend, trendOf } from './robust.js';

/** What a threshold would have done to a stretch of norms. */
export interface ClipEffect {
  /** Share of the steps that it would have clipped. */
  readonly rate: number;
  /** Σ max(0, ‖g‖ − c) / Σ‖g‖: the share of all step length that it would have taken. */
  readonly stepLengthLost: number;
}

/** One threshold that might be chosen. */
export interface ThresholdCandidate {
  readonly name: 'median' | '75th percentile' | '90th percentile';
  readonly threshold: number;
  /** On the norms that it is a percentile of. */
  readonly inSample: ClipEffect;
  /** The same percentile of the first half of all norms, and what it would have done to the second. */
  readonly outOfSample: ClipEffect & { readonly threshold: number };
}

/** Thresholds to choose from, the one that is recommended, and why. */
export interface ThresholdAdvice {
  readonly candidates: readonly ThresholdCandidate[];
  readonly recommended: ThresholdCandidate;
  readonly why: string;
  /** What speaks against relying on it, in sentences. */
  readonly warnings: readonly string[];
  /** Norms that were used: finite and above 0. */
  readonly count: number;
  /** NaN, infinite or below 0. */
  readonly nonFinite: number;
  readonly zeros: number;
  /** The norms' median in the last fifth by that in the first, and whether they drift: steadily, and by enough to matter. */
  readonly drift: { readonly ratio: number; readonly p: number; readonly isDrifting: boolean };
}

/** Norms below which a 90th percentile rests on a value or two. */
const FEWEST = 20;
/** Blocks whose medians show a drift. */
const BLOCKS = 20;
/** Chance of calling a trend what is none. */
const ALPHA = 0.01;
/** Norms that double or halve move a threshold's clip rate from a tenth to a half or to nothing. */
const DRIFT = 2;
/** σ of ln‖g‖ above the median up to which a norm is an ordinary one. */
const ORDINARY = 3;
/** A normal distribution's lower quartile is this many σ below its median. */
const QUARTILE = 0.6745;
/** A clip rate this share of itself away from the one aimed at is another one, if also by this many standard errors. */
const OFF = 0.5;
const ERRORS = 3;

const percentiles = [
  ['median', 0.5],
  ['75th percentile', 0.75],
  ['90th percentile', 0.9],
] as const;

/**
 * Recommends a clip threshold from the norms of a run, before clipping, in their order: the highest of median, 75th and
 * 90th percentile that is still an ordinary norm, so that outliers are bounded and little else. Where norms drift, the
 * second half counts. O(n log n). Throws an Error for fewer than 20 norms that are finite and above 0.
 */
export function recommendThreshold(norms: ArrayLike<number>): ThresholdAdvice {
  const all = new Float64Array(norms);
  // A zero becomes NaN here, and is left out with what is not finite.
  const used = finiteOf(all.map((norm) => (norm > 0 ? norm : Number.NaN)));
  if (used.length < FEWEST) {
    const given = `got ${used.length} of ${all.length}`;
    throw new Error(
      `recommendThreshold: needs ${FEWEST} norms that are finite and above 0, ${given}; log more steps`,
    );
  }
  const zeros = all.reduce((count, norm) => count + Number(norm === 0), 0);
  const nonFinite = all.length - used.length - zeros;
  const half = used.length >> 1;
  const [first, second] = [used.subarray(0, half), used.subarray(half)];
  const drift = driftOf(used);
  const basis = drift.isDrifting ? second : used;
  const sorted = basis.slice().sort();
  const candidates = candidatesOf(basis, sorted, first, second);
  const limit = ordinaryLimit(sorted);
  const ordinary = candidates.filter(({ threshold }, i) => i === 0 || log(threshold) <= limit);
  const recommended = ordinary[ordinary.length - 1];
  const why = reasonFor(recommended, drift.isDrifting, candidates.length - ordinary.length);
  const warnings = warningsOf(recommended, drift, nonFinite, zeros, all.length);
  return { candidates, recommended, why, warnings, count: used.length, nonFinite, zeros, drift };
}

function candidatesOf(
  basis: Float64Array,
  sorted: Float64Array,
  first: Float64Array,
  second: Float64Array,
): ThresholdCandidate[] {
  const sortedFirst = first.slice().sort();
  return percentiles.map(([name, q]) => {
    const threshold = quantileOfSorted(sorted, q);
    const fitted = quantileOfSorted(sortedFirst, q);
    const outOfSample = { threshold: fitted, ...effectOf(second, fitted) };
    return { name, threshold, inSample: effectOf(basis, threshold), outOfSample };
  });
}

function effectOf(norms: Float64Array, threshold: number): ClipEffect {
  let [clipped, lost, length] = [0, 0, 0];
  for (const norm of norms) {
    // In units of the threshold: a sum of norms near the largest number there is would be infinite.
    length += norm / threshold;
    if (norm <= threshold) continue;
    clipped++;
    lost += norm / threshold - 1;
  }
  return { rate: clipped / norms.length, stepLengthLost: lost / length };
}

/** Whether block medians rise or fall by rank, and by how much from the first fifth to the last. */
function driftOf(norms: Float64Array): ThresholdAdvice['drift'] {
  const edges = Array.from({ length: BLOCKS + 1 }, (_, i) => Math.round((i * norms.length) / BLOCKS));
  const medians = edges.slice(1).map((end, i) => middle(norms.subarray(edges[i], end)));
  const fifth = Math.ceil(norms.length / 5);
  const ratio = middle(norms.subarray(-fifth)) / middle(norms.subarray(0, fifth));
  const rising: Trend = trendOf(medians);
  const falling: Trend = trendOf(medians.map((value) => -value));
  const p = Math.min(1, 2 * Math.min(rising.p, falling.p));
  return { ratio, p, isDrifting: p < ALPHA && (ratio > DRIFT || ratio < 1 / DRIFT) };
}

/**
 * ln of the largest norm that is an ordinary one: some σ of ln‖g‖ above the median, σ being told by the lower quartile, to
 * which outliers do not reach.
 */
function ordinaryLimit(sorted: Float64Array): number {
  const center = log(quantileOfSorted(sorted, 0.5));
  return center + (ORDINARY * (center - log(quantileOfSorted(sorted, 0.25)))) / QUARTILE;
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

function reasonFor({ name, inSample }: ThresholdCandidate, isDrifting: boolean, passed: number): string {
  const norms = isDrifting ? "the second half's norms" : 'the norms';
  const effect =
    `It would have clipped ${percent(inSample.rate)} of the steps and taken ` +
    `${percent(inSample.stepLengthLost)} of all step length.`;
  const others =
    passed === 1 ? 'the percentile above it is an outlier' : 'the percentiles above it are outliers';
  return passed === 0
    ? `The ${name} of ${norms} bounds the largest steps and leaves nine in ten as they are. ${effect}`
    : `The ${name} of ${norms}: ${others}, far beyond ordinary norms, and would bound nothing. ${effect}`;
}

function warningsOf(
  { name, inSample, outOfSample }: ThresholdCandidate,
  { ratio, isDrifting }: ThresholdAdvice['drift'],
  nonFinite: number,
  zeros: number,
  total: number,
): string[] {
  const warnings: string[] = [];
  const aimed = percent(inSample.rate);
  const came = percent(outOfSample.rate);
  if (isDrifting) {
    const way = ratio > 1 ? 'grew' : 'fell';
    warnings.push(
      `The norms ${way} ${Number((ratio > 1 ? ratio : 1 / ratio).toPrecision(3))}-fold over the run: no fixed threshold ` +
        'holds. Choose it anew later, give it a schedule, or let a clipper follow the norms (autoClip, zClip).',
    );
  }
  // The first half errs in the threshold, the second in its rate.
  const error = Math.sqrt((4 * inSample.rate * (1 - inSample.rate)) / total);
  if (Math.abs(outOfSample.rate - inSample.rate) > Math.max(OFF * inSample.rate, ERRORS * error)) {
    warnings.push(
      `Chosen by the first half, the ${name} would have clipped ${came} of the second, not ${aimed}: what it does ` +
        'later may differ as much.',
    );
  }
  if (nonFinite > 0) {
    warnings.push(
      `${nonFinite} of ${total} norms are no finite numbers from 0 up and were left out: no threshold mends them; skip such steps.`,
    );
  }
  if (zeros > 0) warnings.push(`${zeros} of ${total} norms are 0 and were left out: find out why.`);
  return warnings;
}
