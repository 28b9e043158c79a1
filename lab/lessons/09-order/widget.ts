/** The stages of a step as blocks to reorder, what the bench measures of the order, and a training made in it. */

import { html, nothing, type TemplateResult } from 'lit';
import { formatNumber } from '../../../src/report/index.js';
import type { ChartFigure } from '../../core/chart.js';
import { choice, flag, number, text, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';
import type { Bench, Trained } from './session.js';
import { MICRO, parseOrder, RIGHT, SCALE, type Stage } from './stages.js';
import { style } from './style.js';

const settings = {
  order: text({
    label: 'Order of the stages',
    default: 'accumulate,average,clip,check,unscale,decay,step',
    check: (given) =>
      parseOrder(given) ? null : `must have each of ${RIGHT.join(', ')} once, between commas`,
  }),
  optimizer: choice({ label: 'Step by', default: 'sgd', options: { sgd: 'SGD', adam: 'Adam' } }),
  c: number({ label: 'Threshold c', default: 1, min: 0.01, max: 10, step: 0.05, scale: 'log' }),
  wd: number({ label: 'Weight decay λ', default: 0.005, min: 0, max: 0.05, step: 0.005 }),
  hundred: flag({ label: 'Beside it: the same with a threshold of 100·c', default: false }),
};

type Values = ValuesOf<typeof settings>;

/** What a stage is called, and what it does. */
const STAGES: Readonly<Record<Stage, readonly [name: string, formula: string]>> = {
  accumulate: ['accumulate', 'g ← Σ gₖ'],
  average: ['average', `g ← g / ${MICRO}`],
  unscale: ['un-scale', `g ← g / ${SCALE}`],
  check: ['check', 'finite?'],
  clip: ['clip', '‖g‖ ≤ c'],
  decay: ['decay', 'g ← g + λθ'],
  step: ['step', 'θ ← θ − lr·g'],
};

/** When a stage is done, by the place it has. */
type Zone = 'each' | 'once' | 'late';
const ZONES: Readonly<Record<Zone, string>> = {
  each: `for each of ${MICRO} micro-batches`,
  once: 'once an update',
  late: 'too late',
};

/** Between two computations while a block is dragged, in ms. */
const SETTLE = 120;

/** Lesson 9. */
export default class Order extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  #bench: Bench | null = null;
  #own: Trained | null = null;
  #right: Trained | null = null;
  #hundred: Trained | null = null;
  #dragged: Stage | null = null;
  #timer: ReturnType<typeof setTimeout> | undefined;

  protected override opened(): void {
    void this.#compute();
  }

  protected override changed(before: Values): void {
    if (this.values.hundred !== before.hundred) return;
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#compute(), SETTLE);
  }

  get #order(): readonly Stage[] {
    return parseOrder(this.values.order)!;
  }

  async #compute(): Promise<void> {
    const { order, optimizer, c, wd } = this.values;
    const isAsked = (): boolean => {
      const now = this.values;
      return order === now.order && optimizer === now.optimizer && c === now.c && wd === now.wd;
    };
    const bench = await this.ask('bench', order);
    if (!isAsked()) return;
    this.#bench = bench;
    this.requestUpdate();
    const given = { order, optimizer: optimizer as 'sgd' | 'adam', c, wd };
    const trained = await Promise.all([
      this.ask('train', given),
      this.ask('train', { ...given, order: RIGHT.join() }),
      this.ask('train', { ...given, c: 100 * c }),
    ]);
    if (!isAsked()) return;
    [this.#own, this.#right, this.#hundred] = trained;
    this.requestUpdate();
  }

  /** Puts a stage in another place; the others close up. */
  async #move(stage: Stage, to: number): Promise<void> {
    const before = this.#order;
    const from = before.indexOf(stage);
    const place = Math.max(0, Math.min(before.length - 1, to));
    if (place === from) return;
    const boxes = this.#blocks().map((block) => block.getBoundingClientRect());
    const order = before.filter((other) => other !== stage);
    order.splice(place, 0, stage);
    this.set({ order: order.join() });
    await this.updateComplete;
    const blocks = this.#blocks();
    blocks[place].focus();
    if (this.host.still) return;
    for (const [now, moved] of order.entries()) {
      const [old, box] = [boxes[before.indexOf(moved)], boxes[now]];
      const slide = `translate(${old.x - box.x}px, ${old.y - box.y}px)`;
      if (old !== box) blocks[now].animate([{ transform: slide }, { transform: 'none' }], 160);
    }
  }

  #blocks(): HTMLButtonElement[] {
    return [...this.querySelectorAll<HTMLButtonElement>('.block')];
  }

  #key(event: KeyboardEvent, stage: Stage, place: number): void {
    const to = {
      ArrowLeft: place - 1,
      ArrowUp: place - 1,
      ArrowRight: place + 1,
      ArrowDown: place + 1,
      Home: 0,
      End: RIGHT.length - 1,
    }[event.key];
    if (to === undefined) return;
    event.preventDefault();
    void this.#move(stage, to);
  }

  /** Drags a block: by mouse from anywhere, by touch from its grip, so that the page can still be scrolled. */
  #grab(event: PointerEvent, stage: Stage): void {
    const onGrip = (event.target as Element).closest('.grip') !== null;
    if (event.button !== 0 || (event.pointerType === 'touch' && !onGrip)) return;
    const list = event.currentTarget as HTMLElement;
    const row = list.closest<HTMLElement>('ol')!;
    row.setPointerCapture(event.pointerId);
    this.#dragged = stage;
    list.focus();
    event.preventDefault();
    const move = (moved: PointerEvent): void => {
      const away = this.#blocks().map((block) => {
        const { x, y, width, height } = block.getBoundingClientRect();
        return Math.hypot(moved.clientX - x - width / 2, moved.clientY - y - height / 2);
      });
      void this.#move(stage, away.indexOf(Math.min(...away)));
    };
    const drop = (): void => {
      row.removeEventListener('pointermove', move);
      row.removeEventListener('pointerup', drop);
      row.removeEventListener('pointercancel', drop);
      this.#dragged = null;
      this.requestUpdate();
    };
    row.addEventListener('pointermove', move);
    row.addEventListener('pointerup', drop);
    row.addEventListener('pointercancel', drop);
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    return html`${style}
      ${this.#row()}
      ${this.#measured()}
      <lab-chart class="course" .figure=${this.#figure} height="270"></lab-chart>
      ${this.#apart()}
      ${this.controls('optimizer', 'c', 'wd', 'hundred')}
    `;
  }

  #row(): TemplateResult {
    const order = this.#order;
    const zones = order.map((_, place) => zoneOf(order, place));
    const spans = [...new Set(zones)].map(
      (zone) => [zone, zones.filter((other) => other === zone).length] as const,
    );
    const fixed = this.host.hidden.has('order');
    return html`
      <div class="zones" aria-hidden="true">
        ${spans.map(([zone, count]) => html`<span data-zone=${zone} style="grid-column:span ${count}">${ZONES[zone]}</span>`)}
      </div>
      <ol class="blocks" aria-label="Stages of an update, in order">
        ${order.map((stage, place) => {
          const [name, formula] = STAGES[stage];
          return html`<li><button
            type="button" class="block" data-stage=${stage} data-zone=${zones[place]} ?data-dragged=${stage === this.#dragged} ?disabled=${fixed}
            aria-describedby="order-keys"
            @keydown=${(event: KeyboardEvent) => this.#key(event, stage, place)}
            @pointerdown=${(event: PointerEvent) => this.#grab(event, stage)}
          ><span class="grip" aria-hidden="true">⠿</span><strong>${name}</strong><span class="formula" aria-hidden="true">${formula}</span><span class="sr">, place ${place + 1} of ${order.length}, </span><span class="when">${ZONES[zones[place]]}</span></button></li>`;
        })}
      </ol>
      <p class="quiet" id="order-keys">${fixed ? nothing : 'Drag a block, or press Tab to reach it and the arrow keys to move it.'}</p>`;
  }

  #measured(): TemplateResult {
    const rows = this.#bench ? measurementsOf(this.#bench) : [];
    return html`<div class="scroll"><table class="facts bench">
      <thead><tr><td>On the test bench</td><th scope="col">should be</th><th scope="col">is</th></tr></thead>
      <tbody>${rows.map(
        ({ key, label, should, is, right }) => html`<tr data-right=${String(right)}>
          <th scope="row">${label}</th><td>${should}</td>
          <td data-fact=${key}>${is} <span class=${right ? 'ok' : 'bad'} aria-hidden="true">${right ? '✓' : '✗'}</span><span class="sr">${right ? ', right' : ', wrong'}</span></td></tr>`,
      )}</tbody>
    </table></div>
    ${
      rows.length > 0 && rows.every(({ right }) => right)
        ? html`<p class="ok solved" data-solved-order>All seven are right. 36 of the 5,040 orders are.</p>`
        : nothing
    }`;
  }

  /** How far the weights of the same training with a hundred times the threshold are from these. */
  get #difference(): number {
    const [own, other] = [this.#own?.weights ?? [], this.#hundred?.weights ?? []];
    if (own.length === 0 || own.length !== other.length) return Number.NaN;
    return Math.max(...own.flatMap((weights, k) => weights.map((value, i) => Math.abs(value - other[k][i]))));
  }

  #apart(): TemplateResult {
    const { c } = this.values;
    const norms = (this.#own?.norms ?? []).filter((norm) => norm < Infinity);
    return html`<table class="facts"><tbody>
      <tr><th scope="row">the loss at the end</th><td data-fact="loss">${formatNumber(this.#own?.losses.at(-1) ?? Number.NaN)}</td></tr>
      <tr><th scope="row">the gradients were, before clipping</th><td data-fact="norms">${norms.length > 0 ? `${formatNumber(Math.min(...norms))} to ${formatNumber(Math.max(...norms))} long` : '…'}</td></tr>
      <tr><th scope="row">with a threshold of ${formatNumber(100 * c)} instead of ${formatNumber(c)} the weights differ by at most</th>
        <td data-fact="difference">${Number.isNaN(this.#difference) ? 'cannot be told' : formatNumber(this.#difference)}</td></tr>
    </tbody></table>`;
  }

  get #figure(): ChartFigure {
    const { c, hundred } = this.values;
    const line = (label: string, trained: Trained | null, place: number) => {
      const losses = trained?.losses ?? [];
      return { label, style: place, x: losses.map((_, update) => update), y: losses };
    };
    return {
      title: 'Loss of a training in this order',
      x: { label: 'update', min: 0, max: 100 },
      y: { label: 'loss', scale: 'log', min: 1, max: 1e6 },
      series: [
        line('this order', this.#own, 1),
        ...(hundred ? [line(`this order, clipped at ${formatNumber(100 * c)}`, this.#hundred, 3)] : []),
        line('the right order', this.#right, 2),
      ],
      summary: this.#course(),
    };
  }

  #course(): string {
    const [own, right] = [this.#own?.losses ?? [], this.#right?.losses ?? []];
    if (own.length === 0 || right.length === 0) return 'The training is computed …';
    const broke = own.length < right.length ? `The weights stop being finite at update ${own.length}.` : '';
    return `The loss starts at ${formatNumber(right[0])}. In this order it ends at ${formatNumber(own[own.length - 1])}, in the right one at ${formatNumber(right[right.length - 1])}. ${broke}`.trim();
  }

  protected override words(): string {
    if (!this.#bench) return '';
    const wrong = measurementsOf(this.#bench).filter(({ right }) => !right);
    const measured =
      wrong.length === 0
        ? 'All seven measurements are right.'
        : `Wrong: ${wrong.map(({ label, is }) => `${label}, ${is}`).join('; ')}.`;
    return `${this.#order.map((stage) => STAGES[stage][0]).join(', ')}. ${measured} ${this.#course()}`;
  }
}

function zoneOf(order: readonly Stage[], place: number): Zone {
  if (place > order.indexOf('step')) return 'late';
  return place < order.indexOf('accumulate') ? 'each' : 'once';
}

interface Measurement {
  readonly key: keyof Bench;
  readonly label: string;
  readonly should: string;
  readonly is: string;
  readonly right: boolean;
}

function measurementsOf(bench: Bench): readonly Measurement[] {
  const factor = (key: keyof Bench, label: string, whole: string): Measurement => {
    const value = bench[key] as number;
    const right = Math.abs(value - 1) < 1e-6;
    return { key, label, should: whole, is: right ? whole : timesOf(value, whole), right };
  };
  return [
    {
      key: 'steps',
      label: 'steps that an update makes',
      should: '1',
      is: String(bench.steps),
      right: bench.steps === 1,
    },
    factor('gain', 'a short gradient arrives', 'as it is'),
    factor('longest', 'one of 5,000 arrives with a length of', 'c'),
    {
      key: 'turned',
      label: 'unequal micro-batches turn it by',
      should: '0°',
      is: `${formatNumber(bench.turned)}°`,
      right: bench.turned < 1e-6,
    },
    factor('decay', 'of the weight decay arrives', 'all'),
    factor('clippedDecay', 'and in an update that is clipped', 'all'),
    {
      key: 'finite',
      label: 'after one infinite gradient the weights are',
      should: 'finite',
      is: bench.finite ? 'finite' : 'lost',
      right: bench.finite,
    },
  ];
}

/** A factor as people say it: 64 times, 1/64, nothing. */
function timesOf(value: number, whole: string): string {
  const unit = whole === 'c' ? ' of c' : '';
  if (Math.abs(value) < 1e-12) return 'nothing';
  if (value > 1) return `${formatNumber(value)} times ${whole === 'c' ? 'c' : 'that'}`;
  const parts = 1 / value;
  return Math.abs(parts - Math.round(parts)) < 1e-6 * parts && parts < 1e4
    ? `1/${Math.round(parts)}${unit}`
    : `${formatNumber(100 * value)} %${unit}`;
}
