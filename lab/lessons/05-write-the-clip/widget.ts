/** A gradient to drag, the circle and the square, and what each leaves of it. */

import { html, svg, type TemplateResult } from 'lit';
import { formatNumber } from '../../../src/report/index.js';
import type { Move, PlaneFigure, PlaneScales } from '../../core/plane.js';
import { number } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';
import type { Clipped } from './session.js';

const settings = {
  x: number({ label: 'First entry', default: 4, min: -6, max: 6, step: 0.1 }),
  y: number({ label: 'Second entry', default: 3, min: -6, max: 6, step: 0.1 }),
  c: number({ label: 'Threshold c', default: 3, min: 0.1, max: 6, step: 0.1 }),
  n: number({
    label: 'Entries; those that are not drawn are 1',
    default: 2,
    min: 2,
    max: 100,
    step: 1,
    whole: true,
  }),
};

const SIDE = 6.5;

/** Lesson 5. */
export default class WriteTheClip extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  #norm: Clipped | null = null;
  #value: Clipped | null = null;

  protected override opened(): void {
    void this.#compute();
  }

  protected override changed(): void {
    void this.#compute();
  }

  get #gradient(): readonly number[] {
    const { x, y, n } = this.values;
    return [x, y, ...Array.from({ length: n - 2 }, () => 1)];
  }

  async #compute(): Promise<void> {
    const asked = this.values;
    const given = { gradient: this.#gradient, c: asked.c };
    const [norm, value] = await Promise.all([this.ask('byNorm', given), this.ask('byValue', given)]);
    if (asked !== this.values) return;
    this.#norm = norm;
    this.#value = value;
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    return html`
      <lab-plane id="clip" aspect="0.8" .figure=${this.#figure} @lab-move=${(event: CustomEvent<Move>) => this.set({ x: event.detail.x, y: event.detail.y })}></lab-plane>
      ${this.controls('x', 'y', 'c', 'n')}
      ${this.#table()}
    `;
  }

  get #figure(): PlaneFigure {
    const { x, y, n } = this.values;
    const kept = [this.#norm, this.#value];
    const labels = ['clipped by norm', 'clipped by value'];
    // As wide as it is high: a circle is a circle.
    const wide = SIDE / 0.8;
    return {
      title: 'A gradient and what clipping leaves of it',
      summary: this.words(),
      x: { label: 'first entry', min: -wide, max: wide },
      y: { label: 'second entry', min: -SIDE, max: SIDE },
      overlay: (scales) => this.#shapes(scales),
      paths: [
        ...kept.flatMap((result, k) =>
          result
            ? [{ label: labels[k], style: k + 1, x: [0, result.gradient[0]], y: [0, result.gradient[1]] }]
            : [],
        ),
      ],
      handles: [
        { name: 'gradient', label: `Gradient${n > 2 ? ', its first two entries' : ''}`, x, y, step: 0.1 },
      ],
    };
  }

  #shapes({ x, y }: PlaneScales) {
    const { c, x: gx, y: gy } = this.values;
    return svg`<g class="shapes">
      <line class="thin" x1=${x(-9)} x2=${x(9)} y1=${y(0)} y2=${y(0)} /><line class="thin" x1=${x(0)} x2=${x(0)} y1=${y(-9)} y2=${y(9)} />
      <ellipse class="shape" style="color:var(--s2)" cx=${x(0)} cy=${y(0)} rx=${x(c) - x(0)} ry=${y(0) - y(c)} />
      <rect class="shape" style="color:var(--s3)" stroke-dasharray="6 4" x=${x(-c)} y=${y(c)} width=${x(c) - x(-c)} height=${y(-c) - y(c)} />
      <line class="given" x1=${x(0)} y1=${y(0)} x2=${x(gx)} y2=${y(gy)} />
    </g>`;
  }

  protected override words(): string {
    if (!this.#norm || !this.#value) return '';
    const { x, y, n } = this.values;
    const length = Math.sqrt(this.#gradient.reduce((sum, entry) => sum + entry * entry, 0));
    const turn = ({ degrees }: Clipped): string =>
      degrees < 0.005 ? 'not turned' : `turned by ${degrees.toFixed(2)}°`;
    return `The gradient (${x}, ${y}${n > 2 ? `, and ${n - 2} more` : ''}) is ${formatNumber(length)} long. By norm: ${formatNumber(this.#norm.norm)} long, ${turn(this.#norm)}. By value: ${formatNumber(this.#value.norm)} long, ${turn(this.#value)}.`;
  }

  #table(): TemplateResult {
    const rows = [
      ['by norm', 'norm', this.#norm],
      ['by value', 'value', this.#value],
    ] as const;
    return html`<div class="scroll"><table class="facts">
      <thead><tr><td></td><th scope="col">first two entries</th><th scope="col">length</th><th scope="col">turned by</th></tr></thead>
      <tbody>${rows.map(
        ([label, key, result]) => html`<tr><th scope="row">${label}</th>
          <td>${result ? `${formatNumber(result.gradient[0])}, ${formatNumber(result.gradient[1])}` : '…'}</td>
          <td data-fact="${key}-length">${result ? formatNumber(result.norm, 4) : '…'}</td>
          <td data-fact="${key}-degrees">${result ? `${result.degrees.toFixed(2)}°` : '…'}</td></tr>`,
      )}</tbody>
    </table></div>`;
  }
}
