/** A run's columns as figures of a few hundred points, however many rows there are. */

import type { JudgedRun, LogColumns } from '../../../src/diagnose/index.js';
import type { Figure, Level, Series } from '../../../src/report/index.js';

/** Steps that are marked as not finite. */
const MOST_MARKS = 100;
/** ln of the factor by which two thresholds differ whose names do not overlap. */
const APART = 0.25;
/** Places along a figure. */
const PLACES = 300;

/** A column in a few stretches: the middle and the extremes of each. */
export interface Stretches {
  /** Rows in each. */
  readonly size: number;
  readonly steps: readonly number[];
  readonly low: readonly number[];
  readonly middle: readonly number[];
  readonly high: readonly number[];
}

/** Condenses a column to at most `places` stretches; numbers that are not finite are left out. */
export function stretchesOf(columns: LogColumns, name: 'loss' | 'norm', places = PLACES): Stretches {
  const [steps, values] = [columns.column('step'), columns.column(name)];
  const size = Math.max(1, Math.ceil(values.length / places));
  const found = Array.from({ length: Math.ceil(values.length / size) }, (_, i) => {
    const part = values
      .subarray(i * size, (i + 1) * size)
      .filter(Number.isFinite)
      .sort();
    return { step: steps[i * size], part };
  }).filter(({ part }) => part.length > 0);
  return {
    size,
    steps: found.map(({ step }) => step),
    low: found.map(({ part }) => part[0]),
    middle: found.map(({ part }) => part[part.length >> 1]),
    high: found.map(({ part }) => part[part.length - 1]),
  };
}

/** Norm or loss over the steps, with the threshold; undefined where the log has none. */
export function courseFigure(judged: JudgedRun, name: 'loss' | 'norm'): Figure | undefined {
  const { size, steps, middle, high } = stretchesOf(judged.run.columns, name);
  if (steps.length === 0) return undefined;
  const label = name === 'norm' ? 'gradient norm' : 'loss';
  const levels = name === 'norm' ? levelsOf(judged) : [];
  const lines: Series[] = [{ label: size === 1 ? label : 'median', x: steps, y: middle }];
  if (size > 1) lines.push({ label: 'largest', x: steps, y: high });
  const top = high.reduce((most, value) => Math.max(most, value), Number.NEGATIVE_INFINITY);
  lines.push(...marksOf(judged, name, top));
  const caption = size === 1 ? 'A point for each step.' : `A point for each ${size} steps.`;
  return {
    kind: 'lines',
    title: `${name === 'norm' ? 'Gradient norm' : 'Loss'} over the steps`,
    caption: levels.length > 0 ? `${caption} The levels are thresholds.` : caption,
    x: { label: 'step', whole: true },
    y: { label },
    series: lines,
    levels,
  };
}

/** Steps that leapt, and at the top of the figure those whose number was not finite. */
function marksOf({ run: { columns }, diagnosis }: JudgedRun, name: 'loss' | 'norm', top: number): Series[] {
  const [steps, values] = [columns.column('step'), columns.column(name)];
  const leapt = new Set(
    diagnosis.verdicts.flatMap(({ cause, evidence }) =>
      listOf(cause === 'data' ? evidence.steps : evidence.spikes),
    ),
  );
  const [spikes, broken]: [number[][], number[][]] = [[], []];
  for (let i = 0; i < steps.length; i++) {
    if (values[i] === Infinity && broken.length < MOST_MARKS) broken.push([steps[i], top]);
    else if (leapt.has(steps[i]) && Number.isFinite(values[i])) spikes.push([steps[i], values[i]]);
  }
  return [
    { label: 'a leap', points: spikes, style: 3 },
    { label: 'not finite', points: broken, style: 4 },
  ].flatMap(({ label, points, style }) =>
    points.length === 0
      ? []
      : [{ label, style, scattered: true, x: points.map(([x]) => x), y: points.map(([, y]) => y) }],
  );
}

const listOf = (evidence: number | readonly (number | string)[] | undefined): readonly number[] =>
  Array.isArray(evidence) ? evidence.map(Number) : [];

/** The recommended threshold and the one in force; other candidates lie so near that their names would overlap. */
function levelsOf({ advice, keptAt, inForce }: JudgedRun): readonly Level[] {
  if (keptAt !== null) return [{ label: 'threshold kept', y: keptAt }];
  const recommended = advice ? [{ label: advice.recommended.name, y: advice.recommended.threshold }] : [];
  const isApart =
    inForce !== null && recommended.every(({ y }) => Math.abs(Math.log(y / inForce.threshold)) > APART);
  return isApart
    ? [
        ...recommended,
        { label: inForce.source === 'assumed' ? 'assumed in force' : 'in force', y: inForce.threshold },
      ]
    : recommended;
}

/** The norms from the smallest to the largest: where they bend, ordinary ones end. */
export function sortedFigure(judged: JudgedRun): Figure | undefined {
  const sorted = judged.run.columns
    .column('norm')
    .filter((norm) => norm > 0 && norm < Infinity)
    .sort();
  if (sorted.length < 2) return undefined;
  const count = Math.min(PLACES, sorted.length);
  const places = Array.from({ length: count }, (_, i) => Math.round((i * (sorted.length - 1)) / (count - 1)));
  return {
    kind: 'lines',
    title: 'Norms from the smallest to the largest',
    caption: 'What is above the level would have been clipped.',
    x: { label: 'share of the steps', unit: '%' },
    y: { label: 'gradient norm' },
    series: [
      {
        label: 'gradient norm',
        x: places.map((at) => (100 * at) / (sorted.length - 1)),
        y: places.map((at) => sorted[at]),
      },
    ],
    levels: levelsOf(judged),
  };
}
