/** The heat map: a surface in bands of colour, rows of a category or a numbered axis, paths drawn on top. */
import * as Plot from '@observablehq/plot';
import { escapeHtml, formatNumber, formatTickRich, tickFormat } from './format.js';
import { pathPoints, summaryOf, tableOf } from './heat-words.js';
import { HEAT_LEVELS, seriesStyle } from './palette.js';
import { type Box, bandPaths, coarsen, cutToBox, type Grid, hatching, inside, thinPath } from './raster.js';
import { extent, linearTicks } from './series.js';
import type { FigureParts } from './shell.js';
import { pathMark, renderSvg, type SvgText } from './svg.js';
import type { Axis, HeatFigure, HeatPath } from './types.js';

/** From this band on, the colour of the page is easier to read on a cell than that of its text. */
const STRONG_LEVEL = 9;

/** The scale of colours: values to bands, and the value at each band's lower edge. */
interface Bands {
  readonly log: boolean;
  readonly of: (value: number) => number;
  readonly edges: readonly number[];
}

/** Parts of a heat map. Values outside the scale's range take its end colours; those not finite are hatched. */
export function heatParts(figure: HeatFigure): FigureParts {
  const bands = bandsOf(figure);
  const paths = figure.paths ?? [];
  return {
    legend: paths.map((path, index) => ({
      label: legendLabel(path, boxOf(figure)),
      style: path.style ?? index,
      reference: path.reference,
      note: path.ends,
    })),
    draw: (text) => drawHeat(figure, bands, 860, text) + drawHeat(figure, bands, 350, text),
    key: colorKey(figure, bands),
    summary: summaryOf(figure),
    table: tableOf(figure),
  };
}

function boxOf(figure: HeatFigure): Box {
  return { x: figure.x.range, y: figure.y.range };
}

function legendLabel(path: HeatPath, box: Box): string {
  if (path.reference) return path.label;
  return `${path.label} (○ start${endsInside(path, box) ? ', filled end' : ''})`;
}

function endsInside(path: HeatPath, box: Box): boolean {
  const last = pathPoints(path).at(-1);
  return last !== undefined && inside(last, box);
}

function bandsOf(figure: HeatFigure): Bands {
  const { scale, range } = figure.z;
  const values = Array.from(figure.values);
  const positive = extent(values.filter((value) => value > 0));
  const found = range ?? extent(values) ?? [0, 1];
  const spread = positive !== null && found[1] >= 10 * positive[0];
  const log = (scale ?? (spread && found[0] >= 0 ? 'log' : 'linear')) === 'log' && positive !== null;
  const forward = log ? Math.log10 : (value: number) => value;
  const low = forward(log && found[0] <= 0 ? (positive as readonly [number, number])[0] : found[0]);
  const width = (forward(found[1]) - low) / HEAT_LEVELS || 1;
  const of = (value: number) => {
    if (!Number.isFinite(value)) return -1;
    const at = log && value <= 0 ? 0 : Math.floor((forward(value) - low) / width);
    return Math.max(0, Math.min(HEAT_LEVELS - 1, at));
  };
  const edges = Array.from({ length: HEAT_LEVELS + 1 }, (_, k) => low + k * width);
  return { log, of, edges: log ? edges.map((edge) => 10 ** edge) : edges };
}

/** Heights: a map is nearly square on a phone, rows of categories are as many lines as they need. */
function heightOf(figure: HeatFigure, width: number): number {
  const rows = figure.y.categories?.length;
  return rows ? rows * (width > 500 ? 26 : 22) + 72 : width > 500 ? 520 : 340;
}

function drawHeat(figure: HeatFigure, bands: Bands, width: number, text: Omit<SvgText, 'className'>): string {
  const wide = width > 500;
  const box = boxOf(figure);
  const categories = figure.y.categories;
  const longest = Math.max(0, ...(categories ?? []).map((name) => name.length));
  const [low, high] = figure.y.range;
  const options: Plot.PlotOptions = {
    width,
    height: heightOf(figure, width),
    marginLeft: categories ? Math.min(longest * 7 + 14, width * 0.45) : 56,
    marginRight: 16,
    marginTop: categories ? 8 : 30,
    marginBottom: 42,
    style: { fontSize: wide ? '13px' : '12px' },
    x: {
      domain: figure.x.range,
      label: labelOf(figure.x),
      ticks: (figure.x.ticks ?? xTicks(figure.x, wide ? 8 : 4)) as number[],
      tickFormat: figure.x.categories ? (x: number) => columnName(figure.x, x) : tickFormat('linear'),
    },
    y: {
      domain: figure.y.range,
      reverse: categories !== undefined,
      label: categories ? null : labelOf(figure.y),
      tickSize: categories ? 0 : 6,
      ticks: (categories?.map((_, row) => low + ((row + 0.5) * (high - low)) / categories.length) ??
        linearTicks(low, high, 6)) as number[],
      tickFormat: categories ? (_: number, row: number) => categories[row] : tickFormat('linear'),
    },
    marks: [
      ...surfaceMarks(figure, bands, wide ? 216 : 120),
      Plot.frame({ stroke: 'currentColor', strokeOpacity: 0.4 }),
      ...(figure.paths ?? []).flatMap((path, index) => pathMarks(path, index, box)),
    ],
  };
  return renderSvg(options, { ...text, className: wide ? 'wide' : 'narrow' });
}

function xTicks({ range, whole, categories }: HeatFigure['x'], count: number): readonly number[] {
  if (categories) {
    const [low, high] = range;
    const every = Math.ceil(categories.length / (2 * count));
    const middles = categories.map((_, k) => low + ((k + 0.5) * (high - low)) / categories.length);
    return middles.filter((_, k) => k % every === 0);
  }
  const ticks = linearTicks(...range, count);
  return whole ? ticks.filter(Number.isInteger) : ticks;
}

/** The name of the column around a position. */
function columnName({ range: [low, high], categories = [] }: HeatFigure['x'], x: number): string {
  return categories[Math.floor(((x - low) / (high - low)) * categories.length)];
}

function labelOf({ label, unit }: Axis): string {
  return unit ? `${label} (${unit})` : label;
}

function surfaceMarks(figure: HeatFigure, bands: Bands, columns: number): Plot.Markish[] {
  const grid = { columns: figure.columns, rows: figure.rows, values: figure.values };
  const small = coarsen(grid, columns, figure.y.categories ? figure.rows : columns * 0.75);
  const raster = bandPaths(small, bands.of, HEAT_LEVELS);
  const bandsDrawn = raster.paths.map((d, level) => {
    return gridMark(figure, raster, d, { fill: `var(--h${level})`, 'shape-rendering': 'crispEdges' });
  });
  const lines = { stroke: 'var(--bad)', 'stroke-width': '1.25', 'vector-effect': 'non-scaling-stroke' };
  const hatched = gridMark(figure, small, hatching(small), { ...lines, fill: 'none' });
  return [...bandsDrawn, hatched, ...(figure.showValues ? [valueMarks(figure, bands)] : [])].flat();
}

/** A path in units of a grid's cells, laid over the map; none where the path is empty. */
function gridMark(
  figure: HeatFigure,
  grid: Pick<Grid, 'columns' | 'rows'>,
  d: string,
  attributes: Readonly<Record<string, string>>,
): Plot.Markish[] {
  if (d === '') return [];
  const [x0, x1] = figure.x.range;
  const [y0, y1] = figure.y.range;
  const mark = pathMark((scales) => {
    const [left, right] = [scales.x(x0), scales.x(x1)];
    // With categories the axis runs downwards and so do the rows: the flip of the raster is undone.
    const [top, bottom] = [scales.y(y1), scales.y(y0)];
    const across = (right - left) / grid.columns;
    const down = (bottom - top) / grid.rows;
    // A matrix keeps full precision where the other coordinates are rounded to tenths.
    const matrix = [across, 0, 0, down, left, top].map((part) => part.toPrecision(6)).join(' ');
    return { d, ...attributes, transform: `matrix(${matrix})` };
  });
  return [mark];
}

/** Every value to show in the middle of its cell, in the colour that stands out on it. */
function valueMarks(figure: HeatFigure, bands: Bands): Plot.Markish[] {
  const { columns, rows } = figure;
  const middle = ([low, high]: readonly [number, number], count: number, at: number) =>
    low + ((at + 0.5) * (high - low)) / count;
  const cells = Array.from({ length: columns * rows }, (_, k) => ({
    x: middle(figure.x.range, columns, k % columns),
    y: middle(figure.y.range, rows, Math.floor(k / columns)),
    value: figure.values[k],
  })).filter(({ value }) => Number.isFinite(value) && (value !== 0 || figure.showValues === 'all'));
  return [true, false].map((strong) =>
    Plot.text(
      cells.filter(({ value }) => bands.of(value) >= STRONG_LEVEL === strong),
      {
        x: 'x',
        y: 'y',
        text: ({ value }: { value: number }) => formatNumber(value),
        fill: strong ? 'var(--bg)' : 'var(--ink)',
      },
    ),
  );
}

function pathMarks(path: HeatPath, index: number, box: Box): Plot.Markish[] {
  const { color, dash, marker } = seriesStyle(path.style ?? index);
  const points = pathPoints(path).filter((point) => Number.isFinite(point.x) && Number.isFinite(point.y));
  const shown = cutToBox(thinPath(points, box, 0.002, 500), box);
  const at = { x: 'x', y: 'y' } as const;
  const line = { ...at, strokeLinejoin: 'round', strokeLinecap: 'round' } as const;
  const first = points[0];
  const last = shown.findLast((point) => Number.isFinite(point.y));
  const ended = endsInside(path, box);
  const halo = 'var(--card)';
  if (path.reference) {
    return [
      Plot.line(shown, { ...line, stroke: halo, strokeWidth: 4 }),
      Plot.line(shown, { ...line, stroke: color, strokeWidth: 1.75, strokeDasharray: '4 4' }),
    ];
  }
  const end = ended
    ? Plot.dot(last ? [last] : [], {
        ...at,
        symbol: marker,
        r: 7,
        fill: color,
        stroke: halo,
        strokeWidth: 1.5,
      })
    : Plot.dot(last ? [last] : [], { ...at, symbol: 'times', r: 6, stroke: color, strokeWidth: 3 });
  return [
    Plot.line(shown, { ...line, stroke: halo, strokeWidth: 5 }),
    Plot.line(shown, { ...line, stroke: color, strokeWidth: 2.25, strokeDasharray: dash ?? undefined }),
    Plot.dot(first && inside(first, box) ? [first] : [], {
      ...at,
      r: 6,
      fill: halo,
      stroke: color,
      strokeWidth: 2.5,
    }),
    end,
  ];
}

const HATCH =
  '<svg viewBox="0 0 22 12" width="22" height="12" aria-hidden="true"><path d="M1 1l10 10M11 1l-10 10M11 1l10 10M21 1l-10 10" stroke="var(--bad)" fill="none"/></svg>';

function colorKey(figure: HeatFigure, bands: Bands): string {
  const cells = Array.from(
    { length: HEAT_LEVELS },
    (_, level) => `<i style="background:var(--h${level})"></i>`,
  );
  const found = extent(Array.from(figure.values)) ?? [0, 0];
  const [low, , high] = [0, HEAT_LEVELS / 2, HEAT_LEVELS].map((k) => bands.edges[k]);
  const signs = [found[0] < low * 0.99 ? '≤ ' : '', '', found[1] > high * 1.01 ? '≥ ' : ''];
  const marks = signs.map(
    (sign, k) => `<span>${sign}${edgeLabel(bands.edges[(k * HEAT_LEVELS) / 2])}</span>`,
  );
  const label = `${labelOf(figure.z)}${bands.log ? ', log scale' : ''}`;
  const ramp = `<span class="ramp" aria-hidden="true">${cells.join('')}</span>`;
  const bar = `<span class="bar">${ramp}<span class="marks">${marks.join('')}</span></span>`;
  const holes = Array.from(figure.values).some((value) => !Number.isFinite(value));
  const hatch = holes ? `<span>${HATCH} not finite</span>` : '';
  return `<div class="key"><span>${escapeHtml(label)}</span>${bar}${hatch}</div>`;
}

function edgeLabel(value: number): string {
  return escapeHtml(formatTickRich(Number(value.toPrecision(2))));
}
