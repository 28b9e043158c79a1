/** The norms of a real run as bars, a threshold to drag through them, and what it does to the steps that follow. */

import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatNumber, formatPercent } from '../../../src/report/index.js';
import type { ChartFigure } from '../../core/chart.js';
import type { Move, PlaneFigure, PlaneScales } from '../../core/plane.js';
import type { CallResult } from '../../core/session.js';
import { choice, number, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import { percentileOf, STEPS } from './norms.js';
import type session from './session.js';

const settings = {
  task: choice({
    label: 'A run of',
    default: 'line',
    options: { line: 'a line, settled', outliers: 'a line with outliers', spirals: 'two spirals, learning' },
  }),
  percent: number({ label: 'Percentile', default: 90, min: 1, max: 100, step: 1, whole: true }),
  seed: number({ label: 'Seed', default: 1, min: 0, max: 999, step: 1, whole: true }),
};

type Values = ValuesOf<typeof settings>;
type Chosen = CallResult<typeof session, 'choose'>;

/** Thresholds that are always shown beside the one at hand. */
const COMMON: Readonly<Record<number, string>> = { 50: 'median', 75: '75th', 90: '90th', 99: '99th' };
const BINS = 40;

const legend = html`<ul class="legend" style="margin-top:.75rem">
  ${[
    ['var(--s2)', 'measured, left as it is'],
    ['var(--s1)', 'measured, would be clipped'],
  ].map(
    ([color, words]) =>
      html`<li><svg width="14" height="14" aria-hidden="true"><rect width="14" height="14" style="fill:${color};opacity:.75" /></svg><span>${words}</span></li>`,
  )}
  <li><svg width="28" height="12" aria-hidden="true"><path d="M1 10H10V3H19V8H27" style="fill:none;stroke:var(--s3);stroke-width:2" /></svg><span>outline: the ${STEPS} steps after, clipped</span></li>
</ul>`;

/** Lesson 7. */
export default class Threshold extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  #norms: Float64Array | null = null;
  /** By percentile, of the run at hand. */
  #chosen = new Map<number, Chosen>();
  #computing = false;

  protected override opened(): void {
    void this.#measure();
  }

  protected override changed(before: Values): void {
    const { task, seed } = this.values;
    if (task !== before.task || seed !== before.seed) void this.#measure();
    else void this.#choose();
  }

  async #measure(): Promise<void> {
    const { task, seed } = this.values;
    const norms = await this.ask('measure', { task, seed });
    if (task !== this.values.task || seed !== this.values.seed) return;
    this.#norms = norms;
    this.#chosen = new Map();
    this.requestUpdate();
    void this.#choose();
  }

  /** Computes what is missing, the percentile at hand first; it may be another one by the time the answer comes. */
  async #choose(): Promise<void> {
    if (this.#computing) return;
    this.#computing = true;
    for (let percent = this.#missing(); percent !== undefined; percent = this.#missing()) {
      const { task, seed } = this.values;
      const chosen = this.#chosen;
      const found = await this.ask('choose', { task, seed, percent });
      if (!found) break;
      chosen.set(percent, found);
      this.requestUpdate();
    }
    this.#computing = false;
  }

  /** What belongs to the percentile at hand, once it is computed. */
  get #shown(): Chosen | undefined {
    return this.#chosen.get(this.values.percent);
  }

  #missing(): number | undefined {
    if (!this.#norms) return undefined;
    return [this.values.percent, 50, 75, 90, 99].find((percent) => !this.#chosen.has(percent));
  }

  /** Arrow keys on the ring go from percentile to percentile: its own steps would be of a norm. */
  readonly #keys = {
    capture: true,
    handleEvent: (event: KeyboardEvent): void => {
      const far = event.shiftKey ? 10 : 1;
      const by = { ArrowLeft: -far, ArrowDown: -far, ArrowRight: far, ArrowUp: far }[event.key];
      if (by === undefined || !(event.target as Element).matches('.handle')) return;
      event.preventDefault();
      event.stopPropagation();
      this.#setPercentile(this.values.percent + by);
    },
  };

  #drag({ x }: Move): void {
    const below = this.#norms?.filter((norm) => norm <= x).length ?? 0;
    this.#setPercentile(Math.round((100 * below) / STEPS));
  }

  #setPercentile(percent: number): void {
    this.set({ percent: Math.min(100, Math.max(1, percent)) });
  }

  protected override render(): TemplateResult {
    const norms = this.#norms;
    return html`
      ${
        norms
          ? html`<lab-plane id="bars" aspect=${this.#aspect} .figure=${this.#bars(norms)} @keydown=${this.#keys} @lab-move=${(event: CustomEvent<Move>) => this.#drag(event.detail)}></lab-plane>`
          : html`<p class="quiet">Being measured …</p>`
      }
      ${norms ? legend : nothing}
      ${this.controls('task', 'percent', 'seed')}
      ${norms ? html`${this.#table(norms)}<lab-chart height="230" style="margin-top:1.5rem" .figure=${this.#overTime(norms)}></lab-chart>` : nothing}
    `;
  }

  get #aspect(): number {
    const width = this.parentElement?.clientWidth ?? 0;
    return width > 0 && width < 480 ? 0.8 : 0.42;
  }

  #bars(norms: Float64Array): PlaneFigure {
    const { percent: p } = this.values;
    const c = percentileOf(norms, p);
    const after = this.#shown?.normsAfter ?? null;
    const largest = Math.max(...norms) * 1.04;
    const measured = histogramOf(norms, largest);
    const later = after && histogramOf(after, largest);
    const highest = Math.max(...measured, ...(later ?? [])) * 1.25;
    return {
      title: 'Norms of the measured steps',
      summary: this.words(),
      x: { label: 'norm of the gradient', min: 0, max: largest },
      y: { label: 'steps', min: 0, max: highest },
      overlay: (scales) => drawBars(scales, { measured, later, largest, highest, c }),
      handles: [
        {
          name: 'threshold',
          label: `Threshold, at percentile ${p}`,
          x: c,
          y: highest * 0.93,
          step: Number((largest / 500).toPrecision(1)),
        },
      ],
      csv: () => ['step,norm', ...Array.from(norms, (norm, step) => `${step},${norm}`)].join('\n'),
    };
  }

  #table(norms: Float64Array): TemplateResult {
    const { percent: p } = this.values;
    const rows = [...new Set([50, 75, 90, 99, p])].sort((a, b) => a - b);
    const told = (chosen: Chosen | undefined, tell: (chosen: Chosen) => number): string =>
      chosen ? formatPercent(tell(chosen)) : '…';
    return html`<div class="scroll" tabindex="0" role="region" aria-label="Thresholds at percentiles"><table class="facts">
      <thead><tr><td>Percentile</td><th scope="col">c</th><th scope="col">clipped</th><th scope="col">halved</th><th scope="col">lost</th><th scope="col">after</th></tr></thead>
      <tbody>${rows.map((percent) => {
        const chosen = this.#chosen.get(percent);
        const name = COMMON[percent] ?? String(percent);
        return html`<tr data-percentile=${percent}>
          <th scope="row">${percent === p ? html`<strong>${name} ○</strong>` : name}</th>
          <td data-fact="c">${formatNumber(percentileOf(norms, percent))}</td>
          <td data-fact="rate">${told(chosen, ({ inSample }) => inSample.rate)}</td>
          <td data-fact="halved">${told(chosen, ({ inSample }) => inSample.halved)}</td>
          <td data-fact="lost">${told(chosen, ({ inSample }) => inSample.lost)}</td>
          <td data-fact="after">${told(chosen, ({ after }) => after.rate)}</td></tr>`;
      })}</tbody>
    </table></div>
    <p class="quiet">Clipped and halved: of the measured steps. Lost: of their length. After: clipped of the ${STEPS} steps after.</p>`;
  }

  #overTime(norms: Float64Array): ChartFigure {
    const after = this.#shown?.normsAfter ?? new Float64Array();
    const c = percentileOf(norms, this.values.percent);
    return {
      title: 'Norms over time',
      x: { label: 'step', min: 0, max: 2 * STEPS },
      y: { label: 'norm of the gradient, before clipping', scale: 'log' },
      series: [
        { label: 'measured', x: norms.map((_, step) => step), y: norms, style: 1 },
        {
          label: `after, clipped at ${formatNumber(c)}`,
          x: after.map((_, step) => STEPS + step),
          y: after,
          style: 2,
        },
      ],
      levels: [{ label: `c = ${formatNumber(c)}`, y: c }],
      marks: [{ label: 'threshold chosen', x: STEPS }],
      summary: `Median norm ${formatNumber(percentileOf(norms, 50))} while measured${after.length > 0 ? `, ${formatNumber(percentileOf(after, 50))} after` : ''}.`,
    };
  }

  protected override words(): string {
    if (!this.#norms) return '';
    const { percent: p } = this.values;
    const c = formatNumber(percentileOf(this.#norms, p));
    const shown = this.#shown;
    if (!shown) return `At percentile ${p} the threshold is ${c}.`;
    const { inSample, after } = shown;
    return `At percentile ${p} the threshold is ${c}. Of the ${STEPS} steps measured it would clip ${formatPercent(inSample.rate)} and halve ${formatPercent(inSample.halved)}, taking ${formatPercent(inSample.lost)} of their length; of the ${STEPS} steps after it clips ${formatPercent(after.rate)}.`;
  }
}

/** How many norms fall into each bin; those beyond the last into the last. */
function histogramOf(norms: ArrayLike<number>, largest: number): readonly number[] {
  const counts = new Array<number>(BINS).fill(0);
  for (const norm of Array.from(norms)) counts[Math.min(BINS - 1, Math.floor((norm / largest) * BINS))]++;
  return counts;
}

interface Bars {
  readonly measured: readonly number[];
  readonly later: readonly number[] | null;
  readonly largest: number;
  readonly highest: number;
  readonly c: number;
}

/** Bars of the measured steps, those above the threshold in another colour; the steps after as an outline. */
function drawBars({ x, y }: PlaneScales, { measured, later, largest, highest, c }: Bars) {
  const wide = largest / BINS;
  const outline = later
    ?.map((count, k) => `${k === 0 ? 'M' : 'L'}${x(k * wide)} ${y(count)}H${x((k + 1) * wide)}`)
    .join('');
  const end = x(c) > (x(0) + x(largest)) / 2;
  return svg`
    ${measured.flatMap((count, k) => {
      const [from, to] = [k * wide, (k + 1) * wide];
      // A bin with the threshold in it is of both colours.
      const parts = [
        [from, Math.min(to, c), 'var(--s2)'],
        [Math.max(from, c), to, 'var(--s1)'],
      ] as const;
      return parts.map(([left, right, color]) =>
        right > left && count > 0
          ? svg`<rect x=${x(left)} y=${y(count)} width=${Math.max(0.5, x(right) - x(left) - (right === to ? 1 : 0))} height=${y(0) - y(count)} style="fill:${color};opacity:.75" />`
          : nothing,
      );
    })}
    ${outline ? svg`<path d=${outline} style="fill:none;stroke:var(--s3);stroke-width:2" />` : nothing}
    <line x1=${x(c)} x2=${x(c)} y1=${y(0)} y2=${y(highest)} style="stroke:var(--ink);stroke-width:1.5" />
    <text x=${x(c) + (end ? -14 : 14)} y=${y(highest * 0.93)} dy="0.32em" text-anchor=${end ? 'end' : 'start'} style="fill:var(--ink)">c = ${formatNumber(c)}</text>`;
}
