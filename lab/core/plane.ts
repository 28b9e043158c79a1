/** A plane with two axes: a map or a plot of points, on which handles can be moved by pointer and by arrow keys. */

import { html, LitElement, nothing, type SVGTemplateResult, svg, type TemplateResult } from 'lit';
import {
  formatNumber,
  formatTickRich,
  HEAT_LEVELS,
  linearTicks,
  seriesStyle,
} from '../../src/report/index.js';
import { scaleTo } from './chart.js';
import { exportButtons } from './export.js';
import { followWidth } from './follow-width.js';
import { markerPath } from './marker.js';

/** A point that can be moved. */
export interface Handle {
  readonly name: string;
  /** In words: "Start of both descents". */
  readonly label: string;
  readonly x: number;
  readonly y: number;
  /** How far an arrow key moves it; with Shift, ten times as far. */
  readonly step: number;
  /** Place in the palette; default: the page's accent. */
  readonly style?: number;
}

/** A way through the plane. */
export interface PlanePath {
  readonly label: string;
  readonly x: ArrayLike<number>;
  readonly y: ArrayLike<number>;
  readonly style: number;
}

/** From numbers to pixels, in both directions. */
export interface PlaneScales {
  readonly x: (value: number) => number;
  readonly y: (value: number) => number;
}

/** What a plane shows. */
export interface PlaneFigure {
  readonly title: string;
  readonly summary: string;
  readonly x: { readonly label: string; readonly min: number; readonly max: number };
  readonly y: { readonly label: string; readonly min: number; readonly max: number };
  /** Values from 0 (light) to 1 (dark), row by row from the top. */
  readonly raster?: { readonly columns: number; readonly rows: number; readonly values: ArrayLike<number> };
  readonly paths?: readonly PlanePath[];
  readonly handles?: readonly Handle[];
  /** Drawn between map and paths. */
  readonly overlay?: (scales: PlaneScales) => SVGTemplateResult;
  /** The numbers behind it, as lines of CSV; default: the paths. */
  readonly csv?: () => string;
}

/** Detail of the event `lab-move`. */
export interface Move {
  readonly name: string;
  readonly x: number;
  readonly y: number;
}

const MARGIN = { left: 52, right: 12, top: 22, bottom: 40 };

/** `<lab-plane .figure=… aspect="1" @lab-move=…>` */
export class LabPlane extends LitElement {
  static override properties = {
    figure: { attribute: false },
    aspect: { type: Number },
    width: { state: true },
  };
  declare figure: PlaneFigure;
  /** Height of the plot by its width. */
  declare aspect: number;
  declare width: number;
  #raster: PlaneFigure['raster'];
  #scheme = '';
  #image = '';
  readonly #repaint = (): void => {
    this.#raster = undefined;
    this.requestUpdate();
  };

  constructor() {
    super();
    this.aspect = 0.62;
    this.width = 640;
    followWidth(this);
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    matchMedia('(prefers-color-scheme: dark)').addEventListener('change', this.#repaint);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    matchMedia('(prefers-color-scheme: dark)').removeEventListener('change', this.#repaint);
  }

  get #height(): number {
    return Math.round((this.width - MARGIN.left - MARGIN.right) * this.aspect) + MARGIN.top + MARGIN.bottom;
  }

  get #scales(): PlaneScales {
    const { x, y } = this.figure;
    return {
      x: scaleTo('linear', x.min, x.max, MARGIN.left, this.width - MARGIN.right),
      y: scaleTo('linear', y.min, y.max, this.#height - MARGIN.bottom, MARGIN.top),
    };
  }

  protected override render(): TemplateResult {
    const { title, summary, paths = [], csv } = this.figure;
    return html`<figure class="plane">
      ${
        paths.length > 0
          ? html`<ul class="legend">${paths.map(
              ({ label, style }) => html`<li>
                <svg width="28" height="12" aria-hidden="true">
                  <line x1="1" x2="27" y1="6" y2="6" stroke=${seriesStyle(style).color} stroke-width="2.5" />
                  <path d=${markerPath(seriesStyle(style).marker)} transform="translate(14 6)" fill=${seriesStyle(style).color} />
                </svg><span>${label}</span>
              </li>`,
            )}</ul>`
          : nothing
      }
      <div class="stage">${this.#draw()}${this.#handles()}</div>
      <p class="summary">${summary}</p>
      ${exportButtons(this, title, csv ?? (() => pathsCsv(this.figure)))}
    </figure>`;
  }

  #draw(): TemplateResult {
    const { figure, width } = this;
    const height = this.#height;
    const scales = this.#scales;
    const { x, y } = scales;
    const [left, right, top, bottom] = [
      MARGIN.left,
      width - MARGIN.right,
      MARGIN.top,
      height - MARGIN.bottom,
    ];
    const image = this.#paint();
    return html`<svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="img" aria-label="${figure.title}. ${figure.summary}">
      <clipPath id="inside-${this.id || 'plane'}"><rect x=${left} y=${top} width=${right - left} height=${bottom - top} /></clipPath>
      ${image ? svg`<image href=${image} x=${left} y=${top} width=${right - left} height=${bottom - top} preserveAspectRatio="none" />` : nothing}
      <rect class="frame" x=${left} y=${top} width=${right - left} height=${bottom - top} />
      <g class="ticks">
        ${linearTicks(figure.x.min, figure.x.max, Math.round(width / 110)).map(
          (tick) =>
            svg`<text x=${x(tick)} y=${bottom + 17} text-anchor="middle">${formatTickRich(tick)}</text>`,
        )}
        ${linearTicks(figure.y.min, figure.y.max, Math.round(height / 70)).map(
          (tick) =>
            svg`<text x=${left - 7} y=${y(tick)} dy="0.32em" text-anchor="end">${formatTickRich(tick)}</text>`,
        )}
      </g>
      <text class="label" x=${right} y=${height - 6} text-anchor="end">${figure.x.label}</text>
      <text class="label" x=${left} y=${top - 7}>${figure.y.label}</text>
      <g clip-path="url(#inside-${this.id || 'plane'})">
        ${figure.overlay?.(scales) ?? nothing}
        ${(figure.paths ?? []).map((path) => this.#drawPath(path, scales))}
      </g>
    </svg>`;
  }

  #drawPath({ x, y, style }: PlanePath, scales: PlaneScales): SVGTemplateResult {
    const { color, marker } = seriesStyle(style);
    const last = x.length - 1;
    // A point outside is drawn at the edge of what SVG can hold; one that would not be seen is not drawn.
    let d = '';
    let [left, top] = [Number.NaN, Number.NaN];
    const place = (k: number): string => `${clampPixel(scales.x(x[k]))} ${clampPixel(scales.y(y[k]))}`;
    for (let k = 0; k <= last; k++) {
      const [across, down] = [clampPixel(scales.x(x[k])), clampPixel(scales.y(y[k]))];
      if (k < last && Math.abs(across - left) + Math.abs(down - top) < 1) continue;
      d += `${d ? 'L' : 'M'}${across} ${down}`;
      [left, top] = [across, down];
    }
    return svg`<g class="path" style="color:${color}">
      <path class="halo" d=${d || 'M0 0'} /><path class="line" d=${d || 'M0 0'} />
      ${last >= 0 ? svg`<path class="end" d=${markerPath(marker)} transform="translate(${place(last)}) scale(1.4)" />` : nothing}
    </g>`;
  }

  #handles(): TemplateResult[] {
    const scales = this.#scales;
    return (this.figure.handles ?? []).map(
      (handle) => html`<button
        type="button" class="handle" data-handle=${handle.name}
        role="slider" aria-label=${handle.label} aria-orientation="horizontal"
        aria-valuemin=${this.figure.x.min} aria-valuemax=${this.figure.x.max} aria-valuenow=${handle.x}
        aria-valuetext="${this.figure.x.label} ${formatNumber(handle.x, 4)}, ${this.figure.y.label} ${formatNumber(handle.y, 4)}"
        style="left:${scales.x(handle.x)}px;top:${scales.y(handle.y)}px;${handle.style === undefined ? '' : `--handle:${seriesStyle(handle.style).color}`}"
        @pointerdown=${(event: PointerEvent) => this.#grab(event, handle)}
        @keydown=${(event: KeyboardEvent) => this.#key(event, handle)}
      ></button>`,
    );
  }

  #grab(event: PointerEvent, handle: Handle): void {
    const target = event.currentTarget as HTMLElement;
    target.setPointerCapture(event.pointerId);
    target.focus();
    const move = (moved: PointerEvent): void => {
      const box = this.querySelector('.stage svg')!.getBoundingClientRect();
      const { x, y } = this.figure;
      const across = (moved.clientX - box.left - MARGIN.left) / (this.width - MARGIN.left - MARGIN.right);
      const down = (moved.clientY - box.top - MARGIN.top) / (this.#height - MARGIN.top - MARGIN.bottom);
      this.#move(handle, x.min + across * (x.max - x.min), y.max - down * (y.max - y.min));
    };
    const drop = (): void => {
      target.removeEventListener('pointermove', move);
      target.removeEventListener('pointerup', drop);
      target.removeEventListener('pointercancel', drop);
    };
    target.addEventListener('pointermove', move);
    target.addEventListener('pointerup', drop);
    target.addEventListener('pointercancel', drop);
    event.preventDefault();
  }

  #key(event: KeyboardEvent, handle: Handle): void {
    const far = handle.step * (event.shiftKey ? 10 : 1);
    const moves: Readonly<Record<string, readonly [number, number]>> = {
      ArrowLeft: [-far, 0],
      ArrowRight: [far, 0],
      ArrowUp: [0, far],
      ArrowDown: [0, -far],
    };
    const by = moves[event.key];
    if (!by) return;
    event.preventDefault();
    this.#move(handle, handle.x + by[0], handle.y + by[1]);
  }

  #move({ name, step }: Handle, x: number, y: number): void {
    const { x: across, y: up } = this.figure;
    const place = (value: number, { min, max }: { readonly min: number; readonly max: number }): number =>
      Number((Math.round(Math.min(max, Math.max(min, value)) / step) * step).toPrecision(12));
    const detail: Move = { name, x: place(x, across), y: place(y, up) };
    this.dispatchEvent(new CustomEvent('lab-move', { detail }));
  }

  /** The map as an image in the colours of the page. */
  #paint(): string {
    const { raster } = this.figure;
    if (!raster) return '';
    const style = getComputedStyle(this);
    const scheme = style.getPropertyValue('--h0');
    if (raster === this.#raster && scheme === this.#scheme) return this.#image;
    this.#raster = raster;
    this.#scheme = scheme;
    const ramp = Array.from({ length: HEAT_LEVELS }, (_, level) => {
      const hex = Number.parseInt(style.getPropertyValue(`--h${level}`).trim().slice(1), 16);
      return [hex >> 16, (hex >> 8) & 255, hex & 255];
    });
    const { columns, rows, values } = raster;
    const canvas = document.createElement('canvas');
    canvas.width = columns;
    canvas.height = rows;
    const context = canvas.getContext('2d')!;
    const image = context.createImageData(columns, rows);
    for (let k = 0; k < columns * rows; k++) {
      const level = Math.min(HEAT_LEVELS - 1, Math.max(0, Math.floor(values[k] * HEAT_LEVELS)));
      image.data.set([...ramp[level], 255], 4 * k);
    }
    context.putImageData(image, 0, 0);
    this.#image = canvas.toDataURL();
    return this.#image;
  }
}

function clampPixel(value: number): number {
  return Math.min(1e5, Math.max(-1e5, Number.isNaN(value) ? 0 : value));
}

function pathsCsv({ x, y, paths = [] }: PlaneFigure): string {
  const rows = paths.flatMap((path) =>
    Array.from(path.x, (at, k) => [path.label, k, at, path.y[k]].join(',')),
  );
  return [['path', 'step', x.label, y.label].join(','), ...rows].join('\n');
}

customElements.define('lab-plane', LabPlane);
