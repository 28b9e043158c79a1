/** What stands around a lesson where the lab has the page for itself: the list of lessons above, the way on below. */

import { lessons } from 'lab:lessons';
import { html, nothing, type TemplateResult } from 'lit';
import { save } from '../core/export.js';
import { progress } from './shared.js';

/** What the bar can do. */
export interface BarActions {
  readonly presenting: boolean;
  present(): void;
}

/** The list of lessons; those that are solved are marked. */
export function bar(current: number | null, { presenting, present }: BarActions): TemplateResult {
  return html`<header class="bar">
    <p class="name"><strong>tamegrad</strong> lab</p>
    <nav aria-label="Lessons">
      <ol class="lessons">
        ${lessons.map(({ number, name, title }) => {
          const done = progress.of(name).solved ?? false;
          return html`<li><a
            href="#l=${number}${presenting ? '&p=1' : ''}" title=${title} data-done=${String(done)}
            aria-current=${number === current ? 'page' : nothing} aria-label="Lesson ${number}: ${title}${done ? ', solved' : ''}"
          >${number}</a></li>`;
        })}
      </ol>
    </nav>
    <p class="tools">
      <button type="button" class="link" data-act="present" aria-pressed=${String(presenting)} @click=${present}>${presenting ? 'Stop presenting' : 'Present'}</button>
      <a href="#sheet=1">Sheet</a>
    </p>
  </header>`;
}

/** The lessons before and after, and the progress as a file. */
export function foot(place: number, loaded: () => void, complain: (words: string) => void): TemplateResult {
  const [before, after] = [lessons[place - 1], lessons[place + 1]];
  const read = async (event: Event): Promise<void> => {
    const field = event.target as HTMLInputElement;
    const [file] = field.files ?? [];
    if (!file) return;
    try {
      progress.import(await file.text());
      loaded();
    } catch (error) {
      complain(`${file.name}: ${(error as Error).message}`);
    } finally {
      field.value = '';
    }
  };
  return html`<footer class="foot">
    <nav class="turn" aria-label="Next and previous lesson">
      ${before ? html`<a href="#l=${before.number}" rel="prev"><span>Previous</span>${before.title}</a>` : html`<span></span>`}
      ${after ? html`<a href="#l=${after.number}" rel="next"><span>Next</span>${after.title}</a>` : nothing}
    </nav>
    <p class="keep">
      ${progress.kept ? 'Your code and answers stay in this browser.' : 'This browser keeps nothing: save your progress before you close the page.'}
      <button type="button" class="link" data-act="export" @click=${saveProgress}>Save progress as a file</button>
      <label class="link file">Load a file<input type="file" accept=".json,application/json" data-act="import" @change=${read} /></label>
    </p>
  </footer>`;
}

function saveProgress(): void {
  save('tamegrad-lab-progress.json', new Blob([progress.export()], { type: 'application/json' }));
}
