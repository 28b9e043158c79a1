/** What this lesson shows. */

import { html, type TemplateResult } from 'lit';
import { formatNumber } from '../../../src/report/index.js';
import { number, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';

/** Each becomes a control, a key of the link and a typed value in `this.values`. */
const settings = {
  lambda: number({ label: 'Factor λ', default: 1.1, min: 0.5, max: 1.5, step: 0.01 }),
  T: number({ label: 'Steps T', default: 100, min: 1, max: 200, step: 1, whole: true }),
};

/** A template to start from. */
export default class Template extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  #powers: Float64Array | null = null;

  protected override opened(): void {
    void this.#compute();
  }

  protected override changed(_before: ValuesOf<typeof settings>): void {
    void this.#compute();
  }

  async #compute(): Promise<void> {
    const { lambda, T } = this.values;
    const powers = await this.ask('powers', { lambda, steps: T });
    // By now the slider may stand elsewhere.
    if (powers && lambda === this.values.lambda && T === this.values.T) this.#powers = powers;
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    const powers = this.#powers;
    return html`
      ${
        powers &&
        html`<lab-chart .figure=${{
          title: 'λ to the power of t',
          summary: this.words(),
          x: { label: 'step t' },
          y: { label: 'λᵗ', scale: 'log' },
          series: [{ label: 'λᵗ', x: powers.map((_, t) => t), y: powers }],
        }}></lab-chart>`
      }
      ${this.controls('lambda', 'T')}
    `;
  }

  protected override words(): string {
    const last = this.#powers?.at(-1);
    return last === undefined ? '' : `After ${this.#powers!.length - 1} steps λᵗ is ${formatNumber(last)}.`;
  }
}
