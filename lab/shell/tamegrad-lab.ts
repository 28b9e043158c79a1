/** `<tamegrad-lab>`: the lab, as a page of its own or inside another page. */

import { lessons } from 'lab:lessons';
import { html, LitElement, nothing, type TemplateResult } from 'lit';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { Announcer } from '../core/announce.js';
import { LabClient, type Run } from '../core/client.js';
import { SHORT_DIGEST } from '../core/digits.js';
import { save } from '../core/export.js';
import type { Lesson, LessonEntry } from '../core/lesson.js';
import { formatLink, type LinkState, parseLink, readSettings } from '../core/link.js';
import { startEngine } from '../core/parts.js';
import { ProgressStore } from '../core/progress.js';
import type { Session } from '../core/session.js';
import { defaultsOf, type Settings, type Value } from '../core/settings.js';
import type { Widget, WidgetHost } from '../core/widget.js';
import { styles } from './styles.js';
import './exercise-view.js';
import './quiz-view.js';
import '../core/chart.js';
import '../core/plane.js';

/** One engine and one progress for all labs of a page. */
const client = new LabClient(startEngine);
const progress = new ProgressStore();

/** Attributes that are not settings of a widget. */
const OWN: ReadonlySet<string> = new Set([
  'lesson',
  'hide',
  'present',
  'at',
  'digest',
  'linked',
  'class',
  'style',
  'id',
  'slot',
]);

/** The lab. With `linked` its state is the address of the page. */
export class TamegradLab extends LitElement {
  static override styles = styles;
  static override properties = {
    lesson: { type: Number },
    hide: { type: String },
    present: { type: Boolean, reflect: true },
    linked: { type: Boolean },
    loaded: { state: true },
    complaints: { state: true },
    failure: { state: true },
    compared: { state: true },
    uncomputed: { state: true },
  };
  declare lesson: number;
  declare hide: string;
  /** Presenter mode: large type, one thing at a time. */
  declare present: boolean;
  declare linked: boolean;
  declare loaded: { readonly entry: LessonEntry; readonly lesson: Lesson } | null;
  /** What of a link could not be used. */
  declare complaints: readonly string[];
  declare failure: string;
  /** Why the widget could not compute something; empty if it could. */
  declare uncomputed: string;
  /** What came of comparing digests with those of a link. */
  declare compared: { readonly same: boolean; readonly words: string } | null;
  #widget: Widget<Session, Settings> | null = null;
  #values: Readonly<Record<string, Value>> = {};
  #asked: { readonly at: number; readonly digest: string | null } | null = null;
  #runs: readonly Run<unknown>[] = [];
  #announcer: Announcer | null = null;
  #written = '';

  constructor() {
    super();
    this.lesson = lessons[0].number;
    this.hide = '';
    this.present = false;
    this.linked = false;
    this.loaded = null;
    this.complaints = [];
    this.failure = '';
    this.compared = null;
    this.uncomputed = '';
  }

  override connectedCallback(): void {
    super.connectedCallback();
    client.onFailure = (reason) => {
      this.failure = reason;
    };
    progress.onChange = () => this.requestUpdate();
    addEventListener('hashchange', this.#follow);
    this.#follow();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('hashchange', this.#follow);
  }

  readonly #follow = (): void => {
    if (this.linked) {
      if (location.hash === this.#written && this.loaded) return;
      const link = parseLink(location.hash);
      this.hide = link.hide.join(',');
      this.present = link.presenting;
      void this.#open(link);
    } else {
      const rest = new Map(
        [...this.attributes].filter(({ name }) => !OWN.has(name)).map(({ name, value }) => [name, value]),
      );
      void this.#open({ ...parseLink(''), lesson: this.lesson, rest });
    }
  };

  async #open(link: LinkState): Promise<void> {
    const asked = link.lesson ?? lessons[0].number;
    const entry = lessons.find(({ number }) => number === asked) ?? lessons[0];
    const missing = entry.number === asked ? [] : [`there is no lesson ${asked}`];
    try {
      const lesson = await entry.load();
      const { values, complaints } = readSettings(lesson.widget.settings, link.rest);
      this.complaints = [...missing, ...complaints];
      this.#values = { ...defaultsOf(lesson.widget.settings), ...values };
      this.#asked = link.at === null ? null : { at: link.at, digest: link.digest };
      this.compared = null;
      this.lesson = entry.number;
      this.#show(entry, lesson);
    } catch (error) {
      this.failure = `lesson ${entry.number} could not be loaded: ${(error as Error).message}`;
    }
  }

  #show(entry: LessonEntry, lesson: Lesson): void {
    for (const run of this.#runs) void run.close();
    this.#runs = [];
    const tag = `lab-widget-${entry.name}`;
    if (!customElements.get(tag)) customElements.define(tag, lesson.widget);
    const widget = document.createElement(tag) as Widget<Session, Settings>;
    widget.values = this.#values as never;
    widget.host = this.#hostFor(entry);
    this.#widget = widget;
    this.loaded = { entry, lesson };
    if (this.linked) document.title = `${lesson.text.title} · tamegrad lab`;
    if (this.linked && !location.hash) this.#write();
  }

  #hostFor({ name }: LessonEntry): WidgetHost {
    const lab = this;
    return {
      lab: client.session(name),
      say: (words) => this.#say(words),
      changed: (changes) => {
        this.#values = { ...this.#values, ...changes };
        this.#asked = null;
        this.compared = null;
        this.#write();
      },
      ran: (runs) => this.#ran(runs),
      failed: (reason) => {
        this.uncomputed = reason;
      },
      get hidden() {
        return lab.#hidden;
      },
      still: matchMedia('(prefers-reduced-motion: reduce)').matches,
      asked: this.#asked,
    };
  }

  get #hidden(): ReadonlySet<string> {
    return new Set(
      this.hide
        .split(',')
        .map((name) => name.trim())
        .filter(Boolean),
    );
  }

  #say(words: string): void {
    const region = this.renderRoot.querySelector<HTMLElement>('#live');
    if (!region) return;
    this.#announcer ??= new Announcer(region);
    this.#announcer.say(words);
  }

  /** Runs moved: once they stand where a link wanted them, compares digests. */
  #ran(runs: readonly Run<unknown>[]): void {
    this.#runs = runs;
    const asked = this.#asked;
    if (!asked?.digest || this.compared) return;
    const run = runs.at(-1);
    if (!run || run.at !== asked.at || run.digest === null) return;
    const same = run.digest.startsWith(asked.digest);
    this.compared = {
      same,
      words: same
        ? `Step ${asked.at}: same bits as the sender's (${asked.digest}).`
        : `Step ${asked.at}: other bits than the sender's. Here ${run.digest.slice(0, SHORT_DIGEST)}, there ${asked.digest}.`,
    };
    this.#say(this.compared.words);
  }

  /** The link of what is on the page; with `exact`, of the step at which the runs stand. */
  link(exact: boolean): string {
    const run = this.#runs.at(-1);
    const at = exact && run ? run.at : null;
    const digest = exact && run?.digest ? run.digest.slice(0, SHORT_DIGEST) : null;
    const hide = [...this.#hidden];
    return formatLink({ lesson: this.lesson, at, digest, hide, presenting: this.present }, this.#values);
  }

  #write(): void {
    if (!this.linked) return;
    this.#written = this.link(false);
    history.replaceState(null, '', this.#written);
  }

  #go(number: number): void {
    if (this.linked)
      location.hash = `l=${number}${this.hide ? `&hide=${this.hide}` : ''}${this.present ? '&p=1' : ''}`;
    else {
      this.lesson = number;
      void this.#open({ ...parseLink(''), lesson: number });
    }
    this.renderRoot.querySelector('h1')?.focus();
    this.scrollIntoView();
  }

  protected override render(): TemplateResult {
    const { loaded } = this;
    return html`
      <div class="lab">
        ${this.linked ? this.#header() : nothing}
        ${this.failure ? html`<p class="problem banner" role="alert">The engine failed: ${this.failure} <button type="button" @click=${this.#retry}>Start again</button></p>` : nothing}
        ${this.complaints.length > 0 ? html`<div class="problem banner" role="alert"><p>This link says what the lesson cannot use:</p><ul>${this.complaints.map((words) => html`<li>${words}</li>`)}</ul></div>` : nothing}
        ${loaded ? this.#lesson(loaded.entry, loaded.lesson) : html`<p class="quiet">Loading …</p>`}
        <div id="live" class="sr" role="status" aria-live="polite"></div>
      </div>
    `;
  }

  readonly #retry = (): void => {
    this.failure = '';
    if (this.loaded) this.#show(this.loaded.entry, this.loaded.lesson);
  };

  #header(): TemplateResult {
    return html`<header class="bar">
      <p class="name"><strong>tamegrad</strong> lab</p>
      <nav aria-label="Lessons">
        <ol class="lessons">
          ${lessons.map(({ number, name, title }) => {
            const done = progress.of(name).solved ?? false;
            return html`<li><a href="#l=${number}" aria-current=${number === this.lesson ? 'page' : nothing} title=${title} aria-label="Lesson ${number}: ${title}${done ? ', solved' : ''}" data-done=${String(done)}>${number}</a></li>`;
          })}
        </ol>
      </nav>
    </header>`;
  }

  #lesson(entry: LessonEntry, { text, exercise, quiz }: Lesson): TemplateResult {
    const hidden = this.#hidden;
    const place = lessons.indexOf(entry);
    const shared = { lab: client.session(entry.name), say: (words: string) => this.#say(words) };
    return html`<article aria-labelledby="title">
      <p class="eyebrow">Lesson ${entry.number} of ${lessons.length}</p>
      <h1 id="title" tabindex="-1">${text.title}</h1>
      <p class="lead">${text.lead}</p>
      <section class="stage-card" aria-label="Widget">
        ${this.#widget}
        ${this.uncomputed ? html`<p class=\"problem\" role=\"alert\">This could not be computed: ${this.uncomputed}</p>` : nothing}
        ${this.compared ? html`<p class=${this.compared.same ? 'ok' : 'problem'} data-compared=${String(this.compared.same)}>${this.compared.words}</p>` : nothing}
        ${hidden.has('link') ? nothing : html`<p class="share"><button type="button" class="link" data-act="link" @click=${this.#copy}>Copy a link to this state</button></p>`}
      </section>
      ${hidden.has('try') ? nothing : html`<section class="prose" id="try"><h2>Try this</h2>${unsafeHTML(text.tryThis)}</section>`}
      ${hidden.has('text') ? nothing : html`<section class="prose" id="why"><h2>Why</h2>${unsafeHTML(text.explanation)}</section>`}
      ${
        hidden.has('code')
          ? nothing
          : html`<section id="exercise"><h2>Exercise</h2>
              <lab-exercise .exercise=${exercise} .task=${text.exercise} .lesson=${entry.name} .progress=${progress} .lab=${shared.lab} .say=${shared.say}></lab-exercise></section>`
      }
      ${
        hidden.has('quiz')
          ? nothing
          : html`<section id="questions"><h2>Questions</h2>
              <lab-quiz .quiz=${quiz} .lesson=${entry.name} .progress=${progress} .lab=${shared.lab} .say=${shared.say}></lab-quiz></section>`
      }
      ${hidden.has('text') ? nothing : html`<section class="prose source" id="source"><h2>Where it comes from</h2>${unsafeHTML(text.source)}</section>`}
      ${this.linked ? this.#footer(place) : nothing}
    </article>`;
  }

  #footer(place: number): TemplateResult {
    const [before, after] = [lessons[place - 1], lessons[place + 1]];
    return html`<footer class="foot">
      <nav class="turn" aria-label="Next and previous lesson">
        ${before ? html`<a href="#l=${before.number}" rel="prev"><span>Before</span>${before.title}</a>` : html`<span></span>`}
        ${after ? html`<a href="#l=${after.number}" rel="next"><span>Next</span>${after.title}</a>` : html`<span></span>`}
      </nav>
      <p class="keep">
        ${progress.kept ? 'Your code and answers stay in this browser.' : 'This browser keeps nothing: save your progress before you close the page.'}
        <button type="button" class="link" data-act="export" @click=${this.#export}>Save progress as a file</button>
        <label class="link file">Load a file<input type="file" accept=".json,application/json" data-act="import" @change=${this.#import} /></label>
      </p>
    </footer>`;
  }

  readonly #copy = async (): Promise<void> => {
    const link = this.link(true);
    const url = this.linked ? `${location.href.replace(/#.*/, '')}${link}` : link;
    if (this.linked) {
      this.#written = link;
      history.replaceState(null, '', link);
    }
    try {
      await navigator.clipboard.writeText(url);
      this.#say('The link is copied.');
    } catch {
      this.#say('The link is in the address bar.');
    }
  };

  readonly #export = (): void => {
    save('tamegrad-lab-progress.json', new Blob([progress.export()], { type: 'application/json' }));
  };

  readonly #import = async (event: Event): Promise<void> => {
    const [file] = (event.target as HTMLInputElement).files ?? [];
    if (!file) return;
    try {
      progress.import(await file.text());
      if (this.loaded) this.#show(this.loaded.entry, this.loaded.lesson);
      this.#say('Progress loaded.');
    } catch (error) {
      this.complaints = [(error as Error).message];
    }
  };

  /** Next and previous lesson, for presenters. */
  go(by: 1 | -1): void {
    const next = lessons[lessons.findIndex(({ number }) => number === this.lesson) + by];
    if (next) this.#go(next.number);
  }
}

customElements.define('tamegrad-lab', TamegradLab);
