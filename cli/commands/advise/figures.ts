/** A run's columns as figures of a few hundred points, however many rows there are. */

import type { JudgedRun, LogColumns } from '../../../src/diagnose/index.js';
import type { Figure, Level } from '../../../src/report/index.js';

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
  const lines = [{ label: size === 1 ? label : 'median', x: steps, y: middle }];
  if (size > 1) lines.push({ label: 'largest', x: steps, y: high });
  const caption = size === 1 ? 'A point for each step.' : `A point for each ${size} steps.`;
  return {
    kind: 'lines',
    title: `${name === 'norm' ? 'Gradient norm' : 'Loss'} over the steps`,
    caption: levels.length > 0 ? `${caption} The level is the threshold.` : caption,
    x: { label: 'step', whole: true },
    y: { label },
    series: lines,
    levels,
  };
}

/** The threshold alone: the other candidates lie so near that their names would overlap. */
function levelsOf({ advice, keptAt }: JudgedRun): readonly Level[] {
  if (keptAt !== null) return [{ label: 'threshold kept', y: keptAt }];
  return advice ? [{ label: advice.recommended.name, y: advice.recommended.threshold }] : [];
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
