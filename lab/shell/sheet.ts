/** The sheet: questions and tasks of all lessons to print, and an answer key that the engine makes. */

import { lessons } from 'lab:lessons';
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { formatNumber } from '../../src/report/index.js';
import type { Lesson } from '../core/lesson.js';
import { isChoice, type Question } from '../core/quiz.js';
import { prose } from './prose.js';
import { client } from './shared.js';

interface Sheet {
  readonly number: number;
  readonly lesson: Lesson;
  /** What is right, by question; null until it is computed. */
  readonly answers: readonly number[] | null;
}

/** `<lab-sheet>` */
export class LabSheet extends LitElement {
  static override properties = { sheets: { state: true }, key: { state: true }, problem: { state: true } };
  declare sheets: readonly Sheet[];
  /** Whether the answer key is shown. */
  declare key: boolean;
  declare problem: string;

  constructor() {
    super();
    this.sheets = [];
    this.key = false;
    this.problem = '';
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.sheets.length === 0) void this.#load();
  }

  async #load(): Promise<void> {
    try {
      this.sheets = await Promise.all(
        lessons.map(async ({ number, load }) => ({ number, lesson: await load(), answers: null })),
      );
    } catch (error) {
      this.problem = (error as Error).message;
    }
  }

  readonly #compute = async (): Promise<void> => {
    this.key = true;
    try {
      for (const [k, { lesson, answers }] of this.sheets.entries()) {
        if (answers) continue;
        const lab = client.session(lessons[k].name);
        const right = await Promise.all(lesson.quiz.map((question) => question.answer(lab)));
        this.sheets = this.sheets.map((sheet, j) => (j === k ? { ...sheet, answers: right } : sheet));
      }
    } catch (error) {
      this.problem = `The answers could not be computed: ${(error as Error).message}`;
    }
  };

  protected override render(): TemplateResult {
    return html`<article class="sheet">
      <h1 id="title" tabindex="-1">Questions and tasks</h1>
      <p class="lead no-print">To print and hand out. The answer key comes last, on a page of its own; it is computed when you ask for it.</p>
      ${this.problem ? html`<p class="problem" role="alert">${this.problem}</p>` : nothing}
      <p class="no-print actions">
        <button type="button" class="primary" data-act="print" @click=${() => print()}>Print</button>
        <button type="button" data-act="key" @click=${this.#compute}>Make the answer key</button>
      </p>
      <p class="name-line">Name: <span></span></p>
      ${this.sheets.map(
        ({ number, lesson }) => html`<section>
          <h2>${number}. ${lesson.text.title}</h2>
          <ol class="asked">${lesson.quiz.map(asked)}</ol>
          <div class="task prose"><p class="eyebrow">Task</p>${unsafeHTML(lesson.text.exercise)}</div>
        </section>`,
      )}
      ${this.key ? this.#answers() : nothing}
    </article>`;
  }

  #answers(): TemplateResult {
    return html`<section class="answer-key" aria-label="Answer key">
      <h2>Answer key</h2>
      ${this.sheets.map(
        ({ number, lesson, answers }) => html`<h3>${number}. ${lesson.text.title}</h3>
          ${
            answers
              ? html`<ol>${lesson.quiz.map(
                  (question, k) =>
                    html`<li><strong>${told(question, answers[k])}</strong> ${prose(question.because)}</li>`,
                )}</ol>
                <pre><code>${lesson.exercise.reference}</code></pre>`
              : html`<p class="quiet">Being computed …</p>`
          }`,
      )}
    </section>`;
  }
}

function asked(question: Question): TemplateResult {
  return html`<li><p>${prose(question.ask)}</p>
    ${
      isChoice(question)
        ? html`<ul class="boxes">${question.options.map((option) => html`<li>${prose(option)}</li>`)}</ul>`
        : html`<p class="blank"><span></span> ${question.unit ?? ''}</p>`
    }</li>`;
}

function told(question: Question, right: number): TemplateResult {
  return isChoice(question)
    ? html`${prose(question.options[right])}.`
    : html`${formatNumber(right, 4)} ${question.unit ?? ''}.`;
}

customElements.define('lab-sheet', LabSheet);
