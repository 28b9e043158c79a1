/** The questions on the page. What is right is computed when it is asked for. */

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import type { SessionClient } from '../core/client.js';
import type { ProgressStore } from '../core/progress.js';
import { isChoice, isRight, type Question, type Quiz } from '../core/quiz.js';
import type { Session } from '../core/session.js';
import { parseAnswer } from './answer.js';
import { prose } from './prose.js';

/** `<lab-quiz>` */
export class LabQuiz extends LitElement {
  static override properties = { quiz: { attribute: false }, told: { state: true } };
  declare quiz: Quiz;
  declare lesson: string;
  declare lab: SessionClient<Session>;
  declare progress: ProgressStore;
  declare say: (words: string) => void;
  /** What is said below each question. */
  declare told: Readonly<Record<number, { readonly right: boolean | null; readonly words: string }>>;

  constructor() {
    super();
    this.told = {};
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  protected override render(): TemplateResult {
    return html`<ol class="quiz">${this.quiz.map((question, k) => this.#question(question, k))}</ol>`;
  }

  #question(question: Question, k: number): TemplateResult {
    const told = this.told[k];
    const before = this.progress.of(this.lesson).answers?.[k];
    const answer = (event: SubmitEvent): void => {
      event.preventDefault();
      void this.#check(question, k, new FormData(event.target as HTMLFormElement).get('answer'));
    };
    return html`<li>
      <form data-question=${k} @submit=${answer}>
        <fieldset>
          <legend>${prose(question.ask)}</legend>
          ${isChoice(question) ? this.#options(question.options, before?.given) : this.#field(question.unit ?? '', before?.given)}
        </fieldset>
        <button type="submit">Answer</button>
        ${
          told
            ? html`<p class=${told.right === null ? 'problem' : told.right ? 'ok' : 'bad'} data-told=${String(told.right)}>
                ${told.right === null ? '' : html`<strong>${told.right ? 'Right.' : 'Not so.'}</strong> `}${prose(told.words)}
              </p>`
            : before
              ? html`<p class="quiet">You answered this ${before.right ? 'rightly' : 'otherwise'} before.</p>`
              : nothing
        }
      </form>
    </li>`;
  }

  #options(options: readonly string[], before: number | undefined): TemplateResult {
    return html`<span class="answers">${options.map(
      (option, k) =>
        html`<label><input type="radio" name="answer" value=${k} ?checked=${k === before} /> <span>${prose(option)}</span></label>`,
    )}</span>`;
  }

  #field(unit: string, before: number | undefined): TemplateResult {
    return html`<label class="answer-number"><span class="sr">Your answer</span>
      <input type="text" inputmode="decimal" name="answer" autocomplete="off" value=${before ?? ''} /> ${unit}</label>`;
  }

  async #check(question: Question, k: number, given: FormDataEntryValue | null): Promise<void> {
    const number = parseAnswer(given);
    if (number === null) {
      this.#tell(k, null, isChoice(question) ? 'Choose one first.' : 'Write a number first.');
      return;
    }
    try {
      const right = isRight(question, number, await question.answer(this.lab));
      const answers = { ...this.progress.of(this.lesson).answers, [k]: { given: number, right } };
      this.progress.update(this.lesson, { answers });
      this.#tell(
        k,
        right,
        right || this.#again(k) ? question.because : 'Try it on the widget, then once more.',
      );
    } catch (error) {
      this.#tell(k, null, `The answer could not be computed: ${(error as Error).message}`);
    }
  }

  /** Whether the question has been answered wrongly before: the second time the reason is told. */
  #again(k: number): boolean {
    return this.told[k]?.right === false;
  }

  #tell(k: number, right: boolean | null, words: string): void {
    this.told = { ...this.told, [k]: { right, words } };
    this.say(`${right === null ? '' : right ? 'Right. ' : 'Not so. '}${words}`);
  }
}

customElements.define('lab-quiz', LabQuiz);
