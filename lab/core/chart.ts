/** A line chart that moves: SVG on the scales, formats and palette of the reports. */

import { html, LitElement, nothing, svg, type TemplateResult } from 'lit';
import {
  condense,
  cutToDomain,
  type Domain,
  domainOf,
  formatNumber,
  formatTickRich,
  linearTicks,
  logTicks,
  type Point,
  seriesStyle,
} from '../../src/report/index.js';
import { exportButtons } from './export.js';
import { followWidth } from './follow-width.js';
import { markerPath } from './marker.js';

/** One line. */
export interface ChartSeries {
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  /** Place in the palette; default: its place in the list. */
  readonly style?: number;
  /** Dashed and without markers: what a law predicts, not what was measured. */
  readonly reference?: boolean;
  /** Bars instead of a line. */
  readonly bars?: boolean;
  /** Where bars start; default: at the bottom. */
  readonly base?: number;
}

/** A chart. */
export interface ChartFigure {
  /** What it shows, in a few words: its name for screen readers and files. */
  readonly title: string;
  readonly x: {
    readonly label: string;
    readonly min?: number;
    readonly max?: number;
    readonly scale?: 'linear' | 'log';
  };
  readonly y: {
    readonly label: string;
    readonly scale?: 'linear' | 'log';
    readonly min?: number;
    readonly max?: number;
  };
  readonly series: readonly ChartSeries[];
  /** Horizontal lines: thresholds, baselines. */
  readonly levels?: readonly { readonly label: string; readonly y: number }[];
  /** Vertical lines: where a run stands. */
  readonly marks?: readonly { readonly label: string; readonly x: number }[];
  /** What the lines say, in a sentence; default: where each ends. */
  readonly summary?: string;
}

const MARGIN = { left: 56, right: 14, top: 14, bottom: 42 };

interface Scales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
  readonly domain: Domain;
  readonly xTicks: readonly number[];
}

/** `<lab-chart .figure=…>`: as wide as its place, with legend, summary and a way to take it along. */
export class LabChart extends LitElement {
  static override properties = {
    figure: { attribute: false },
    height: { type: Number },
    width: { state: true },
  };
  declare figure: ChartFigure;
  declare height: number;
  declare width: number;

  constructor() {
    super();
    this.height = 300;
    this.width = 640;
    followWidth(this);
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    const { title, series, summary } = this.figure;
    const words = summary ?? series.map(endOf).join(' ');
    return html`<figure class="chart">
      ${series.length > 1 ? this.#legend() : nothing}
      ${this.#draw(words)}
      <p class="summary">${words}</p>
      ${exportButtons(this, title, () => csvOf(this.figure))}
    </figure>`;
  }

  #legend(): TemplateResult {
    return html`<ul class="legend">
      ${this.figure.series.map((entry, place) => {
        const style = seriesStyle(entry.style ?? place);
        return html`<li>
          <svg width="28" height="12" aria-hidden="true">
            <line x1="1" x2="27" y1="6" y2="6" stroke=${style.color} stroke-width="2"
              stroke-dasharray=${dashOf(entry, place)} />
            ${entry.reference ? nothing : svg`<path d=${markerPath(style.marker)} transform="translate(14 6)" fill=${style.color} />`}
          </svg>
          <span>${entry.label}</span>
        </li>`;
      })}
    </ul>`;
  }

  #draw(words: string): TemplateResult {
    const { figure, width, height } = this;
    const { x, y, domain, xTicks } = this.#scales();
    const bottom = height - MARGIN.bottom;
    const right = width - MARGIN.right;
    return html`<svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="img" aria-label="${figure.title}. ${words}">
      <g class="grid">
        ${domain.ticks.map((tick) => svg`<line x1=${MARGIN.left} x2=${right} y1=${y(tick)} y2=${y(tick)} />`)}
      </g>
      <g class="ticks">
        ${domain.ticks.map(
          (tick) =>
            svg`<text x=${MARGIN.left - 8} y=${y(tick)} dy="0.32em" text-anchor="end">${formatTickRich(tick)}</text>`,
        )}
        ${xTicks.map((tick) => svg`<text x=${x(tick)} y=${bottom + 18} text-anchor="middle">${formatTickRich(tick)}</text>`)}
      </g>
      <line class="axis" x1=${MARGIN.left} x2=${right} y1=${bottom} y2=${bottom} />
      <text class="label" x=${right} y=${height - 6} text-anchor="end">${figure.x.label}</text>
      <text class="label" x=${MARGIN.left} y=${MARGIN.top - 3}>${figure.y.label}</text>
      ${(figure.levels ?? [])
        .filter((level) => inside(domain, level.y))
        .map(
          (level) => svg`<g class="level">
          <line x1=${MARGIN.left} x2=${right} y1=${y(level.y)} y2=${y(level.y)} />
          <text x=${right} y=${y(level.y) - 5} text-anchor="end">${level.label}</text>
        </g>`,
        )}
      ${(figure.marks ?? []).map(
        (mark) => svg`<g class="mark">
          <line x1=${x(mark.x)} x2=${x(mark.x)} y1=${MARGIN.top} y2=${bottom} />
          <text x=${x(mark.x) + (x(mark.x) > width * 0.7 ? -4 : 4)} y=${MARGIN.top + 10} text-anchor=${x(mark.x) > width * 0.7 ? 'end' : 'start'}>${mark.label}</text>
        </g>`,
      )}
      ${figure.series.map((entry, place) => (entry.bars ? drawBars : drawLine)(entry, place, x, y, domain, width))}
    </svg>`;
  }

  #scales(): Scales {
    const { figure, width, height } = this;
    const ys = figure.series
      .flatMap(({ y }) => Array.from(y))
      .concat((figure.levels ?? []).map((level) => level.y));
    const { scale, min, max } = figure.y;
    const fitted = domainOf(ys, { scale, max });
    const low = min ?? fitted.min;
    const high = max ?? fitted.max;
    const ticks = (fitted.scale === 'log' ? logTicks : linearTicks)(
      low,
      high,
      Math.max(3, Math.round(height / 60)),
    );
    const domain: Domain = { scale: fitted.scale, min: low, max: high, ticks };
    const xs = figure.series.flatMap(({ x }) => (x.length > 0 ? [x[0], x[x.length - 1]] : []));
    const xLow = figure.x.min ?? Math.min(...xs, Number.MAX_VALUE);
    const xHigh = Math.max(figure.x.max ?? Math.max(...xs, -Number.MAX_VALUE), xLow + 1e-9);
    const across = scaleTo(figure.x.scale ?? 'linear', xLow, xHigh, MARGIN.left, width - MARGIN.right);
    const up = scaleTo(domain.scale, low, high, height - MARGIN.bottom, MARGIN.top);
    const xTicks = (figure.x.scale === 'log' ? logTicks : linearTicks)(
      xLow,
      xHigh,
      Math.max(3, Math.round(width / 110)),
    );
    return { x: across, y: up, domain, xTicks };
  }
}

function inside({ min, max }: Domain, value: number): boolean {
  return value >= min && value <= max;
}

/** From numbers to pixels. */
export function scaleTo(scale: 'linear' | 'log', min: number, max: number, from: number, to: number) {
  const forward = scale === 'log' ? Math.log10 : (value: number) => value;
  const low = forward(min);
  const span = forward(max) - low || 1;
  return (value: number): number =>
    Math.round((from + ((forward(value) - low) / span) * (to - from)) * 10) / 10;
}

type Scale = (value: number) => number;

/** Of what is predicted two dashes in turn: beside a law there may be another. */
function dashOf({ reference, style }: ChartSeries, place: number): string {
  const number = style ?? place;
  return reference ? ['2 4', '5 4'][number % 2] : (seriesStyle(number).dash ?? 'none');
}

function drawLine(entry: ChartSeries, place: number, x: Scale, y: Scale, domain: Domain, width: number) {
  const style = seriesStyle(entry.style ?? place);
  const points: Point[] = Array.from(entry.x, (at, k) => ({ x: at, y: entry.y[k] }));
  const drawn = condense(cutToDomain(points, domain), Math.max(60, Math.round(width / 2)));
  let path = '';
  let band = '';
  let broken = true;
  for (const { x: at, low, mid, high } of drawn) {
    if (!Number.isFinite(mid)) {
      broken = true;
      continue;
    }
    path += `${broken ? 'M' : 'L'}${x(at)} ${y(mid)}`;
    if (high > low) band += `M${x(at)} ${y(low)}V${y(high)}`;
    broken = false;
  }
  const last = drawn.filter(({ mid }) => Number.isFinite(mid)).at(-1);
  return svg`<g class="series" style="color:${style.color}">
    ${band ? svg`<path class="band" d=${band} />` : nothing}
    <path class="line" d=${path || 'M0 0'} stroke-dasharray=${dashOf(entry, place)} />
    ${last && !entry.reference ? svg`<path class="end" d=${markerPath(style.marker)} transform="translate(${x(last.x)} ${y(last.mid)})" />` : nothing}
  </g>`;
}

function drawBars(entry: ChartSeries, place: number, x: Scale, y: Scale, domain: Domain) {
  const style = seriesStyle(entry.style ?? place);
  const count = entry.x.length;
  const gap = count > 1 ? Math.abs(x(entry.x[1]) - x(entry.x[0])) : 20;
  const thick = Math.max(1, gap * 0.7);
  const base = y(Math.min(domain.max, Math.max(domain.min, entry.base ?? domain.min)));
  return svg`<g class="bars" style="color:${style.color}">
    ${Array.from(entry.x, (at, k) => {
      // What lies below the drawing reaches its bottom; what is no number has no bar.
      const value = Math.min(domain.max, Math.max(domain.min, entry.y[k]));
      const end = y(value);
      if (!Number.isFinite(end) || end === base) return nothing;
      return svg`<rect x=${x(at) - thick / 2} y=${Math.min(base, end)} width=${thick} height=${Math.abs(base - end)} />`;
    })}
  </g>`;
}

function endOf({ label, y, reference }: ChartSeries): string {
  if (reference || y.length === 0) return '';
  return `${label}: ${formatNumber(y[y.length - 1])} at the end.`;
}

function csvOf({ x, series }: ChartFigure): string {
  const rows = series.flatMap((entry) => Array.from(entry.x, (at, k) => [entry.label, at, entry.y[k]]));
  const quote = (cell: unknown) =>
    /[",\n]/.test(String(cell)) ? `"${String(cell).replaceAll('"', '""')}"` : cell;
  return [['series', x.label, 'value'], ...rows].map((row) => row.map(quote).join(',')).join('\n');
}

customElements.define('lab-chart', LabChart);
