/** Line figures: one wide chart, or small ones side by side on the same axes. */
import type * as Plot from '@observablehq/plot';
import { escapeHtml, formatNumber, tickFormat } from './format.js';
import {
  type Axes,
  emptyMarks,
  endMarks,
  type Frame,
  isDense,
  levelMarks,
  lineMarks,
  pointsOf,
} from './marks.js';
import {
  type Bucket,
  condense,
  cutToDomain,
  type Domain,
  domainOf,
  extent,
  linearTicks,
  logTicks,
  type Point,
  twinOf,
} from './series.js';
import type { FigureParts, FigureTable, LegendEntry } from './shell.js';
import { renderSvg, type SvgText } from './svg.js';
import type { Axis, LineFigure, PanelFigure, Series } from './types.js';

type Panel = PanelFigure['panels'][number];

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
    key: bandNote(figure.x, [
      [WIDE, [[panel, axes]]],
      [NARROW, [[panel, axes]]],
    ]),
    summary: `${figure.series
      .filter((series) => !series.reference)
      .map((series) => describe(series, figure.x))
      .join(' ')}${cutNote(figure.y, axes, [panel])}`,
    table: tableOf(figure.x, figure.series),
  };
}

/** Parts of a figure of panels; the legend is shared where all panels draw the same series. */
export function panelParts(figure: PanelFigure): FigureParts {
  const sharing = figure.panels.filter((panel) => !panel.ownAxes);
  const shared = axesOf(figure.x, figure.y, sharing);
  const own = { ...figure.y, max: undefined };
  const placed = figure.panels.map(
    (panel) => [panel, panel.ownAxes ? axesOf(figure.x, own, [panel]) : shared] as const,
  );
  const labels = new Map<string, Series>();
  for (const panel of figure.panels) for (const entry of panel.series) labels.set(entry.label, entry);
  const draw = (text: Omit<SvgText, 'className'>) =>
    placed
      .map(([panel, axes]) => {
        const named = { ...text, label: `${text.label}: ${panel.title}` };
        return `<div>${panelTitle(panel)}${drawPanel(panel, axes, SMALL, named)}</div>`;
      })
      .join('');
  const series = figure.panels.flatMap((panel) =>
    panel.series.map((entry) => ({ ...entry, label: `${panel.title}, ${entry.label}` })),
  );
  const words = series.filter((entry) => !entry.reference).map((entry) => describe(entry, figure.x));
  return {
    legend: legendOf([...labels.values()]).map(({ note: _, twin: __, ...entry }) => entry),
    draw: (text) => `<div class="panels">${draw(text)}</div>`,
    key: bandNote(figure.x, [[SMALL, placed]]),
    summary: words.join(' ') + cutNote(figure.y, shared, sharing),
    table: tableOf(figure.x, series),
  };
}

function panelTitle({ title, ends }: Panel): string {
  const note = ends ? ` <span class="note">✗ ${escapeHtml(ends)}</span>` : '';
  return `<p class="panel-title">${escapeHtml(title)}${note}</p>`;
}

type Placed = readonly (readonly [panel: Panel, axes: Axes])[];

/** What a pale band means, beside the drawings that have one. */
function bandNote(x: Axis, drawings: readonly (readonly [Frame, Placed])[]): string {
  const banded = drawings.filter(([frame, panels]) =>
    panels.some(([panel, axes]) => panel.series.some((entry) => isDense(lineOf(entry, axes, frame)))),
  );
  if (banded.length === 0) return '';
  // Where only the drawing for a phone has bands, only a phone needs the note.
  const narrow = banded.every(([frame]) => frame === NARROW) ? ' only-narrow' : '';
  const words = `Where points crowd along the ${x.symbol ?? x.label} axis, the line is their median and the pale band spans their extremes.`;
  return `<p class="key${narrow}">${escapeHtml(words)}</p>`;
}

function lineOf(series: Series, { domain }: Axes, frame: Frame): readonly Bucket[] {
  return condense(cutToDomain(pointsOf(series), domain), frame.points);
}

function legendOf(series: readonly Series[]): readonly LegendEntry[] {
  const courses = series.map(({ label, x, y }) => ({ label, at: x, values: y }));
  return series.map((entry, index) => ({
    label: entry.label,
    twin: twinOf(courses, index),
    style: entry.style ?? index,
    reference: entry.reference,
    scattered: entry.scattered,
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

/** Along x a log scale must be asked for, and all positions be positive. */
function scaleOf({ x, xRange }: Axes): Domain['scale'] {
  return x.scale === 'log' && xRange[0] > 0 ? 'log' : 'linear';
}

function axisLabel({ label, unit }: Axis, scale?: Domain['scale']): string {
  const notes = [unit, scale === 'log' ? 'log scale' : undefined].filter(Boolean);
  return notes.length > 0 ? `${label} (${notes.join(', ')})` : label;
}

/** Where an axis of whole numbers ends: its last tick may be far from the end. */
function endOf({ x, xRange }: Axes): string {
  return x.whole ? `, up to ${Math.floor(xRange[1])}` : '';
}

function drawPanel(panel: Panel, axes: Axes, frame: Frame, text: Omit<SvgText, 'className'>): string {
  const { domain } = axes;
  const lines = panel.series.map((series) => lineOf(series, axes, frame));
  const options: Plot.PlotOptions = {
    width: frame.width,
    height: frame.height,
    marginLeft: 56,
    marginRight: 14,
    marginTop: 30,
    marginBottom: 42,
    style: { fontSize: `${frame.fontSize}px` },
    x: {
      type: scaleOf(axes),
      domain: axes.xRange,
      label: axisLabel(axes.x, scaleOf(axes)) + endOf(axes),
      ticks: xTicks(axes, frame) as number[],
      tickFormat: tickFormat(scaleOf(axes)),
      inset: 6,
    },
    y: {
      type: domain.scale,
      domain: [domain.min, domain.max],
      label: axisLabel(axes.y, domain.scale),
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

function xTicks(axes: Axes, frame: Frame): readonly number[] {
  const { x, xRange } = axes;
  if (scaleOf(axes) === 'log') return logTicks(xRange[0], xRange[1], frame.xTicks);
  const ticks = linearTicks(xRange[0], xRange[1], frame.xTicks);
  return x.whole ? ticks.filter(Number.isInteger) : ticks;
}

function describe(series: Series, x: Axis): string {
  const points = pointsOf(series).filter((point) => Number.isFinite(point.y));
  const ends = series.ends ? `; ${series.ends}` : '';
  if (points.length === 0) return `${series.label}: no finite value${ends}.`;
  const [first, last] = [points[0], points[points.length - 1]];
  const place = x.symbol ? `${x.symbol} =` : x.label;
  const at = (point: Point) => `${formatNumber(point.y)} at ${place} ${formatNumber(point.x)}`;
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
