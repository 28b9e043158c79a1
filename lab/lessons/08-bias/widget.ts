/** Ten targets that pull at one number, each pull cut to the threshold; where it settles; rate against bias. */

import { html, nothing, svg, type TemplateResult } from 'lit';
import { formatNumber, formatPercent } from '../../../src/report/index.js';
import type { ChartFigure } from '../../core/chart.js';
import type { Move, PlaneFigure, PlaneScales } from '../../core/plane.js';
import type { CallResult } from '../../core/session.js';
import { choice, number, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';
import { meanOf, targetsOf } from './targets.js';

const settings = {
  kind: choice({
    label: 'Targets',
    default: 'skewed',
    options: { skewed: 'nine at 0, one far away', symmetric: 'mirrored around 0' },
  }),
  clips: choice({
    label: 'What is clipped',
    default: 'each',
    options: { each: 'the gradient of each example', mean: 'the mean of all ten' },
  }),
  c: number({ label: 'Threshold c', default: 1, min: 0.1, max: 12, step: 0.1 }),
  target: number({ label: 'The far target', default: 10, min: 1, max: 12, step: 0.1 }),
  x: number({ label: 'x', default: 1, min: -12, max: 12, step: 0.01 }),
};

type Values = ValuesOf<typeof settings>;
type Session = typeof session;

const THRESHOLDS = Array.from({ length: 25 }, (_, k) => 0.5 * k || 0.1);
/** How long x takes to its resting place, in ms. */
const SLIDE = 1200;
const EPSILON = 1e-9;
/** Examples stand at 1 to 10, x at 0; below is room for a label. */
const [LOW, HIGH] = [-1.3, 10.8];

/** Lesson 8. */
export default class Bias extends Widget<Session, typeof settings> {
  static override settings = settings;
  #pulls: CallResult<Session, 'pulls'> | null = null;
  #settled: CallResult<Session, 'settle'> | null = null;
  #curve: CallResult<Session, 'settleAll'> | null = null;
  /** Counts the slides: a new one, or a hand on x, ends the one before. */
  #slide = 0;

  protected override opened(): void {
    void this.#compute();
    void this.#sweep();
  }

  protected override changed(before: Values): void {
    const { kind, target, clips, x } = this.values;
    if (x === before.x) this.#slide++;
    void this.#compute();
    if (kind !== before.kind || target !== before.target || clips !== before.clips) void this.#sweep();
  }

  async #compute(): Promise<void> {
    const asked = this.values;
    const { kind, target, clips, c, x } = asked;
    const [pulls, settled] = await Promise.all([
      this.ask('pulls', { kind, target, c, x }),
      this.ask('settle', { kind, target, clips, c }),
    ]);
    // Values change with every move of a hand; what belongs to others is not shown.
    if (asked !== this.values) return;
    this.#pulls = pulls;
    this.#settled = settled;
    this.requestUpdate();
  }

  async #sweep(): Promise<void> {
    const { kind, target, clips } = this.values;
    const curve = await this.ask('settleAll', { kind, target, clips, thresholds: THRESHOLDS });
    const now = this.values;
    if (kind !== now.kind || target !== now.target || clips !== now.clips) return;
    this.#curve = curve;
    this.requestUpdate();
  }

  /** Moves x to where it settles: through all places between, where the reader does not mind. */
  #letGo(): void {
    const slide = ++this.#slide;
    const { rest } = this.#settled!;
    if (this.host.still) {
      this.set({ x: rest });
      return;
    }
    const from = this.values.x;
    const started = performance.now();
    const move = (): void => {
      if (slide !== this.#slide || !this.isConnected) return;
      const share = Math.min(1, (performance.now() - started) / SLIDE);
      this.set({ x: share === 1 ? rest : rest + (from - rest) * (1 - share) ** 3 });
      if (share < 1) requestAnimationFrame(move);
    };
    move();
  }

  #drag({ name, x }: Move): void {
    this.#slide++;
    if (name === 'x') this.set({ x });
    else this.set({ target: Math.min(settings.target.max, Math.max(settings.target.min, x)) });
  }

  protected override render(): TemplateResult {
    return html`
      <p class="formula-line">Every dot is a target and pulls x towards it, dotted. Clipped, it pulls with c at most: the arrow.</p>
      <lab-plane id="bias" aspect=${this.#aspect} .figure=${this.#figure} @lab-move=${(event: CustomEvent<Move>) => this.#drag(event.detail)}></lab-plane>
      ${
        this.host.hidden.has('transport')
          ? nothing
          : html`<p class="transport"><button type="button" class="primary" data-act="go" ?disabled=${!this.#settled} @click=${() => this.#letGo()}>Let x go</button></p>`
      }
      ${this.controls('kind', 'clips', 'c', 'target', 'x')}
      ${this.#table()}
      ${this.#curve ? html`<lab-chart height="230" style="margin-top:1.5rem" .figure=${this.#rateAndBias(this.#curve)}></lab-chart>` : html`<p class="quiet">Being computed …</p>`}
    `;
  }

  /** On a narrow page the rows of the examples need height. */
  get #aspect(): number {
    const width = this.parentElement?.clientWidth ?? 0;
    return width > 0 && width < 480 ? 1 : 0.5;
  }

  get #figure(): PlaneFigure {
    const { kind, target, x } = this.values;
    const targets = targetsOf(kind, target);
    const side = kind === 'skewed' ? -2.5 : -13;
    return {
      title: 'How ten targets pull at x',
      summary: this.words(),
      x: { label: 'x', min: side, max: 13 },
      y: { label: 'example', min: LOW, max: HIGH },
      overlay: (scales) => this.#draw(targets, scales),
      handles: [
        { name: 'target', label: 'The far target', x: target, y: 10, step: 0.1, style: 2 },
        { name: 'x', label: 'x', x, y: 0, step: 0.01 },
      ],
      csv: () => this.#csv(targets),
    };
  }

  #draw(targets: readonly number[], { x, y }: PlaneScales) {
    const at = this.values.x;
    const best = meanOf(targets);
    const pulls = this.#pulls;
    const rest = this.#settled?.rest;
    const upright = (where: number, label: string, style: string, low: boolean) => svg`<g>
      <line x1=${x(where)} x2=${x(where)} y1=${y(LOW)} y2=${y(HIGH)} style=${style} />
      <text x=${x(where) + 5} y=${low ? y(LOW) - 6 : y(HIGH) + 13} style="fill:var(--ink)">${label}</text>
    </g>`;
    return svg`
      ${upright(best, `best ${formatNumber(best)}`, 'stroke:var(--ink);stroke-dasharray:2 4', false)}
      ${rest === undefined ? nothing : upright(rest, `settles at ${formatNumber(rest)}`, 'stroke:var(--s1);stroke-width:2', true)}
      ${targets.map((target, k) => {
        const level = y(k + 1);
        const cut = pulls ? (this.values.clips === 'each' ? pulls.cut[k] : pulls.whole[k]) : 0;
        const [from, tip] = [x(at), x(at + cut)];
        const head = tip > from ? -6 : 6;
        return svg`<g>
          <line x1=${from} x2=${x(target)} y1=${level} y2=${level} style="stroke:var(--soft);stroke-dasharray:1 4" />
          ${
            Math.abs(tip - from) < 1
              ? nothing
              : svg`<path d="M${from} ${level}H${tip}M${tip + head} ${level - 4}L${tip} ${level}L${tip + head} ${level + 4}" style="fill:none;stroke:var(--s2);stroke-width:2.5" />`
          }
          <circle cx=${x(target)} cy=${level} r="4.5" style="fill:var(--s3)" />
        </g>`;
      })}`;
  }

  /** Sums of what pulls to either side at x. */
  #sums(): readonly {
    readonly label: string;
    readonly name: string;
    readonly left: number;
    readonly right: number;
  }[] {
    if (!this.#pulls) return [];
    const { whole, cut } = this.#pulls;
    const { clips, c } = this.values;
    const sum = (pulls: readonly number[], side: 1 | -1): number =>
      pulls.reduce((total, pull) => total + Math.max(0, side * pull), 0);
    const both = (label: string, name: string, pulls: readonly number[]) => ({
      ...{ label, name, left: sum(pulls, -1), right: sum(pulls, 1) },
    });
    return [
      both('as they are', 'whole', whole),
      clips === 'each'
        ? both(`each clipped at ${formatNumber(c)}`, 'cut', cut)
        : both('not clipped one by one', 'cut', whole),
    ];
  }

  #table(): TemplateResult {
    const direction = (left: number, right: number): string =>
      Math.abs(right - left) < 1e-6 * (left + right)
        ? 'balance'
        : `${formatNumber(Math.abs(right - left))} to the ${right > left ? 'right' : 'left'}`;
    return html`<div class="scroll"><table class="facts">
      <thead><tr><td>Pulls at x = ${formatNumber(this.values.x)}</td><th scope="col">to the left</th><th scope="col">to the right</th><th scope="col">together</th></tr></thead>
      <tbody>${this.#sums().map(
        ({ label, name, left, right }) => html`<tr><th scope="row">${label}</th>
          <td data-fact="${name}-left">${formatNumber(left)}</td><td data-fact="${name}-right">${formatNumber(right)}</td>
          <td data-fact="${name}-sum">${direction(left, right)}</td></tr>`,
      )}</tbody>
    </table></div>`;
  }

  #rateAndBias({ rests, clipped }: CallResult<Session, 'settleAll'>): ChartFigure {
    const { kind, target, c } = this.values;
    const best = meanOf(targetsOf(kind, target));
    const bias = rests.map((rest) => Math.abs(rest - best));
    return {
      title: 'Rate against bias, by threshold',
      x: { label: 'threshold c', min: 0, max: 12 },
      y: { label: 'share, distance', scale: 'linear', min: 0, max: 1.2 },
      series: [
        { label: 'share of examples clipped where x settles', x: THRESHOLDS, y: clipped, style: 1 },
        { label: 'bias: how far from the best x it settles', x: THRESHOLDS, y: bias, style: 0 },
      ],
      marks: [{ label: `c = ${formatNumber(c)}`, x: c }],
      summary: `For thresholds from ${THRESHOLDS[0]} to 12, ${rangeOf(clipped, (share) => formatPercent(share))} of the examples are clipped; x settles ${rangeOf(bias, (far) => formatNumber(far, 2))} away from the best.`,
    };
  }

  #csv(targets: readonly number[]): string {
    const rows = targets.map((target, k) =>
      [k + 1, target, this.#pulls?.whole[k], this.#pulls?.cut[k]].join(','),
    );
    return ['example,target,pull,clipped pull', ...rows].join('\n');
  }

  protected override words(): string {
    if (!this.#settled) return '';
    const { kind, target, clips, c } = this.values;
    const best = meanOf(targetsOf(kind, target));
    const { rest, clipped } = this.#settled;
    const what =
      clips === 'each'
        ? `each gradient clipped at ${formatNumber(c)}`
        : `their mean clipped at ${formatNumber(c)}`;
    const bias = Math.abs(rest - best);
    const found =
      bias < EPSILON
        ? 'which is the best'
        : `${formatNumber(bias)} away from the best, ${formatNumber(best)}`;
    return `With ${what}, x settles at ${formatNumber(rest)}, ${found}. There ${formatPercent(clipped)} of the examples are clipped.`;
  }
}

function rangeOf(values: readonly number[], format: (value: number) => string): string {
  const [low, high] = [format(Math.min(...values)), format(Math.max(...values))];
  return low === high ? low : `${low} to ${high}`;
}
