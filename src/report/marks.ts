/** The marks of a line chart: levels, lines with their markers and bands, and how a line ends. */
import * as Plot from '@observablehq/plot';
import { seriesStyle } from './palette.js';
import type { Bucket, Domain, Point } from './series.js';
import type { Axis, Level, Series } from './types.js';

/** What all drawings of one figure share. */
export interface Axes {
  readonly x: Axis;
  readonly y: Axis;
  readonly xRange: readonly [number, number];
  readonly domain: Domain;
}

/** The size of a drawing in user units; text is 12 or 13 of them, so this also sets how large text looks. */
export interface Frame {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
  readonly points: number;
  readonly xTicks: number;
  readonly className: string;
}

/** A series as points. */
export function pointsOf(series: Series): readonly Point[] {
  return Array.from(series.x, (x, index) => ({ x, y: series.y[index] }));
}

const HALO = { stroke: 'var(--card)', strokeWidth: 4, paintOrder: 'stroke' } as const;

/** Dashed lines across the frame, named at their right end. */
export function levelMarks(levels: readonly Level[], axes: Axes): Plot.Markish[] {
  return levels
    .filter((level) => level.y >= axes.domain.min && level.y <= axes.domain.max)
    .flatMap((level) => [
      Plot.ruleY([level.y], { stroke: 'currentColor', strokeDasharray: '6 4', strokeWidth: 1.25 }),
      Plot.text([{ x: axes.xRange[1], y: level.y }], {
        x: 'x',
        y: 'y',
        text: () => level.label,
        ...HALO,
        fill: 'currentColor',
        textAnchor: 'end',
        dy: -9,
      }),
    ]);
}

/** Whether a line has several values at one position. */
export function isDense(line: readonly Bucket[]): boolean {
  return line.some((bucket) => bucket.low < bucket.high);
}

/** A line with its markers; where many steps share one position, a pale band spans their extremes. */
export function lineMarks(
  series: Series,
  index: number,
  lines: readonly (readonly Bucket[])[],
  frame: Frame,
): Plot.Markish[] {
  const { color, dash, marker } = seriesStyle(series.style ?? index);
  if (series.scattered) {
    const spots = lines[index].filter((bucket) => Number.isFinite(bucket.mid));
    return [Plot.dot(spots, { x: 'x', y: 'mid', symbol: marker, fill: color, stroke: HALO.stroke, r: 5 })];
  }
  const dense = isDense(lines[index]);
  const band = { x: 'x', y1: 'low', y2: 'high', fill: color, fillOpacity: 0.28 } as const;
  const line = Plot.line(lines[index], {
    x: 'x',
    y: 'mid',
    stroke: color,
    strokeWidth: series.reference || dense ? 1.5 : 2,
    strokeDasharray: series.reference ? '4 4' : (dash ?? undefined),
    strokeLinejoin: 'round',
    strokeLinecap: 'round',
  });
  const drawn = dense ? [Plot.areaY(lines[index], band), line] : [line];
  if (series.reference) return drawn;
  const spots = markerSpots(lines[index], frame.width > 500 ? 8 : 5, (index + 0.5) / lines.length);
  const mark = { x: 'x', y: 'mid', symbol: marker, fill: color, stroke: HALO.stroke, r: 4 } as const;
  return [...drawn, Plot.dot(spots, mark)];
}

/** A few of the line's own points, evenly along it and shifted so that two lines do not mark one step. */
function markerSpots(line: readonly Bucket[], count: number, shift: number): readonly Bucket[] {
  const finite = line.filter((bucket) => Number.isFinite(bucket.mid));
  if (finite.length <= count) return finite;
  return Array.from({ length: count }, (_, k) => finite[Math.floor(((k + shift) / count) * finite.length)]);
}

/** Words in place of lines where there is nothing to draw, or an empty frame looks like a mistake. */
export function emptyMarks(lines: readonly (readonly Bucket[])[]): Plot.Markish[] {
  if (lines.some((line) => line.some((bucket) => Number.isFinite(bucket.mid)))) return [];
  return [
    Plot.text(['no value that can be drawn'], {
      frameAnchor: 'middle',
      text: (word: string) => word,
      ...HALO,
    }),
  ];
}

/**
 * A cross and words where a line stops early; where it left the axis before, dots along the edge lead to the
 * cross. Several such notes are set under each other.
 */
export function endMarks(
  series: readonly Series[],
  lines: readonly (readonly Bucket[])[],
  axes: Axes,
): Plot.Markish[] {
  const { domain, xRange } = axes;
  let row = 0;
  return series.flatMap((entry, index) => {
    const exit = lines[index].findLast((bucket) => Number.isFinite(bucket.mid));
    const last = pointsOf(entry).findLast(
      ({ y }) => Number.isFinite(y) && (domain.scale === 'linear' || y > 0),
    );
    if (!entry.ends || !exit || !last) return [];
    const { color } = seriesStyle(entry.style ?? index);
    const end = { x: last.x, y: Math.min(last.y, domain.max) };
    const right = last.x - xRange[0] > 0.55 * (xRange[1] - xRange[0]);
    const note = { ...HALO, x: 'x', y: 'y', fill: color, fontWeight: 600 } as const;
    const place = { textAnchor: right ? 'end' : 'start', dx: right ? -12 : 12, dy: 4 + 17 * row } as const;
    row += 1;
    const dots = { x: 'x', y: 'y', stroke: color, strokeWidth: 2, strokeDasharray: '1.5 5' } as const;
    const cross = { x: 'x', y: 'y', symbol: 'times', stroke: color, strokeWidth: 3, r: 6 } as const;
    return [
      ...(last.y > domain.max ? [Plot.line([{ x: exit.x, y: domain.max }, end], dots)] : []),
      Plot.dot([end], cross),
      Plot.text([end], { ...note, ...place, text: () => entry.ends ?? '' }),
    ];
  });
}
