/** `<tamegrad-lab>`: the lab, as a page of its own or inside another page. */

import { lessons } from 'lab:lessons';
import { html, LitElement, nothing, type PropertyValues, type TemplateResult } from 'lit';
import { keyed } from 'lit/directives/keyed.js';
import { unsafeHTML } from 'lit/directives/unsafe-html.js';
import { Announcer } from '../core/announce.js';
import type { Run } from '../core/client.js';
import type { Lesson, LessonEntry } from '../core/lesson.js';
import { formatLink, type LinkState, listOf, parseLink, readSettings } from '../core/link.js';
import type { Session } from '../core/session.js';
import { defaultsOf, type Settings, type Value } from '../core/settings.js';
import type { Widget, WidgetHost } from '../core/widget.js';
import { type AskedStep, type Compared, compareDigests, shortDigests } from './comparison.js';
import { bar, foot } from './frame.js';
import { hidePanel, turnOf } from './presenting.js';
import { client, progress } from './shared.js';
import { styles } from './styles.js';
import './exercise-view.js';
import './quiz-view.js';
import '../core/chart.js';
import '../core/plane.js';

/** Attributes that are not settings of a widget. */
const OWN: ReadonlySet<string> = new Set([
  'lesson',
  'hide',
  'present',
  'linked',
  'class',
  'style',
  'id',
  'slot',
]);

/** The lab. With `linked` it has the page for itself, and its state is the address of the page. */
export class TamegradLab extends LitElement {
  static override styles = styles;
  static override properties = {
    lesson: { type: Number },
    hide: { type: String },
    present: { type: Boolean, reflect: true },
    linked: { type: Boolean },
    loaded: { state: true },
    sheet: { state: true },
    complaints: { state: true },
    failure: { state: true },
    uncomputed: { state: true },
    compared: { state: true },
  };
  /** Number of the lesson. */
  declare lesson: number;
  /** Names of what is not shown, between commas. */
  declare hide: string;
  /** Presenter mode: large type, keys for next and back. */
  declare present: boolean;
  declare linked: boolean;
  declare loaded: { readonly entry: LessonEntry; readonly lesson: Lesson } | null;
  /** Whether the sheet of all questions is shown instead of a lesson. */
  declare sheet: boolean;
  /** What of a link, or of a file, could not be used. */
  declare complaints: readonly string[];
  /** Why the engine failed; empty while it does not. */
  declare failure: string;
  /** Why the widget could not compute something; empty if it could. */
  declare uncomputed: string;
  /** What came of comparing digests with those of a link. */
  declare compared: Compared | null;
  #widget: Widget<Session, Settings> | null = null;
  #host: WidgetHost | null = null;
  #values: Readonly<Record<string, Value>> = {};
  #asked: AskedStep | null = null;
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
    this.sheet = false;
    this.complaints = [];
    this.failure = '';
    this.uncomputed = '';
    this.compared = null;
  }

  override connectedCallback(): void {
    super.connectedCallback();
    client.failureListeners.add(this.#fail);
    progress.listeners.add(this.#redraw);
    if (this.linked) {
      addEventListener('hashchange', this.#follow);
      addEventListener('keydown', this.#key);
      this.#follow();
    } else this.#openFromAttributes();
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    client.failureListeners.delete(this.#fail);
    progress.listeners.delete(this.#redraw);
    removeEventListener('hashchange', this.#follow);
    removeEventListener('keydown', this.#key);
  }

  protected override updated(changed: PropertyValues<this>): void {
    const other = changed.has('lesson') && this.loaded && this.lesson !== this.loaded.entry.number;
    if (other && !this.linked) this.#openFromAttributes(true);
    if (changed.has('hide')) this.#widget?.requestUpdate();
  }

  readonly #fail = (reason: string): void => {
    this.failure = reason;
  };

  readonly #redraw = (): void => this.requestUpdate();

  readonly #follow = (): void => {
    if (location.hash === this.#written && this.loaded) return;
    const link = parseLink(location.hash);
    this.hide = link.hide.join(',');
    this.present = link.presenting;
    void this.#open(link);
  };

  /** With `ownOnly`, attributes that belonged to the lesson before are passed over. */
  #openFromAttributes(ownOnly = false): void {
    const settings = [...this.attributes].filter(({ name }) => !OWN.has(name) && !name.startsWith('data-'));
    const rest = new Map(settings.map(({ name, value }) => [name, value]));
    void this.#open({ ...parseLink(''), lesson: this.lesson, rest }, ownOnly);
  }

  async #open(link: LinkState, ownOnly = false): Promise<void> {
    if (link.sheet) await import('./sheet.js');
    this.sheet = link.sheet;
    const asked = link.lesson ?? lessons[0].number;
    const entry = lessons.find(({ number }) => number === asked) ?? lessons[0];
    const missing = entry.number === asked ? [] : [`there is no lesson ${asked}`];
    try {
      const lesson = await entry.load();
      const { settings } = lesson.widget;
      const own = ownOnly
        ? new Map([...link.rest].filter(([key]) => Object.hasOwn(settings, key)))
        : link.rest;
      const { values, complaints } = readSettings(settings, own);
      this.complaints = [...missing, ...complaints];
      this.#values = { ...defaultsOf(settings), ...values };
      this.#asked = link.at === null ? null : { at: link.at, digests: link.digests };
      const turned = this.loaded !== null && this.loaded.entry !== entry;
      this.lesson = entry.number;
      this.#show(entry, lesson);
      if (turned && this.linked) await this.#begin();
    } catch (error) {
      this.failure = `lesson ${entry.number} could not be loaded: ${(error as Error).message}`;
    }
  }

  /** A lesson was turned to: reading starts at its heading. */
  async #begin(): Promise<void> {
    await this.updateComplete;
    scrollTo(0, 0);
    this.renderRoot.querySelector<HTMLElement>('h1')?.focus({ preventScroll: true });
  }

  #show(entry: LessonEntry, lesson: Lesson): void {
    for (const run of this.#runs) void run.close();
    this.#runs = [];
    this.compared = null;
    this.uncomputed = '';
    const tag = `lab-widget-${entry.name}`;
    if (!customElements.get(tag)) customElements.define(tag, lesson.widget);
    const widget = document.createElement(tag) as Widget<Session, Settings>;
    widget.values = this.#values as never;
    this.#host = this.#hostFor(entry);
    widget.host = this.#host;
    this.#widget = widget;
    this.loaded = { entry, lesson };
    if (!this.linked) return;
    document.title = `${lesson.text.title} · tamegrad lab`;
    if (!location.hash) this.#write();
  }

  /** What a widget hears and tells; one that the reader has left is no longer listened to. */
  #hostFor({ name }: LessonEntry): WidgetHost {
    const lab = this;
    const heard =
      <Told extends unknown[]>(listen: (...told: Told) => void) =>
      (...told: Told): void => {
        if (host === this.#host) listen(...told);
      };
    const host: WidgetHost = {
      lab: client.session(name),
      say: heard((words) => this.#say(words)),
      changed: heard((changes) => {
        this.#values = { ...this.#values, ...changes };
        this.#asked = null;
        this.compared = null;
        this.#write();
      }),
      ran: heard((runs) => {
        this.#runs = runs;
        if (!this.#asked || this.compared) return;
        this.compared = compareDigests(this.#asked, runs);
        if (this.compared) this.#say(this.compared.words);
      }),
      failed: heard((reason) => {
        this.uncomputed = reason;
      }),
      get hidden() {
        return lab.#hidden;
      },
      still: matchMedia('(prefers-reduced-motion: reduce)').matches,
      asked: this.#asked,
    };
    return host;
  }

  get #hidden(): ReadonlySet<string> {
    return new Set(listOf(this.hide));
  }

  #say(words: string): void {
    const region = this.renderRoot.querySelector<HTMLElement>('#live');
    if (!region) return;
    this.#announcer ??= new Announcer(region);
    this.#announcer.say(words);
  }

  /** The link of what is on the page; with `exact`, of the step at which the runs stand. */
  link(exact: boolean): string {
    const at = exact && this.#runs.length > 0 ? Math.max(...this.#runs.map((run) => run.at)) : null;
    const digests = at === null ? [] : shortDigests(this.#runs, at);
    const hide = [...this.#hidden];
    return formatLink({ lesson: this.lesson, at, digests, hide, presenting: this.present }, this.#values);
  }

  #write(exact = false): void {
    if (!this.linked || this.sheet) return;
    this.#written = this.link(exact);
    history.replaceState(null, '', this.#written);
  }

  /** In presenter mode: the next part of the page, or the next lesson after the last. */
  readonly #key = (event: KeyboardEvent): void => {
    const by = this.present ? turnOf(event) : 0;
    if (by === 0) return;
    event.preventDefault();
    // On the way on, the title is no stop: it is seen where a lesson begins.
    const stops = by > 0 ? '.stage-card, section' : 'h1, .stage-card, section';
    const tops = [...this.renderRoot.querySelectorAll(`article > :is(${stops})`)].map((part) => {
      return part.getBoundingClientRect().top;
    });
    const ahead = by > 0 ? tops.filter((top) => top > 24) : tops.filter((top) => top < -24).reverse();
    const atEnd = by > 0 && scrollY + innerHeight >= document.documentElement.scrollHeight - 2;
    if (ahead.length > 0 && !atEnd) scrollBy({ top: ahead[0] - 12 });
    else this.go(by);
  };

  /** Next and previous lesson. */
  go(by: 1 | -1): void {
    const next = lessons[lessons.findIndex(({ number }) => number === this.lesson) + by];
    if (!next) return;
    if (!this.linked) this.lesson = next.number;
    else
      location.hash = `l=${next.number}${this.hide ? `&hide=${this.hide}` : ''}${this.present ? '&p=1' : ''}`;
  }

  protected override render(): TemplateResult {
    const { loaded, failure, complaints } = this;
    const bound = {
      presenting: this.present,
      present: () => {
        this.present = !this.present;
        this.#write();
      },
    };
    return html`<div class="lab">
      ${this.linked ? bar(this.sheet ? null : this.lesson, bound) : nothing}
      ${failure ? html`<p class="problem banner" role="alert">The engine failed: ${failure} <button type="button" @click=${this.#retry}>Start again</button></p>` : nothing}
      ${complaints.length > 0 ? html`<div class="problem banner" role="alert" data-complaints><p>Not everything could be used:</p><ul>${complaints.map((words) => html`<li>${words}</li>`)}</ul></div>` : nothing}
      ${
        this.sheet
          ? html`<lab-sheet></lab-sheet>`
          : loaded
            ? keyed(loaded, this.#lesson(loaded.entry, loaded.lesson))
            : html`<p class="quiet">Loading …</p>`
      }
      <div id="live" class="sr" role="status" aria-live="polite"></div>
    </div>`;
  }

  readonly #retry = (): void => {
    this.failure = '';
    if (this.loaded) this.#show(this.loaded.entry, this.loaded.lesson);
  };

  #lesson(entry: LessonEntry, { text, exercise, quiz, widget }: Lesson): TemplateResult {
    const shows = (part: string): boolean => !this.#hidden.has(part);
    const lab = client.session(entry.name);
    const say = (words: string): void => this.#say(words);
    const labels = Object.fromEntries(
      Object.entries(widget.settings).map(([key, { label }]) => [key, label]),
    );
    return html`<article aria-labelledby="title">
      ${this.present && this.linked ? hidePanel(labels, this.#hidden, this.#toggle) : nothing}
      <p class="eyebrow">Lesson ${entry.number}</p>
      <h1 id="title" tabindex="-1">${text.title}</h1>
      <p class="lead">${text.lead}</p>
      <div class="stage-card" role="group" aria-label="Widget">
        ${this.#widget}
        ${this.uncomputed ? html`<p class="problem" role="alert">This could not be computed: ${this.uncomputed}</p>` : nothing}
        ${this.compared ? html`<p class=${this.compared.same ? 'ok' : 'problem'} data-compared=${String(this.compared.same)}>${this.compared.words}</p>` : nothing}
        ${shows('link') && this.linked ? html`<p class="share"><button type="button" class="link" data-act="link" @click=${this.#copy}>Copy a link to this state</button></p>` : nothing}
      </div>
      ${shows('try') ? html`<section class="prose" id="try"><h2>Try this</h2>${unsafeHTML(text.tryThis)}</section>` : nothing}
      ${shows('text') ? html`<section class="prose" id="why"><h2>Why</h2>${unsafeHTML(text.explanation)}</section>` : nothing}
      ${
        shows('code')
          ? html`<section id="exercise"><h2>Exercise</h2>
            <lab-exercise .exercise=${exercise} .task=${text.exercise} .lesson=${entry.name} .progress=${progress} .lab=${lab} .say=${say}></lab-exercise></section>`
          : nothing
      }
      ${
        shows('quiz')
          ? html`<section id="questions"><h2>Questions</h2>
            <lab-quiz .quiz=${quiz} .lesson=${entry.name} .progress=${progress} .lab=${lab} .say=${say}></lab-quiz></section>`
          : nothing
      }
      ${shows('text') ? html`<section class="prose source" id="source"><h2>Where it comes from</h2>${unsafeHTML(text.source)}</section>` : nothing}
      ${this.linked ? foot(lessons.indexOf(entry), this.#reload, this.#complain) : nothing}
    </article>`;
  }

  readonly #toggle = (name: string): void => {
    const hidden = new Set(this.#hidden);
    if (!hidden.delete(name)) hidden.add(name);
    this.hide = [...hidden].join(',');
    this.#write();
  };

  readonly #reload = (): void => {
    if (this.loaded) this.#show(this.loaded.entry, this.loaded.lesson);
    this.#say('Progress loaded.');
  };

  readonly #complain = (words: string): void => {
    this.complaints = [words];
  };

  readonly #copy = async (): Promise<void> => {
    this.#write(true);
    const address = this.linked ? location.href.replace(/#.*/, '') : '';
    try {
      await navigator.clipboard.writeText(`${address}${this.link(true)}`);
      this.#say('The link is copied.');
    } catch {
      this.#say(this.linked ? 'The link is in the address bar.' : this.link(true));
    }
  };
}

customElements.define('tamegrad-lab', TamegradLab);
