/** Which clip threshold suits a run, from its gradient norms alone. */

import { formatNumber } from '../report/format.js';
import { median, quantileOfSorted } from '../statistics/quantile.js';
import { finiteOf, type Trend, trendOf } from '../statistics/robust.js';
import { shareOf } from '../statistics/share.js';
import { log } from '../tensor/math.js';

/** What a threshold would have done to a stretch of norms. */
export interface ClipEffect {
  /** Share of the steps that it would have clipped. */
  readonly rate: number;
  /** Σ max(0, ‖g‖ − c) / Σ‖g‖: the share of all step length that it would have taken. */
  readonly stepLengthLost: number;
}

/** One threshold that might be chosen. */
export interface ThresholdCandidate {
  readonly name: 'median' | '75th percentile' | '90th percentile' | 'first norm';
  readonly threshold: number;
  /** On the norms that it is a percentile of; of the first norm, on all. */
  readonly inSample: ClipEffect;
  /** The same of the first half of all norms, and what it would have done to the second. */
  readonly outOfSample: ClipEffect & { readonly threshold: number };
}

/** Thresholds to choose from, the one that is recommended, and why. */
export interface ThresholdAdvice {
  readonly candidates: readonly ThresholdCandidate[];
  /** For a run like this one from its start. */
  readonly recommended: ThresholdCandidate;
  /**
   * The threshold to go on with from where this run ended: another one where the norms drifted by more than a threshold
   * may be off, null where they exploded.
   */
  readonly toGoOn: number | null;
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
/** The probability of reporting a trend where no trend is. */
const ALPHA = 0.01;
/** Norms that double or halve move a threshold's clip rate from a tenth to a half or to nothing. */
const DRIFT = 2;
/** A threshold is good within about this factor: norms that drifted further need one to start with and one to go on with. */
const FAR = 10;
/** The last fifth's median by that of the first few norms, beyond which norms exploded and their percentiles mean nothing. */
const EXPLODED = 1000;
const FIRST = 3;
/** Share of all step length beyond which a threshold of falling norms takes what the run learned by. */
const MOST = 0.5;
/** σ of ln‖g‖ above the median up to which a norm is an ordinary one. */
const ORDINARY = 3;
/** A percentile this many times the median or less is no outlier, however little the norms below it scatter. */
const REAL_FACTOR = 3;
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
 * second half counts; where they drift more than tenfold, the first half to start with and the second to go on with. Where
 * they fell tenfold from the first steps, it is also high enough to leave half of all step length, if one is. Where they exploded, a thousandfold and more, the first norm is all that is known. O(n log n). Throws an Error for fewer than
 * 20 norms that are finite and above 0, unless they exploded.
 */
export function recommendThreshold(norms: ArrayLike<number>): ThresholdAdvice {
  const all = new Float64Array(norms);
  // A zero becomes NaN here, and is left out with what is not finite.
  const used = finiteOf(all.map((norm) => (norm > 0 ? norm : Number.NaN)));
  const growth = lastFifth(used) / median(used.subarray(0, FIRST));
  const isExploded = growth > EXPLODED;
  if (used.length < FEWEST && !isExploded) {
    const given = `got ${used.length} of ${all.length}`;
    throw new Error(
      `recommendThreshold: needs ${FEWEST} norms that are finite and above 0, ${given}; log more steps`,
    );
  }
  const drift = driftOf(used);
  const choice = isExploded ? firstNorm(used, growth) : percentileOf(used, drift, growth < 1 / FAR);
  const zeros = all.reduce((count, norm) => count + Number(norm === 0), 0);
  const nonFinite = all.length - used.length - zeros;
  const warnings = [
    ...(isExploded ? [] : warningsOf(choice.recommended, drift, all.length)),
    ...leftOut(nonFinite, zeros, all.length),
  ];
  return { ...choice, warnings, count: used.length, nonFinite, zeros, drift };
}

type Choice = Pick<ThresholdAdvice, 'candidates' | 'recommended' | 'toGoOn' | 'why'>;

/** A bound for a run that exploded: percentiles of its norms would be of the explosion. */
function firstNorm(used: Float64Array, growth: number): Choice {
  const threshold = used[0];
  const outOfSample = { threshold, ...effectOf(used.subarray(used.length >> 1), threshold) };
  const first = { name: 'first norm', threshold, inSample: effectOf(used, threshold), outOfSample } as const;
  const why =
    `The norms grew ${formatNumber(growth)}-fold: they exploded, and percentiles of them, or clippers that follow them ` +
    `(autoClip, zClip), would follow the explosion. The first norm, ${formatNumber(threshold)}, bounds such a run; where it ` +
    'does not learn under that, go down by factors of 3. If the loss fell all the while, it was a plateau: ask again of the ' +
    'norms behind it.';
  return { candidates: [first], recommended: first, toGoOn: null, why };
}

/** The highest percentile that is an ordinary norm. */
function percentileOf(
  used: Float64Array,
  { isDrifting, ratio }: ThresholdAdvice['drift'],
  isFallen: boolean,
): Choice {
  const half = used.length >> 1;
  const [first, second] = [used.subarray(0, half), used.subarray(half)];
  const late = chosenFrom(isDrifting ? second : used, first, second);
  const goOn = late.recommended;
  const isFar = isDrifting && (ratio > FAR || ratio < 1 / FAR);
  const norms = isDrifting ? "the second half's norms" : 'the norms';
  // A fall within the first steps is no drift of the whole, but its norms are most of all step length.
  if (!isFar && !(isFallen && effectOf(used, goOn.threshold).stepLengthLost > MOST)) {
    return { ...late, toGoOn: goOn.threshold, why: reasonFor(late, norms) };
  }
  return anewAndOn(first, second, isFallen);
}

/** A threshold to start anew with, by the first half, and one to go on with, by the second. */
function anewAndOn(first: Float64Array, second: Float64Array, isFallen: boolean): Choice {
  const goOn = chosenFrom(second, first, second).recommended;
  const early = chosenFrom(first, first, second, isFallen ? MOST : 1);
  const why =
    `To start anew, ${formatNumber(early.recommended.threshold)}, or what the run was clipped at, if less; to go on from here, ` +
    `${formatNumber(goOn.threshold)}, the ${goOn.name} of the second half's norms. ` +
    reasonFor(early, "the first half's norms");
  return { ...early, toGoOn: goOn.threshold, why };
}

/** Percentiles of some norms, and the highest that is an ordinary one, or a higher one that takes no more than `most`. */
function chosenFrom(
  basis: Float64Array,
  first: Float64Array,
  second: Float64Array,
  most = 1,
): Pick<Choice, 'candidates' | 'recommended'> {
  const [sorted, sortedFirst] = [basis, first].map((norms) => norms.slice().sort());
  const candidates = percentiles.map(([name, q]) => {
    const threshold = quantileOfSorted(sorted, q);
    const fitted = quantileOfSorted(sortedFirst, q);
    const outOfSample = { threshold: fitted, ...effectOf(second, fitted) };
    return { name, threshold, inSample: effectOf(basis, threshold), outOfSample };
  });
  const limit = ordinaryLimit(sorted);
  const ordinary = candidates.filter(({ threshold }, i) => i === 0 || log(threshold) <= limit);
  const possible = candidates.slice(ordinary.length - 1);
  const recommended = possible.find(({ inSample }) => inSample.stepLengthLost <= most);
  return { candidates, recommended: recommended ?? candidates[candidates.length - 1] };
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
  return { rate: shareOf(clipped, norms.length), stepLengthLost: lost / length };
}

/** The median of a run's last fifth. */
function lastFifth(norms: Float64Array): number {
  return median(norms.subarray(-Math.ceil(norms.length / 5)));
}

/** Whether block medians rise or fall by rank, and by how much from the first fifth to the last. */
function driftOf(norms: Float64Array): ThresholdAdvice['drift'] {
  const blocks = Math.min(BLOCKS, norms.length);
  const edges = Array.from({ length: blocks + 1 }, (_, i) => Math.round((i * norms.length) / blocks));
  const medians = edges.slice(1).map((end, i) => median(norms.subarray(edges[i], end)));
  const ratio = lastFifth(norms) / median(norms.subarray(0, Math.ceil(norms.length / 5)));
  const rising: Trend = trendOf(medians);
  const falling: Trend = trendOf(medians.map((value) => -value));
  const p = Math.min(1, 2 * Math.min(rising.p, falling.p));
  return { ratio, p, isDrifting: p < ALPHA && (ratio > DRIFT || ratio < 1 / DRIFT) };
}

/**
 * ln of the largest norm that is an ordinary one: some σ of ln‖g‖ above the median, σ being told by the lower quartile, to
 * which outliers do not reach; and a real factor above it in any case.
 */
function ordinaryLimit(sorted: Float64Array): number {
  const center = log(quantileOfSorted(sorted, 0.5));
  const spread = (ORDINARY * (center - log(quantileOfSorted(sorted, 0.25)))) / QUARTILE;
  return center + Math.max(spread, log(REAL_FACTOR));
}

const percent = (share: number): string => `${Number((100 * share).toPrecision(2))} %`;

function reasonFor(
  { candidates, recommended }: Pick<Choice, 'candidates' | 'recommended'>,
  norms: string,
): string {
  const { name, inSample } = recommended;
  const passed = candidates.length - 1 - candidates.indexOf(recommended);
  const effect =
    `It would have clipped ${percent(inSample.rate)} of these steps and taken ` +
    `${percent(inSample.stepLengthLost)} of their length${inSample.stepLengthLost > MOST ? ': most of it is that of the largest norms' : ''}.`;
  const others =
    passed === 1 ? 'the percentile above it is an outlier' : 'the percentiles above it are outliers';
  return passed === 0
    ? `The ${name} of ${norms} bounds the largest steps and leaves nine in ten as they are. ${effect}`
    : `The ${name} of ${norms}: ${others}, far beyond ordinary norms, and would bound nothing. ${effect}`;
}

function warningsOf(
  { name, inSample, outOfSample }: ThresholdCandidate,
  { ratio, isDrifting }: ThresholdAdvice['drift'],
  total: number,
): string[] {
  const warnings: string[] = [];
  if (isDrifting) {
    const [way, times, follower] =
      ratio > 1
        ? ['grew', ratio, 'a clipper that follows the norms (autoClip, zClip) follows them up']
        : ['fell', 1 / ratio, 'or let a clipper follow the norms (autoClip, zClip)'];
    warnings.push(
      `The norms ${way} ${formatNumber(times)}-fold over the run: no fixed threshold holds. Choose it anew later, give it a ` +
        `schedule${ratio > 1 ? ';' : ','} ${follower}.`,
    );
  }
  // The first half errs in the threshold, the second in its rate.
  const error = Math.sqrt((4 * inSample.rate * (1 - inSample.rate)) / total);
  if (Math.abs(outOfSample.rate - inSample.rate) > Math.max(OFF * inSample.rate, ERRORS * error)) {
    warnings.push(
      `Chosen by the first half, the ${name} would have clipped ${percent(outOfSample.rate)} of the second, not ` +
        `${percent(inSample.rate)}: what it does later may differ as much.`,
    );
  }
  return warnings;
}

/** What is said of norms that were not used. */
function leftOut(nonFinite: number, zeros: number, total: number): string[] {
  const warnings: string[] = [];
  if (nonFinite > 0) {
    warnings.push(
      `${nonFinite} of ${total} norms are negative, NaN or infinite and were left out: no threshold fixes that; skip such steps.`,
    );
  }
  if (zeros > 0) warnings.push(`${zeros} of ${total} norms are 0 and were left out: find out why.`);
  return warnings;
}
