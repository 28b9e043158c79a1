/** Two runs of the latch side by side, one clipped: losses, what clipping took, norms by parameter, and an autopsy. */

import { html, nothing, type TemplateResult } from 'lit';
import { formatNumber, formatPercent } from '../../../src/report/index.js';
import type { ChartFigure } from '../../core/chart.js';
import type { Run } from '../../core/client.js';
import type { CallResult, SeenStep } from '../../core/session.js';
import { choice, number, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';
import { GUESSING, LAST, LEARNED, STEPS } from './steps.js';

const settings = {
  c: number({ label: 'Threshold c', default: 1, min: 0.001, max: 1000, step: 0.05, scale: 'log' }),
  rho: number({ label: 'Spectral norm ρ at the start', default: 1.2, min: 0.5, max: 2, step: 0.05 }),
  lr: number({ label: 'Learning rate', default: 0.1, min: 0.001, max: 1, step: 0.02, scale: 'log' }),
  seed: number({ label: 'Seed', default: 1, min: 0, max: 999, step: 1, whole: true }),
  show: choice({
    label: 'Gradient norms by parameter',
    default: 'none',
    options: { none: 'of the run without clipping', clipped: 'of the clipped run' },
  }),
};

type Values = ValuesOf<typeof settings>;
type Autopsy = NonNullable<CallResult<typeof session, 'autopsy'>>;

/** Between two pairs of runs while a slider moves, in ms. */
const SETTLE = 150;
/** What is above leaves the chart: the lines that matter are below. */
const HIGHEST_LOSS = 1e4;
/** A run that is over soon is drawn as wide as this at least, in steps. */
const SHORTEST = 30;

/** Lesson 6. */
export default class Explosion extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  /** Without and with clipping. */
  #runs: readonly Run<undefined>[] = [];
  readonly #autopsies = new WeakMap<Run<undefined>, Autopsy | null>();
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    // Three seconds for the whole: slow enough to see who goes first.
    this.pace = 100;
  }

  protected override opened(): void {
    this.#open(this.host.asked?.at ?? null);
  }

  protected override changed(before: Values): void {
    const { c, rho, lr, seed } = this.values;
    if (c === before.c && rho === before.rho && lr === before.lr && seed === before.seed) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => this.#open(null), SETTLE);
  }

  get #settings(): readonly {
    readonly seed: number;
    readonly rho: number;
    readonly lr: number;
    readonly c: number;
  }[] {
    const { c, rho, lr, seed } = this.values;
    return [0, c].map((c) => ({ seed, rho, lr, c }));
  }

  /** Starts both runs; with `at`, shows the state after so many steps. Who pressed Play before the runs changed, meant these. */
  #open(at: number | null): void {
    const playing = this.#runs.some((run) => run.playing);
    this.runs = this.#settings.map((each) => this.openRun('latch', each));
    this.#runs = this.runs as readonly Run<undefined>[];
    for (const run of this.#runs) {
      if (at !== null) void run.seek(at);
      else if (playing || !this.host.still) void run.play(this.pace);
    }
  }

  protected override updated(): void {
    super.updated();
    this.#runs.forEach((run, k) => {
      if (run.ended?.why === 'diverged' && !this.#autopsies.has(run)) void this.#dissect(k);
    });
  }

  async #dissect(k: number): Promise<void> {
    const run = this.#runs[k];
    // Asked for: not again with the next step of the other run.
    this.#autopsies.set(run, null);
    const found = await this.ask('autopsy', this.#settings[k]);
    if (found) this.#autopsies.set(run, found);
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    return html`
      <lab-chart id="losses" height="280" .figure=${this.#losses}></lab-chart>
      ${this.transport(this.#runs, { steps: STEPS })}
      ${this.#table()}
      ${this.#runs.map((run, k) => this.#autopsy(run, k))}
      ${this.controls('c', 'rho', 'lr', 'seed', 'show')}
      <lab-chart id="norms" height="230" style="margin-top:1.5rem" .figure=${this.#norms}></lab-chart>
    `;
  }

  get #labels(): readonly string[] {
    return ['without clipping', `clipped at ${formatNumber(this.values.c)}`];
  }

  /** The steps up to where a run stands. */
  #seen(k: number): readonly SeenStep<undefined>[] {
    const run = this.#runs[k];
    return run ? run.steps.slice(0, run.at) : [];
  }

  get #losses(): ChartFigure {
    return {
      title: 'Loss of both runs',
      summary: this.words(),
      x: { label: 'step', min: 0, max: STEPS },
      y: { label: 'loss', scale: 'log', max: HIGHEST_LOSS },
      series: this.#labels.map((label, k) => {
        const steps = this.#seen(k);
        return { label, x: steps.map(({ step }) => step), y: steps.map(({ loss }) => loss), style: k };
      }),
      levels: [{ label: 'guessing', y: GUESSING }],
    };
  }

  get #norms(): ChartFigure {
    const k = this.values.show === 'none' ? 0 : 1;
    const steps = this.#seen(k);
    const over = this.#runs[k]?.ended?.why === 'diverged';
    const names = Object.keys(steps[0]?.norms ?? {});
    const last = steps.at(-1);
    return {
      title: `Gradient norms by parameter, ${this.#labels[k]}`,
      x: { label: 'step', min: 0, max: over ? Math.max(SHORTEST, steps.length) : STEPS },
      y: { label: 'norm of the gradient, before clipping', scale: 'log' },
      series: names.map((name, style) => ({
        label: name,
        x: steps.map(({ step }) => step),
        y: steps.map(({ norms }) => norms[name]),
        style,
      })),
      summary: last
        ? `At step ${last.step}, ${this.#labels[k]}: ${names.map((name) => `${name} ${formatNumber(last.norms[name], 2)}`).join(', ')}.`
        : 'Nothing yet: play, or take a step.',
    };
  }

  #fate(k: number): string {
    const run = this.#runs[k];
    const steps = this.#seen(k);
    if (!run || steps.length === 0) return 'at its start';
    if (run.ended?.why === 'diverged') return `not finite at step ${run.ended.divergence.step}`;
    const loss = meanLoss(steps);
    if (loss < LEARNED) return 'remembers the sign';
    return loss > 1.25 * GUESSING ? 'finite, worse than guessing' : 'finite, has not learned it';
  }

  protected override words(): string {
    if (this.#runs.every((run) => run.at === 0)) return 'Two runs from the same weights, on the same data.';
    return this.#runs
      .map((_, k) => {
        const { rate, lost } = takenFrom(this.#seen(k));
        const took =
          k === 0
            ? ''
            : `; ${formatPercent(rate)} of the steps clipped, ${formatPercent(lost)} of the step length lost`;
        const label = this.#labels[k];
        return `${label[0].toUpperCase()}${label.slice(1)}: ${this.#fate(k)}, loss ${formatNumber(meanLoss(this.#seen(k)))}${took}.`;
      })
      .join(' ');
  }

  #table(): TemplateResult {
    const facts = this.#runs.map((run, k) => {
      const steps = this.#seen(k);
      const { rate, lost } = takenFrom(steps);
      const last = steps.at(-1);
      return {
        step: String(run.at),
        loss: formatNumber(meanLoss(steps)),
        norm: formatNumber(last?.normBefore ?? Number.NaN),
        rate: k === 0 ? '–' : formatPercent(rate),
        lost: k === 0 ? '–' : formatPercent(lost),
        fate: this.#fate(k),
      };
    });
    const row = (label: string, key: keyof (typeof facts)[number]) => html`<tr>
      <th scope="row">${label}</th>
      ${facts.map((fact, k) => html`<td data-run=${k === 0 ? 'none' : 'clipped'} data-fact=${key}>${fact[key]}</td>`)}
    </tr>`;
    return html`<div class="scroll"><table class="facts">
      <thead><tr><td></td>${this.#labels.map((label) => html`<th scope="col">${label}</th>`)}</tr></thead>
      <tbody>
        ${row('what became of it', 'fate')} ${row('steps taken', 'step')} ${row(`loss, mean of ${LAST} steps`, 'loss')}
        ${row('norm of the gradient', 'norm')} ${row('steps clipped', 'rate')} ${row('step length lost', 'lost')}
      </tbody>
    </table></div>`;
  }

  #autopsy(run: Run<undefined>, k: number): TemplateResult | typeof nothing {
    const found = this.#autopsies.get(run);
    if (!found || run.ended?.why !== 'diverged') return nothing;
    const { step, what, op, pass, made: out, low, high, atStart, largest, names, silent } = found;
    const made = op
      ? html`The ${pass} of <code data-fact="op">${op}</code> made the first number that is not finite: in went numbers from ${formatNumber(low)} to ${formatNumber(high)}, out came ${out}.`
      : html`Forward and backward were finite; the update made the first number that is not, in <code>${names.join(', ')}</code>.`;
    return html`<div class="hint" data-autopsy=${k === 0 ? 'none' : 'clipped'}>
      <p style="margin:.2rem 0 .6rem"><strong>Autopsy, ${this.#labels[k]}.</strong> At step <span data-fact="died">${step}</span> the ${what} was not finite. ${made}</p>
      <p style="margin:0">The largest gradient was that of <code data-fact="largest">${largest}</code>; at the first step it was that of <code data-fact="first">${atStart}</code>.
      ${silent.length > 0 ? html`Some parameters get no gradient any more: ${silent.map(({ name, since }, i) => html`${i > 0 ? ', ' : ''}<code>${name}</code> since step ${since}`)}.` : nothing}
      ${silent.some(({ name }) => name === 'rnn.weightHh') ? 'Every unit is saturated: its slope is zero.' : nothing}</p>
    </div>`;
  }
}

/** Of the last steps, fewer at the start. */
function meanLoss(steps: readonly SeenStep[]): number {
  const last = steps.slice(-LAST);
  return last.reduce((sum, { loss }) => sum + loss, 0) / last.length;
}

/** The share of steps clipped, and of step length lost. */
function takenFrom(steps: readonly SeenStep[]): { readonly rate: number; readonly lost: number } {
  let [clips, length, cut] = [0, 0, 0];
  for (const { clipped, normBefore, normAfter } of steps) {
    clips += Number(clipped);
    if (!Number.isFinite(normBefore)) continue;
    length += normBefore;
    cut += normBefore - normAfter;
  }
  return { rate: clips / Math.max(1, steps.length), lost: length > 0 ? cut / length : 0 };
}
