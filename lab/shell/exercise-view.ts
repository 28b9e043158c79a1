/** An exercise on the page: the editor, the tests, what came of them, a hint, and after three tries the solution. */

import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import type { SessionClient } from '../core/client.js';
import type { Exercise, Grade } from '../core/exercise.js';
import { grade } from '../core/grade.js';
import { loadEditor } from '../core/parts.js';
import type { ProgressStore } from '../core/progress.js';
import { frameSandbox } from '../core/sandbox.js';
import type { Session } from '../core/session.js';
import type { CodeEditor } from '../editor/editor.js';

/** Tries after which the solution may be seen. */
const TRIES = 3;
const PLAIN_KEY = 'tamegrad-lab-plain';

/** `<lab-exercise>` */
export class LabExercise extends LitElement {
  static override properties = {
    exercise: { attribute: false },
    task: { attribute: false },
    grading: { state: true },
    graded: { state: true },
    problem: { state: true },
    plain: { state: true },
    solution: { state: true },
  };
  declare exercise: Exercise;
  /** HTML of what is to be done. */
  declare task: string;
  declare lesson: string;
  declare lab: SessionClient<Session>;
  declare progress: ProgressStore;
  declare say: (words: string) => void;
  declare grading: boolean;
  declare graded: Grade | null;
  declare problem: string;
  /** Whether the plain text area is chosen. */
  declare plain: boolean;
  declare solution: boolean;
  #editor: CodeEditor | null = null;
  #code: string | null = null;

  constructor() {
    super();
    this.grading = false;
    this.graded = null;
    this.problem = '';
    this.solution = false;
    this.plain = wantsPlain();
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    this.#editor?.destroy();
    this.#editor = null;
  }

  /** The code as it stands: the learner's, else the starter. It is run when asked for, never by itself. */
  get code(): string {
    this.#code ??= this.progress.of(this.lesson).code ?? this.exercise.starter;
    return this.#code;
  }

  #edit(code: string): void {
    this.#code = code;
    this.progress.update(this.lesson, { code });
  }

  protected override render(): TemplateResult {
    const { tries = 0, solved = false } = this.progress.of(this.lesson);
    return html`
      <div class="task prose">${unsafeHTML(this.task)}</div>
      <div class="code-frame">
        <div class="editor" ?hidden=${this.plain}></div>
        <textarea
          class="plain-code" ?hidden=${this.#editor !== null && !this.plain} aria-label="Your code" spellcheck="false" autocapitalize="off"
          autocomplete="off" rows=${Math.min(24, this.code.split('\n').length + 1)} .value=${this.code}
          @focus=${() => this.#upgrade(true)}
          @input=${(event: Event) => this.#edit((event.target as HTMLTextAreaElement).value)}
        ></textarea>
      </div>
      <div class="actions">
        <button type="button" class="primary" data-act="check" ?disabled=${this.grading} @click=${() => this.check()}>${this.grading ? 'Checking …' : 'Check my code'}</button>
        <button type="button" data-act="restart" @click=${this.#restart}>Start over</button>
        <label class="switch"><input type="checkbox" data-act="plain" .checked=${this.plain} @change=${this.#switch} /> Plain text field</label>
        ${solved ? html`<span class="ok" data-solved>solved</span>` : nothing}
      </div>
      <div class="grade">${this.#grade()}</div>
      ${
        tries >= TRIES || solved
          ? html`<details class="solution" ?open=${this.solution} @toggle=${(event: Event) => {
              this.solution = (event.target as HTMLDetailsElement).open;
            }}><summary>A solution</summary><pre tabindex="0" aria-label="A solution"><code>${this.exercise.reference}</code></pre></details>`
          : html`<p class="quiet">After ${TRIES} tries a solution can be seen here.</p>`
      }
    `;
  }

  #grade(): TemplateResult | typeof nothing {
    if (this.problem) return html`<p class="problem">${this.problem}</p>`;
    const { graded } = this;
    if (!graded) {
      const shown = this.exercise.checks.filter((check) => !check.hidden);
      const hidden = this.exercise.checks.length - shown.length;
      return html`<p class="quiet">What will be checked:</p>
        <ul class="checks">${shown.map((check) => html`<li>${check.name}</li>`)}
        ${hidden > 0 ? html`<li class="quiet">and ${hidden} more</li>` : nothing}</ul>`;
    }
    if (graded.failure) return html`<p class="problem">Not checked: ${graded.failure}</p>`;
    const listed = graded.results.filter(({ check, passed }) => !check.hidden || !passed);
    const hidden = graded.results.filter(({ check, passed }) => check.hidden && passed).length;
    return html`
      ${graded.passed ? html`<p class="ok solved">All of it is right.</p>` : nothing}
      ${graded.hint ? html`<p class="hint"><strong>Hint.</strong> ${graded.hint}</p>` : nothing}
      <ul class="checks">
        ${listed.map(
          ({ check, passed, why }) => html`<li class=${passed ? 'ok' : 'bad'}>
            <span class="mark" aria-hidden="true">${passed ? '✓' : '✗'}</span>
            <span><span class="sr">${passed ? 'right: ' : 'not yet: '}</span>${check.name}${why ? html`<br /><span class="why">${why}</span>` : nothing}</span>
          </li>`,
        )}
        ${hidden > 0 ? html`<li class="ok"><span class="mark" aria-hidden="true">✓</span> <span>${hidden} more</span></li>` : nothing}
      </ul>`;
  }

  /** Runs and grades the code as it stands. */
  async check(): Promise<void> {
    this.grading = true;
    this.problem = '';
    try {
      const { strip } = await loadEditor();
      const graded = await grade(this.exercise, this.code, { strip, sandbox: frameSandbox, lab: this.lab });
      this.graded = graded;
      const { tries = 0, solved = false } = this.progress.of(this.lesson);
      this.progress.update(this.lesson, {
        code: this.code,
        tries: tries + 1,
        solved: solved || graded.passed,
      });
      this.say(wordsOf(graded));
    } catch (error) {
      this.problem = `The code could not be checked: ${(error as Error).message}`;
      this.say(this.problem);
    } finally {
      this.grading = false;
    }
  }

  #restart(): void {
    this.#edit(this.exercise.starter);
    this.graded = null;
    this.problem = '';
    if (this.#editor) this.#editor.value = this.code;
    this.requestUpdate();
  }

  #switch(event: Event): void {
    this.plain = (event.target as HTMLInputElement).checked;
    keepPlain(this.plain);
    if (this.plain) {
      this.#editor?.destroy();
      this.#editor = null;
      this.querySelector('.editor')!.replaceChildren();
    } else void this.#upgrade(false);
  }

  /** Loads the editor, once somebody is about to write. */
  async #upgrade(focus: boolean): Promise<void> {
    if (this.plain || this.#editor) return;
    const { createEditor } = await loadEditor();
    if (this.plain || this.#editor || !this.isConnected) return;
    const field = this.querySelector<HTMLTextAreaElement>('.plain-code')!;
    const focused = focus && this.#root().activeElement === field;
    this.#editor = createEditor(this.querySelector<HTMLElement>('.editor')!, {
      value: this.code,
      label: 'Your code',
      onChange: (code) => this.#edit(code),
      root: this.#root(),
    });
    this.requestUpdate();
    await this.updateComplete;
    if (focused) this.#editor.focus();
  }

  #root(): Document | ShadowRoot {
    return this.getRootNode() as Document | ShadowRoot;
  }
}

function wordsOf({ passed, results, hint, failure }: Grade): string {
  if (failure) return `Not checked: ${failure}`;
  if (passed) return 'All of it is right.';
  const wrong = results.filter((result) => !result.passed);
  return `${results.length - wrong.length} of ${results.length} checks pass. ${hint ? `Hint: ${hint}` : wrong[0].why}`;
}

function wantsPlain(): boolean {
  try {
    return localStorage.getItem(PLAIN_KEY) === '1';
  } catch {
    return false;
  }
}

function keepPlain(plain: boolean): void {
  try {
    localStorage.setItem(PLAIN_KEY, plain ? '1' : '0');
  } catch {
    // It lasts as long as the page.
  }
}

customElements.define('lab-exercise', LabExercise);
