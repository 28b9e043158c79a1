/** The unrolled network, and the length of the gradient at each of its steps beside what ρ says. */

import { html, nothing, type SVGTemplateResult, svg, type TemplateResult } from 'lit';
import { formatNumber } from '../../../src/report/index.js';
import type { ChartFigure, ChartSeries } from '../../core/chart.js';
import { followWidth } from '../../core/follow-width.js';
import { choice, number, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';
import type { Activation, Init, Passed } from './session.js';
import { style } from './style.js';

const settings = {
  rho: number({ label: 'Spectral norm ρ of W', default: 1.1, min: 0.5, max: 3, step: 0.01 }),
  activation: choice({
    label: 'Activation φ',
    default: 'identity',
    options: { identity: 'none', tanh: 'tanh', relu: 'ReLU', sigmoid: 'sigmoid' },
  }),
  init: choice({
    label: 'W is',
    default: 'orthogonal',
    options: { orthogonal: 'orthogonal, times ρ', gaussian: 'Gaussian, scaled to ρ', identity: 'ρ times 1' },
  }),
  T: number({ label: 'Time steps T', default: 50, min: 2, max: 100, step: 1, whole: true }),
  input: number({ label: 'Size of the inputs', default: 0.5, min: 0, max: 5, step: 0.1 }),
  at: number({ label: 'Back to step', default: 0, min: 0, max: 100, step: 1, whole: true }),
};

type Values = ValuesOf<typeof settings>;

/** Of the chart: the cells stand above its bars. */
const MARGIN = { left: 56, right: 14 };
/** How long a gradient takes all the way back, in ms, when it is shown. */
const JOURNEY = 1600;
const SEED = 1;
/** The largest slope of an activation: a step lengthens a gradient by at most ρ times that. */
const steepest = (activation: string): number => (activation === 'sigmoid' ? 0.25 : 1);
/** What is smaller is not drawn. */
const FLOOR = 1e-12;

/** Lesson 3. */
export default class ThroughTime extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  static override properties = { width: { state: true }, front: { state: true } };
  declare width: number;
  /** The step that a gradient under way has come back to; null where none is under way. */
  declare front: number | null;
  #passed: (Passed & { readonly T: number; readonly rho: number }) | null = null;
  #frame = 0;

  constructor() {
    super();
    this.width = 640;
    followWidth(this);
    this.front = null;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#halt();
  }

  protected override opened(): void {
    void this.#compute(!this.host.still && this.values.at === 0);
  }

  protected override changed(before: Values): void {
    this.#halt();
    const { at: _, ...rest } = this.values;
    if (Object.entries(rest).some(([key, value]) => value !== before[key as keyof Values]))
      void this.#compute(false);
  }

  async #compute(send: boolean): Promise<void> {
    const asked = this.values;
    const { rho, activation, init, T, input } = asked;
    const passed = await this.ask('through', {
      ...{ rho, T, input, seed: SEED },
      activation: activation as Activation,
      init: init as Init,
    });
    const { at: _, ...now } = this.values;
    if (!passed || Object.entries(now).some(([key, value]) => value !== asked[key as keyof Values])) return;
    this.#passed = { ...passed, T, rho };
    this.requestUpdate();
    if (send) this.#send();
  }

  /** How far back the gradient has come. */
  get #at(): number {
    return Math.min(this.front ?? this.values.at, this.#passed?.T ?? this.values.T);
  }

  #go(to: number): void {
    this.#halt();
    this.set({ at: Math.max(0, Math.min(this.values.T, to)) });
  }

  /** Lets the gradient go back from the end before the reader's eyes. */
  #send(): void {
    this.#halt();
    const { T } = this.values;
    const started = performance.now();
    const move = (now: number): void => {
      const left = Math.round(T * (1 - (now - started) / JOURNEY));
      this.front = Math.max(0, Math.min(T, left));
      if (this.front > 0) this.#frame = requestAnimationFrame(move);
      else this.#go(0);
    };
    this.front = T;
    this.#frame = requestAnimationFrame(move);
  }

  #halt(): void {
    cancelAnimationFrame(this.#frame);
    this.front = null;
  }

  readonly #key = (event: KeyboardEvent): void => {
    const at = this.#at;
    const to = {
      ArrowLeft: at - 1,
      ArrowDown: at - 1,
      ArrowRight: at + 1,
      ArrowUp: at + 1,
      Home: 0,
      End: this.values.T,
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#go(to);
  };

  protected override render(): TemplateResult {
    if (!this.#passed) return html`<p class="quiet">Being computed …</p>`;
    return html`${style}
      <p class="formula-line">h<sub>t</sub> = φ(W h<sub>t−1</sub> + x<sub>t</sub>), 16 units; the loss L reads the last state. A pale cell is saturated: its φ′ is small.</p>
      <div class="unrolled" tabindex="0" role="group" aria-label="The unrolled network. Arrow keys send the gradient back and forth by one time step." @keydown=${this.#key}>
        ${this.#cells()}
      </div>
      <lab-chart .figure=${this.#figure} height="280"></lab-chart>
      ${this.#transport()}
      ${this.controls('rho', 'T', 'input', 'activation', 'init')}
      ${this.#table()}
    `;
  }

  #cells(): TemplateResult {
    const { T, slopes } = this.#passed!;
    const at = this.#at;
    const { width } = this;
    // As the bars below: half a step on either side.
    const x = (t: number): number =>
      MARGIN.left + ((t + 0.5) / (T + 1)) * (width - MARGIN.left - MARGIN.right);
    const gap = x(1) - x(0);
    const radius = Math.max(1.5, Math.min(11, gap * 0.36));
    const y = 24;
    return html`<svg viewBox="0 0 ${width} 52" width=${width} height="52" role="img" aria-label="The network unrolled over ${T} time steps. The gradient has come back to step ${at}.">
      <line class="way" x1=${x(0)} x2=${x(T)} y1=${y} y2=${y} />
      ${at < T ? svg`<line class="back" x1=${x(at)} x2=${x(T)} y1=${y} y2=${y} />` : nothing}
      ${slopes.map((slope, t) => this.#cell(t, slope, x(t), y, radius))}
      ${at < T && gap > 14 ? svg`<path class="tip" d="M${x(at) + radius + 2} ${y}l7 -4.5v9Z" />` : nothing}
      <text x=${x(0)} y="50" text-anchor="middle">h₀</text>
      <text class="loss" x=${Math.min(x(T), width - 14)} y="50" text-anchor="middle">L</text>
      ${at > 0 && at < T && x(at) - x(0) > 26 && x(T) - x(at) > 22 ? svg`<text x=${x(at)} y="50" text-anchor="middle">t = ${at}</text>` : nothing}
    </svg>`;
  }

  #cell(t: number, slope: number, x: number, y: number, radius: number): SVGTemplateResult {
    const at = this.#at;
    return svg`<g class="cell" data-cell=${t} data-at=${String(t === at)} data-reached=${String(t >= at)} @click=${() => this.#go(t)}>
      <circle class="under" cx=${x} cy=${y} r=${radius} /><circle cx=${x} cy=${y} r=${radius} fill-opacity=${Math.min(1, Math.max(0, slope)).toFixed(2)} />
      ${t === at ? svg`<circle class="ring" cx=${x} cy=${y} r=${radius + 3} />` : nothing}
    </g>`;
  }

  get #figure(): ChartFigure {
    const { norms, T, rho, radius } = this.#passed!;
    const { init, activation } = this.values;
    const bound = rho * steepest(activation);
    const at = this.#at;
    const steps = norms.map((_, t) => t);
    const law = (factor: number): readonly number[] => steps.map((t) => factor ** (T - t));
    const shown = [...norms, ...law(bound)].filter((size) => size > FLOOR);
    const decades = shown.map(Math.log10);
    const series: ChartSeries[] = [
      {
        label: 'measured in one backward pass',
        x: steps.slice(at),
        y: norms.slice(at),
        bars: true,
        base: 1,
        style: 0,
      },
      {
        label: activation === 'sigmoid' ? '(ρ/4)^(T−t), the bound' : 'ρ^(T−t)',
        x: steps,
        y: law(bound),
        reference: true,
        style: 1,
      },
      ...(init === 'gaussian'
        ? [
            {
              label: 'the spectral radius to the power of T−t',
              x: steps,
              y: law(radius),
              reference: true,
              style: 2,
            },
          ]
        : []),
    ];
    return {
      title: 'Length of the gradient at every time step',
      summary: this.words(),
      x: { label: 'time step t; the gradient comes from the right', min: -0.5, max: T + 0.5 },
      y: {
        label: '‖∂L/∂hₜ‖; at the end 1',
        scale: 'log',
        min: 10 ** Math.min(-1, Math.floor(Math.min(...decades))),
        max: 10 ** Math.max(1, Math.ceil(Math.max(...decades))),
      },
      series,
      levels: [{ label: '', y: 1 }],
    };
  }

  #transport(): TemplateResult | typeof nothing {
    if (this.host.hidden.has('transport')) return nothing;
    const { T } = this.#passed!;
    const at = this.#at;
    return html`<div class="transport" role="group" aria-label="The gradient's way">
      <button type="button" class="primary" data-act="send" @click=${() => this.#send()}>Send it back</button>
      <button type="button" data-act="step" ?disabled=${at === 0} @click=${() => this.#go(at - 1)}>One step back</button>
      <button type="button" data-act="end" ?disabled=${at === T} @click=${() => this.#go(T)}>To the end</button>
      <label class="position"><span>at step <output>${at}</output> of ${T}</span>
        <input type="range" min="0" max=${T} step="1" .value=${String(at)} data-act="seek" aria-label="Time step"
          @input=${(event: Event) => this.#go(Number((event.target as HTMLInputElement).value))} />
      </label>
    </div>`;
  }

  #table(): TemplateResult {
    const { norms, slopes, T, rho, radius } = this.#passed!;
    const at = this.#at;
    const back = T - at;
    const factor = Number((rho * steepest(this.values.activation)).toPrecision(6));
    const average = back === 0 ? Number.NaN : norms[at] ** (1 / back);
    const slope = slopes.slice(at + 1).reduce((sum, one) => sum + one, 0) / back;
    const horizon = norms.toReversed().findIndex((size) => size < 0.01 || size > 100);
    const row = (label: string, key: string, value: string) =>
      html`<tr><th scope="row">${label}</th><td data-fact=${key}>${value}</td></tr>`;
    return html`<table class="facts"><tbody>
      ${row(`length at step ${at}; at the end it is 1`, 'length', formatNumber(norms[at], 4))}
      ${row(`what ρ says: ${factor}^${back}`, 'law', formatNumber(factor ** back, 4))}
      ${row('on the way a step has multiplied it by', 'factor', back === 0 ? 'no step yet' : formatNumber(average, 4))}
      ${row('mean φ′ on the way', 'slope', back === 0 ? 'no step yet' : formatNumber(slope))}
      ${this.values.init === 'gaussian' ? row('spectral radius of W', 'radius', formatNumber(radius)) : nothing}
      ${row('a hundred times longer or shorter', 'horizon', horizon < 0 ? 'nowhere' : `after ${horizon} steps back`)}
    </tbody></table>`;
  }

  protected override words(): string {
    if (!this.#passed) return '';
    const { norms, T, rho } = this.#passed;
    const at = this.front === null ? this.#at : 0;
    const size = norms[at];
    const becomes =
      size > 10 ? 'It explodes.' : size < 0.1 ? 'It vanishes.' : 'It neither vanishes nor explodes.';
    const factor = rho * steepest(this.values.activation);
    return `At step ${at} of ${T} the gradient is ${formatNumber(size, 4)} times as long as at the end. ${at === T ? '' : `ρ${factor === rho ? '' : '/4'} to the power of ${T - at} is ${formatNumber(factor ** (T - at), 4)}. ${becomes}`}`.trim();
  }
}
