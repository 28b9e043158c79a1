/**
 * A chart in characters: several runs on one logarithmic y axis. simple-ascii-chart draws axes and ticks; it
 * is given log₁₀ values and one position a column, since its own scaling knows neither logs nor thousands of
 * steps. Every run has a glyph of its own, so the chart also reads without colour.
 */
import { type Point as ChartPoint, plot } from 'simple-ascii-chart';
import {
  cutToDomain,
  type Domain,
  domainOf,
  explosionCap,
  formatNumber,
  formatTick,
  linearTicks,
} from '../../src/report/index.js';
import { twinOf } from '../../src/report/series.js';
import { columnsOf, hasColor, paint, type Sink, shorten } from './stream.js';

/** One run's line: values by step; those that are not finite, or not positive, end or break it. */
export interface ChartSeries {
  readonly label: string;
  readonly steps: readonly number[];
  readonly values: readonly number[];
  /** Why the line stops early, e.g. `diverged at step 35`. */
  readonly ends?: string;
}

/** What the chart shows beside its lines. */
export interface ChartOptions {
  readonly title: string;
  /** Horizontal lines, named in the legend. */
  readonly thresholds?: readonly number[];
  /** Where the chart will be written: decides width and colour. */
  readonly sink: Sink;
  /** Rows of the plot; 14 by default. */
  readonly height?: number;
}

const GLYPHS = ['●', '◆', '▲', '■', '○', '+'] as const;
const STYLES = ['red', 'cyan', 'green', 'magenta', 'yellow', 'blue'] as const;
const THRESHOLD_GLYPH = '┄';
const LABEL_WIDTH = 6;

/** The chart as lines of at most 80 columns, with a legend; ends with a line break. */
export function renderChart(series: readonly ChartSeries[], options: ChartOptions): string {
  const color = hasColor(options.sink);
  const width = columnsOf(options.sink);
  const title = paint(shorten(options.title, width), 'bold', color);
  const domain = chartDomain(series, options.thresholds ?? []);
  const legend = legendLines(series, options, domain, width, color);
  if (!series.some(({ values }) => values.some((value) => value > 0 && Number.isFinite(value)))) {
    return `${[title, '  (no finite value to draw)', ...legend].join('\n')}\n`;
  }
  const body = drawPlot(series, options, domain, width - LABEL_WIDTH - 3, color);
  return `${[title, ...body, axisLine(series, width), ...legend].join('\n')}\n`;
}

/** What the axis along counts, and where it ends: below its right end. */
function axisLine(series: readonly ChartSeries[], width: number): string {
  const last = series.reduce((most, { steps }) => steps.reduce((a, b) => Math.max(a, b), most), 0);
  return `step, up to ${last}`.padStart(width);
}

/** Runs that explode are cut off, or they would press the others flat; the legend says how far they went. */
function chartDomain(series: readonly ChartSeries[], thresholds: readonly number[]): Domain {
  const pick = (diverged: boolean) =>
    series.filter((entry) => (entry.ends !== undefined) === diverged).flatMap((entry) => entry.values);
  const positive = series
    .flatMap((entry) => entry.values)
    .filter((value) => value > 0 && Number.isFinite(value));
  return domainOf([...positive, ...thresholds.filter((value) => value > 0)], {
    scale: 'log',
    max: explosionCap(pick(false), pick(true)),
  });
}

function drawPlot(
  series: readonly ChartSeries[],
  { thresholds = [], height = 14 }: ChartOptions,
  domain: Domain,
  columns: number,
  color: boolean,
): readonly string[] {
  const steps = series.flatMap((entry) => entry.steps);
  const [first, last] = [steps.reduce((a, b) => Math.min(a, b)), steps.reduce((a, b) => Math.max(a, b))];
  const toColumn = (step: number) => Math.round(((step - first) / (last - first || 1)) * (columns - 1));
  const low = Math.log10(domain.min);
  const high = Math.log10(domain.max);
  const frame: Column[] = [
    { column: 0, low, high: low },
    { column: columns - 1, low: high, high },
  ];
  // The first, invisible line spans the frame: the library takes its axes from the data.
  const lines: Line[] = [{ columns: frame, glyph: null }];
  for (const threshold of thresholds.filter((value) => isShown(value, domain))) {
    const y = Math.log10(threshold);
    const flat = Array.from({ length: columns }, (_, column) => ({ column, low: y, high: y }));
    lines.push({ columns: flat, glyph: paint(THRESHOLD_GLYPH, 'gray', color) });
  }
  series.forEach((entry, index) => {
    const glyph = paint(GLYPHS[index % GLYPHS.length], STYLES[index % STYLES.length], color);
    lines.push({ columns: columnsOfSeries(entry, domain, toColumn), glyph });
  });
  const ticks = linearTicks(first, last, 5).filter((step) => Number.isInteger(step));
  const stepOf = new Map(ticks.map((step) => [toColumn(step), step]));
  return draw(lines, { low, high, height, columns, domain, stepOf });
}

function isShown(value: number, domain: Domain): boolean {
  return value >= domain.min && value <= domain.max;
}

/** What a run does within one column of characters, in log₁₀: from its lowest to its highest value. */
interface Column {
  readonly column: number;
  readonly low: number;
  readonly high: number;
}

interface Line {
  readonly columns: readonly Column[];
  /** Null draws nothing. */
  readonly glyph: string | null;
}

function columnsOfSeries(
  series: ChartSeries,
  domain: Domain,
  toColumn: (step: number) => number,
): readonly Column[] {
  const points = cutToDomain(
    series.steps.map((x, index) => ({ x, y: series.values[index] })),
    domain,
  );
  const found = new Map<number, Column>();
  let before: { column: number; y: number } | null = null;
  for (const point of points) {
    if (!Number.isFinite(point.y)) {
      before = null;
      continue;
    }
    const y = Math.log10(point.y);
    const column = toColumn(point.x);
    // A step to the next column fills the rows in between, so that the line is not torn apart.
    const from: number = before && before.column !== column ? (before.y + y) / 2 : y;
    const old = found.get(column);
    const low = Math.min(y, from, old?.low ?? y);
    found.set(column, { column, low, high: Math.max(y, from, old?.high ?? y) });
    const left = before && before.column !== column ? found.get(before.column) : undefined;
    if (left) {
      found.set(left.column, { ...left, low: Math.min(left.low, from), high: Math.max(left.high, from) });
    }
    before = { column, y };
  }
  return [...found.values()].sort((a, b) => a.column - b.column);
}

interface PlotFrame {
  readonly low: number;
  readonly high: number;
  readonly height: number;
  readonly columns: number;
  readonly domain: Domain;
  readonly stepOf: ReadonlyMap<number, number>;
}

function draw(lines: readonly Line[], frame: PlotFrame): readonly string[] {
  const shown = lines.filter((line) => line.columns.length > 0);
  let current = -1;
  const rowOf = (y: number) =>
    frame.height - Math.round(((y - frame.low) / (frame.high - frame.low)) * (frame.height - 1));
  const text = plot(
    shown.map((line) => line.columns.map(({ column, high }): ChartPoint => [column, high])),
    {
      width: frame.columns,
      height: frame.height,
      yRange: [frame.low, frame.high],
      customYAxisTicks: frame.domain.ticks.map(Math.log10),
      customXAxisTicks: [...frame.stepOf.keys()],
      formatter: (value, { axis }) =>
        axis === 'x'
          ? `${frame.stepOf.get(value) ?? ''}`
          : formatTick(10 ** value)
              .padStart(LABEL_WIDTH)
              .slice(-LABEL_WIDTH),
      // The library does not say which line it draws, but it draws them in order, each from its point 0.
      lineFormatter: ({ index, plotX }) => {
        if (index === 0) current += 1;
        const { columns, glyph } = shown[current];
        if (glyph === null) return [];
        const [top, bottom] = [rowOf(columns[index].high), rowOf(columns[index].low)];
        return Array.from({ length: bottom - top + 1 }, (_, k) => ({ x: plotX, y: top + k, symbol: glyph }));
      },
    },
  );
  return text
    .split('\n')
    .map((line) => line.trimEnd())
    .filter((line) => line !== '');
}

function legendLines(
  series: readonly ChartSeries[],
  { thresholds = [] }: ChartOptions,
  domain: Domain,
  width: number,
  color: boolean,
): readonly string[] {
  const courses = series.map(({ label, steps, values }) => ({ label, at: steps, values }));
  const lines = series.map(({ label, values, ends }, index) => {
    const glyph = paint(GLYPHS[index % GLYPHS.length], STYLES[index % STYLES.length], color);
    const top = values.reduce((best, value) => (Number.isFinite(value) && value > best ? value : best), 0);
    const above = top > domain.max ? `, off the chart: up to ${formatNumber(top)}` : '';
    const twin = twinOf(courses, index);
    const same = twin === undefined ? '' : `, the same as ${twin}`;
    const words = shorten(`${label}${same}${ends ? ` ✗ ${ends}` : ''}${above}`, width - 4);
    return `  ${glyph} ${words}`;
  });
  if (thresholds.length === 0) return lines;
  const names = (shown: boolean) =>
    thresholds.filter((value) => isShown(value, domain) === shown).map((value) => formatNumber(value));
  const [drawn, off] = [names(true), names(false)];
  const words = [
    ...(drawn.length > 0 ? [`threshold ${drawn.join(', ')}`] : []),
    ...(off.length > 0 ? [`off the chart: threshold ${off.join(', ')}`] : []),
  ];
  return [...lines, `  ${paint(THRESHOLD_GLYPH, 'gray', color)} ${shorten(words.join('; '), width - 4)}`];
}
