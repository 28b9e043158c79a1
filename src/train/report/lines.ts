/** Line figures: one wide chart, or small ones side by side on the same axes. */
import * as Plot from '@observablehq/plot';
import { escapeHtml, formatNumber, tickFormat } from './format.js';
import { seriesStyle } from './palette.js';
import {
  type Bucket,
  condense,
  cutToDomain,
  type Domain,
  domainOf,
  extent,
  linearTicks,
  type Point,
} from './series.js';
import type { FigureParts, FigureTable, LegendEntry } from './shell.js';
import { renderSvg, type SvgText } from './svg.js';
import type { Axis, Level, LineFigure, PanelFigure, Series } from './types.js';

interface Panel {
  readonly title: string;
  readonly series: readonly Series[];
  readonly levels?: readonly Level[];
}

/** What all drawings of one figure share. */
interface Axes {
  readonly x: Axis;
  readonly y: Axis;
  readonly xRange: readonly [number, number];
  readonly domain: Domain;
}

/** The size of a drawing in user units; text is 12 or 13 of them, so this also sets how large text looks. */
interface Frame {
  readonly width: number;
  readonly height: number;
  readonly fontSize: number;
  readonly points: number;
  readonly xTicks: number;
  readonly className: string;
}

const WIDE: Frame = { width: 860, height: 390, fontSize: 13, points: 320, xTicks: 8, className: 'wide' };
const NARROW: Frame = { width: 350, height: 290, fontSize: 12, points: 110, xTicks: 4, className: 'narrow' };
const SMALL: Frame = { width: 400, height: 270, fontSize: 12, points: 120, xTicks: 5, className: 'panel' };

/** Parts of a line figure: drawn twice, once for a phone, since text that shrinks cannot be read. */
export function lineParts(figure: LineFigure): FigureParts {
  const panel: Panel = { title: figure.title, series: figure.series, levels: figure.levels };
  const axes = axesOf(figure.x, figure.y, [panel]);
  return {
    legend: legendOf(figure.series),
    draw: (text) => drawPanel(panel, axes, WIDE, text) + drawPanel(panel, axes, NARROW, text),
    key: bandNote(figure.series),
    summary: `${figure.series
      .filter((series) => !series.reference)
      .map((series) => describe(series, figure.x))
      .join(' ')}${cutNote(figure.y, axes, [panel])}`,
    table: tableOf(figure.x, figure.series),
  };
}

/** Parts of a figure of panels; the legend is shared where all panels draw the same series. */
export function panelParts(figure: PanelFigure): FigureParts {
  const axes = axesOf(figure.x, figure.y, figure.panels);
  const labels = new Map<string, Series>();
  for (const panel of figure.panels) for (const entry of panel.series) labels.set(entry.label, entry);
  const draw = (text: Omit<SvgText, 'className'>) =>
    figure.panels
      .map((panel) => {
        const named = { ...text, label: `${text.label}: ${panel.title}` };
        return `<div><p class="panel-title">${escapeHtml(panel.title)}</p>${drawPanel(panel, axes, SMALL, named)}</div>`;
      })
      .join('');
  const series = figure.panels.flatMap((panel) =>
    panel.series.map((entry) => ({ ...entry, label: `${panel.title}, ${entry.label}` })),
  );
  const words = series.filter((entry) => !entry.reference).map((entry) => describe(entry, figure.x));
  return {
    legend: legendOf([...labels.values()]).map(({ note: _, ...entry }) => entry),
    draw: (text) => `<div class="panels">${draw(text)}</div>`,
    key: bandNote(series),
    summary: words.join(' ') + cutNote(figure.y, axes, figure.panels),
    table: tableOf(figure.x, series),
  };
}

/** What a pale band means, where one may be drawn. */
function bandNote(series: readonly Series[]): string {
  if (series.every((entry) => entry.x.length <= NARROW.points)) return '';
  return '<p class="key">Where steps crowd, the line is their median and the pale band spans their extremes.</p>';
}

function legendOf(series: readonly Series[]): readonly LegendEntry[] {
  return series.map((entry, index) => ({
    label: entry.label,
    style: entry.style ?? index,
    reference: entry.reference,
    note: entry.ends,
  }));
}

function axesOf(x: Axis, y: Axis, panels: readonly Panel[]): Axes {
  const series = panels.flatMap((panel) => panel.series);
  const range = extent(series.flatMap((entry) => Array.from(entry.x))) ?? [0, 1];
  const values = series.flatMap((entry) => Array.from(entry.y)).filter(Number.isFinite);
  const levels = panels.flatMap((panel) => panel.levels ?? []).map((level) => level.y);
  const xRange = range[0] < range[1] ? range : ([range[0] - 0.5, range[0] + 0.5] as const);
  return { x, y, xRange, domain: domainOf([...values, ...levels], y) };
}

function axisLabel({ label, unit }: Axis, domain?: Domain): string {
  const notes = [unit, domain?.scale === 'log' ? 'log scale' : undefined].filter(Boolean);
  return notes.length > 0 ? `${label} (${notes.join(', ')})` : label;
}

function pointsOf(series: Series): readonly Point[] {
  return Array.from(series.x, (x, index) => ({ x, y: series.y[index] }));
}

function drawPanel(panel: Panel, axes: Axes, frame: Frame, text: Omit<SvgText, 'className'>): string {
  const { domain } = axes;
  const lines = panel.series.map((series) => condense(cutToDomain(pointsOf(series), domain), frame.points));
  const options: Plot.PlotOptions = {
    width: frame.width,
    height: frame.height,
    marginLeft: 56,
    marginRight: 14,
    marginTop: 30,
    marginBottom: 42,
    style: { fontSize: `${frame.fontSize}px` },
    x: {
      domain: axes.xRange,
      label: axisLabel(axes.x),
      ticks: linearTicks(axes.xRange[0], axes.xRange[1], frame.xTicks) as number[],
      tickFormat: tickFormat('linear'),
      inset: 6,
    },
    y: {
      type: domain.scale,
      domain: [domain.min, domain.max],
      label: axisLabel(axes.y, domain),
      ticks: domain.ticks as number[],
      tickFormat: tickFormat(domain.scale),
      grid: true,
    },
    marks: [
      ...panel.series.flatMap((series, index) => lineMarks(series, index, lines, frame)),
      ...levelMarks(panel.levels ?? [], axes),
      ...endMarks(panel.series, lines, axes),
      ...emptyMarks(lines),
    ],
  };
  return renderSvg(options, { ...text, className: frame.className });
}

const HALO = { stroke: 'var(--card)', strokeWidth: 4, paintOrder: 'stroke' } as const;

function levelMarks(levels: readonly Level[], axes: Axes): Plot.Markish[] {
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

/** A line with its markers; where many steps share one position, a pale band spans their extremes. */
function lineMarks(
  series: Series,
  index: number,
  lines: readonly (readonly Bucket[])[],
  frame: Frame,
): Plot.Markish[] {
  const { color, dash, marker } = seriesStyle(series.style ?? index);
  const dense = lines[index].some((bucket) => bucket.low < bucket.high);
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
function emptyMarks(lines: readonly (readonly Bucket[])[]): Plot.Markish[] {
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
function endMarks(
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

function describe(series: Series, x: Axis): string {
  const points = pointsOf(series).filter((point) => Number.isFinite(point.y));
  const ends = series.ends ? `; ${series.ends}` : '';
  if (points.length === 0) return `${series.label}: no finite value${ends}.`;
  const [first, last] = [points[0], points[points.length - 1]];
  const at = (point: Point) => `${formatNumber(point.y)} at ${x.label} ${formatNumber(point.x)}`;
  if (first === last) return `${series.label}: ${at(first)}${ends}.`;
  const peak = points.reduce((best, point) => (point.y > best.y ? point : best));
  const highest = peak === first || peak === last ? '' : `, highest ${at(peak)}`;
  return `${series.label}: from ${at(first)} to ${at(last)}${highest}${ends}.`;
}

function cutNote(y: Axis, { domain }: Axes, panels: readonly Panel[]): string {
  const values = panels.flatMap((panel) => panel.series.flatMap((entry) => Array.from(entry.y)));
  const top = extent(values)?.[1] ?? 0;
  if (y.max === undefined || top <= domain.max) return '';
  return ` The axis is cut at ${formatNumber(domain.max)}; the highest value is ${formatNumber(top)}.`;
}

/** Up to a dozen rows, evenly along x, with the last. */
function tableOf(x: Axis, series: readonly Series[]): FigureTable | null {
  const steps = [...new Set(series.flatMap((entry) => Array.from(entry.x)))].sort((a, b) => a - b);
  if (steps.length === 0) return null;
  const stride = Math.max(1, Math.ceil((steps.length - 1) / 11));
  const chosen = steps.filter((_, index) => index % stride === 0 || index === steps.length - 1);
  const lookups = series.map((entry) => new Map(Array.from(entry.x, (at, k) => [at, entry.y[k]])));
  const cell = (value: number | undefined) => (value === undefined ? '–' : formatNumber(value));
  return {
    head: [axisLabel(x), ...series.map((entry) => entry.label)],
    rows: chosen.map((at) => [formatNumber(at, 4), ...lookups.map((lookup) => cell(lookup.get(at)))]),
  };
}
