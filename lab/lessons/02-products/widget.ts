/** What a factor becomes that is used many times: the law, and what a backward pass measured. */

import { html, type TemplateResult } from 'lit';
import { formatNumber } from '../../../src/report/index.js';
import type { ChartFigure } from '../../core/chart.js';
import { choice, number } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type session from './session.js';

const settings = {
  kind: choice({
    label: 'What is used again and again',
    default: 'number',
    options: { number: 'a number λ', matrix: 'the matrix [[λ, 10], [0, λ]]' },
  }),
  lambda: number({ label: 'Factor λ', default: 1.1, min: 0.5, max: 1.5, step: 0.01 }),
  T: number({ label: 'Steps T', default: 100, min: 1, max: 200, step: 1, whole: true }),
};

/** Lesson 2. */
export default class Products extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  #measured: { readonly kind: string; readonly lambda: number; readonly sizes: Float64Array } | null = null;

  protected override opened(): void {
    void this.#compute();
  }

  protected override changed(): void {
    void this.#compute();
  }

  async #compute(): Promise<void> {
    const { kind, lambda, T } = this.values;
    const sizes = await this.ask(kind === 'matrix' ? 'norms' : 'gradients', { lambda, steps: T });
    const now = this.values;
    if (sizes && kind === now.kind && lambda === now.lambda && T === now.T) {
      this.#measured = { kind, lambda, sizes };
    }
    this.requestUpdate();
  }

  protected override render(): TemplateResult {
    return html`
      ${this.#measured ? html`<lab-chart .figure=${this.#figure}></lab-chart>` : html`<p class="quiet">Being computed …</p>`}
      ${this.controls('kind', 'lambda', 'T')}
    `;
  }

  get #figure(): ChartFigure {
    const { kind, lambda, sizes } = this.#measured!;
    const steps = sizes.length - 1;
    const x = Array.from(sizes, (_, t) => t);
    const matrix = kind === 'matrix';
    const law = matrix ? x.map((k) => lambda ** k) : x.map((t) => lambda ** (steps - t));
    return {
      title: matrix ? 'Norm of the powers of the matrix' : 'Gradient at every layer',
      summary: this.words(),
      x: { label: matrix ? 'power k' : 'layer t; the gradient comes from the right' },
      y: { label: matrix ? '‖Wᵏ‖' : '|∂h_T/∂h_t|', scale: 'log' },
      series: [
        { label: matrix ? 'norm of Wᵏ, computed' : 'measured in a backward pass', x, y: sizes },
        { label: matrix ? 'what the eigenvalue says, λᵏ' : 'the law, λ^(T−t)', x, y: law, reference: true },
      ],
    };
  }

  protected override words(): string {
    if (!this.#measured) return '';
    const { kind, lambda, sizes } = this.#measured;
    const steps = sizes.length - 1;
    if (kind === 'number') {
      return `With λ = ${lambda} the gradient at the first of ${steps} layers is ${formatNumber(sizes[0], 5)} times as long as at the last.`;
    }
    const peak = sizes.indexOf(Math.max(...sizes));
    return `Both eigenvalues are ${lambda}. The norm is largest, ${formatNumber(sizes[peak], 4)}, at power ${peak}, and ${formatNumber(sizes[steps])} at power ${steps}.`;
  }
}
