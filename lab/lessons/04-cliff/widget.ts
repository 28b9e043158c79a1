/** The map of the error with its wall, and two descents from one start: one clipped, one not. */

import { html, type TemplateResult } from 'lit';
import { formatNumber } from '../../../src/report/index.js';
import type { Run } from '../../core/client.js';
import type { Move, PlaneFigure, PlanePath } from '../../core/plane.js';
import type { SeenStep } from '../../core/session.js';
import { number, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';

const settings = {
  w: number({ label: 'Start w', default: 5, min: 4, max: 7, step: 0.01 }),
  b: number({ label: 'Start b', default: -2.3, min: -3.5, max: -1.5, step: 0.01 }),
  c: number({ label: 'Threshold c', default: 1, min: 0.01, max: 100, step: 0.02, scale: 'log' }),
  lr: number({ label: 'Learning rate', default: 0.1, min: 0.001, max: 1, step: 0.02, scale: 'log' }),
  zoom: number({ label: 'Zoom on the start', default: 1, min: 1, max: 50, step: 0.02, scale: 'log' }),
};

type Values = ValuesOf<typeof settings>;

/** What a step leaves to be drawn. */
type Place = { readonly w: number; readonly b: number };

const STEPS = 2000;
const GRID = { columns: 150, rows: 100 };
const WHOLE = { w: [4, 7], b: [-3.5, -1.5] } as const;
/** Between two descents while a handle is dragged, in ms. */
const SETTLE = 120;

/** Lesson 4. */
export default class Cliff extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  /** Without and with clipping. */
  #runs: readonly Run<Place>[] = [];
  #surface: { readonly key: string; readonly values: Float64Array } | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected override opened(): void {
    this.#open(this.host.asked?.at ?? null);
    void this.#map();
  }

  protected override changed(before: Values): void {
    const { w, b, c, lr, zoom } = this.values;
    if (zoom !== before.zoom || (zoom > 1 && (w !== before.w || b !== before.b))) void this.#map();
    if (w === before.w && b === before.b && c === before.c && lr === before.lr) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(null), SETTLE);
  }

  /** Starts both descents; with `at`, shows the state after so many steps. */
  #open(at: number | null): void {
    const { w, b, c, lr } = this.values;
    // A Play that was pressed while the last slider settled is meant for these.
    const playing = this.#runs.some((run) => run.playing);
    this.runs = [0, c].map((c) => this.openRun('descent', { w, b, lr, c, steps: STEPS }));
    this.#runs = this.runs as readonly Run<Place>[];
    for (const run of this.#runs) {
      if (at !== null) void run.seek(at);
      else if (playing || !this.host.still) void run.play(this.pace);
    }
  }

  /** The part of the plane that is shown. */
  get #window(): { readonly w: readonly [number, number]; readonly b: readonly [number, number] } {
    const { w, b, zoom } = this.values;
    if (zoom === 1) return WHOLE;
    const around = (middle: number, [min, max]: readonly [number, number]): [number, number] => {
      const half = (max - min) / zoom / 2;
      return [middle - half, middle + half];
    };
    return { w: around(w, WHOLE.w), b: around(b, WHOLE.b) };
  }

  async #map(): Promise<void> {
    const shown = this.#window;
    const key = JSON.stringify(shown);
    if (key === this.#surface?.key) return;
    const values = await this.ask('surface', { ...shown, ...GRID });
    // By now another part may be asked for.
    if (values && key === JSON.stringify(this.#window)) this.#surface = { key, values };
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    return html`
      <p class="formula-line">One unit, no input: x<sub>t</sub> = w·σ(x<sub>t−1</sub>) + b, asked for σ(x<sub>50</sub>) = 0.7. The stronger the shade, the larger the error.</p>
      <lab-plane id="cliff" .figure=${this.#figure} aspect="0.56" @lab-move=${(event: CustomEvent<Move>) => this.set({ w: event.detail.x, b: event.detail.y })}></lab-plane>
      ${this.transport(this.#runs, { steps: STEPS })}
      ${this.controls('w', 'b', 'c', 'lr', 'zoom')}
      ${this.#table()}
    `;
  }

  get #figure(): PlaneFigure {
    const shown = this.#window;
    const { w, b, c } = this.values;
    const labels = ['without clipping', `clipped at ${formatNumber(c)}`];
    const paths = this.#runs.map((run, style): PlanePath => {
      const steps = run.steps.slice(0, run.at);
      return {
        label: labels[style],
        style,
        x: [w, ...steps.map(({ seen }) => seen.w)],
        y: [b, ...steps.map(({ seen }) => seen.b)],
      };
    });
    return {
      title: 'Error of the unit over w and b',
      summary: this.words(),
      x: { label: 'w', min: shown.w[0], max: shown.w[1] },
      y: { label: 'b', min: shown.b[0], max: shown.b[1] },
      raster: this.#surface ? { ...GRID, values: this.#levels(this.#surface.values) } : undefined,
      paths,
      handles: [{ name: 'start', label: 'Start of both descents', x: w, y: b, step: 0.01 }],
    };
  }

  /** By surface: darkness of every cell. The root lets the valley be seen beside the wall. */
  #levels(values: Float64Array): Float64Array {
    if (this.#darkness?.of !== values)
      this.#darkness = { of: values, levels: values.map((e) => Math.sqrt(e) / 0.7) };
    return this.#darkness.levels;
  }

  #darkness: { readonly of: Float64Array; readonly levels: Float64Array } | null = null;

  protected override words(): string {
    if (this.#runs.some((run) => run.at === 0)) return 'Two descents from one start.';
    return this.#runs
      .map((run, k) => {
        const { loss, longest } = factsOf(run.steps.slice(0, run.at), this.values);
        return `${k === 0 ? 'Without clipping' : 'Clipped'}: after ${run.at} steps the error is ${formatNumber(loss)}, the longest step was ${formatNumber(longest)}.`;
      })
      .join(' ');
  }

  #table(): TemplateResult {
    const facts = this.#runs.map((run) => factsOf(run.steps.slice(0, run.at), this.values));
    const row = (label: string, key: keyof Facts, digits = 3) => html`<tr>
      <th scope="row">${label}</th>
      ${facts.map((fact, k) => html`<td data-run=${k === 0 ? 'none' : 'clipped'} data-fact=${key}>${formatNumber(fact[key], digits)}</td>`)}
    </tr>`;
    return html`<div class="scroll"><table class="facts">
      <thead><tr><td></td><th scope="col">without clipping</th><th scope="col">clipped at ${formatNumber(this.values.c)}</th></tr></thead>
      <tbody>
        ${row('error', 'loss')} ${row('w', 'w', 4)} ${row('b', 'b', 4)} ${row('longest step', 'longest')} ${row('steps clipped', 'clips')}
      </tbody>
    </table></div>`;
  }
}

interface Facts {
  readonly loss: number;
  readonly w: number;
  readonly b: number;
  readonly longest: number;
  readonly clips: number;
}

function factsOf(steps: readonly SeenStep<Place>[], start: Place): Facts {
  let [w, b, longest, clips] = [start.w, start.b, 0, 0];
  for (const { seen, clipped } of steps) {
    longest = Math.max(longest, Math.hypot(seen.w - w, seen.b - b));
    clips += Number(clipped);
    ({ w, b } = seen);
  }
  return { loss: steps.at(-1)?.loss ?? Number.NaN, w, b, longest, clips };
}
