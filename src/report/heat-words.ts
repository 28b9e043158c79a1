/** A heat map in words and numbers, for those who do not see its colours. */
import { formatNumber } from './format.js';
import { extent, type Point } from './series.js';
import type { FigureTable } from './shell.js';
import type { HeatFigure, HeatPath } from './types.js';

/** A map with at most this many columns has them all in its table. */
const ALL_COLUMNS = 12;

/** A path as points. */
export function pathPoints(path: HeatPath): readonly Point[] {
  return Array.from(path.x, (x, index) => ({ x, y: path.y[index] }));
}

/** The paths that somebody took; a curve to compare with starts and ends nowhere. */
function described(figure: HeatFigure): readonly HeatPath[] {
  return (figure.paths ?? []).filter((path) => !path.reference);
}

/** What a map shows, in words: its range, and where each path starts and ends. */
export function summaryOf(figure: HeatFigure): string {
  const range = extent(Array.from(figure.values));
  const spread = range
    ? `${figure.z.label} lies between ${formatNumber(range[0])} and ${formatNumber(range[1])}.`
    : `${figure.z.label} has no finite value.`;
  const paths = described(figure).map((path) => {
    const points = pathPoints(path);
    if (points.length === 0) return `${path.label}: no points.`;
    const where = ({ x, y }: Point) => `(${formatNumber(x)}, ${formatNumber(y)})`;
    const ends = path.ends ? `; ${path.ends}` : '';
    return `${path.label}: from ${where(points[0])} to ${where(points[points.length - 1])}${ends}.`;
  });
  return [spread, ...paths].join(' ');
}

/** Numbers behind it: rows of categories at a few columns, or where each path starts and ends. */
export function tableOf(figure: HeatFigure): FigureTable | null {
  const { categories } = figure.y;
  if (categories) {
    const count = figure.columns <= ALL_COLUMNS ? figure.columns : 6;
    const columns = Array.from({ length: count }, (_, k) =>
      Math.round((k * (figure.columns - 1)) / (count - 1 || 1)),
    );
    const [low, high] = figure.x.range;
    // The first whole number in a column's range: the first step of its bucket.
    const name = (column: number) =>
      figure.x.categories?.[column] ??
      `${figure.x.label} ${Math.ceil(low + (column * (high - low)) / figure.columns - 1e-9)}`;
    return {
      head: ['', ...columns.map(name)],
      rows: categories.map((label, row) => [
        label,
        ...columns.map((column) => formatNumber(figure.values[row * figure.columns + column])),
      ]),
    };
  }
  if (described(figure).length === 0) return null;
  return {
    head: [
      'path',
      'points',
      `start ${figure.x.label}`,
      `start ${figure.y.label}`,
      `end ${figure.x.label}`,
      `end ${figure.y.label}`,
    ],
    rows: described(figure).map((path) => {
      const points = pathPoints(path);
      const ends = [points[0], points[points.length - 1]].filter(Boolean);
      return [
        path.label,
        `${points.length}`,
        ...ends.flatMap(({ x, y }) => [formatNumber(x), formatNumber(y)]),
      ];
    }),
  };
}
