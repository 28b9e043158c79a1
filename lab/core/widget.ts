/** What every lesson's widget extends: settings that live in the link, the lesson's session, controls, live words. */

import { html, LitElement, nothing, type PropertyDeclarations, type TemplateResult } from 'lit';
import type { Run, SessionClient } from './client.js';
import { choiceControl, flagControl, numberControl, textControl } from './controls.js';
import type { CallGiven, CallResult, RunSettings, SeenOf, Session } from './session.js';
import type { Settings, Value, ValuesOf } from './settings.js';
import { transport } from './transport.js';

/** What the page does for a widget. */
export interface WidgetHost<S extends Session = Session> {
  readonly lab: SessionClient<S>;
  /** Told to screen readers, politely and not too often. */
  say(words: string): void;
  /** Settings changed by the reader: the link follows. */
  changed(changes: Readonly<Record<string, Value>>): void;
  /** Controls that a lecturer hides, by name. */
  readonly hidden: ReadonlySet<string>;
  /** Where the runs stand: for links. */
  ran(runs: readonly Run<unknown>[]): void;
  /** Something could not be computed; why, in words. Empty: all is well again. */
  failed(reason: string): void;
  /** Whether things should not move by themselves. */
  readonly still: boolean;
  /** The step that a link asks for; null without one. */
  readonly asked: { readonly at: number } | null;
}

/** The class of a widget. */
export interface WidgetClass {
  readonly settings: Settings;
  new (): Widget<Session, Settings>;
}

/**
 * A widget. It renders into the page itself (no shadow root of its own), so that the page's style reaches it. `values`
 * holds the current settings; `set` changes some. Override `opened` (once, when all is there), `changed` (settings are
 * other than before), `render`, and `words`: what a screen reader should know of the state at hand.
 */
export abstract class Widget<S extends Session, T extends Settings> extends LitElement {
  static settings: Settings = {};
  static override properties: PropertyDeclarations = { values: { attribute: false }, pace: { state: true } };

  declare values: ValuesOf<T>;
  declare host: WidgetHost<S>;
  /** Steps a second of runs that play; the reader chooses. */
  declare pace: number;
  #runs: readonly Run<unknown>[] = [];
  #wasOpened = false;
  #heard = false;

  constructor() {
    super();
    this.pace = Number.POSITIVE_INFINITY;
  }

  protected override createRenderRoot(): HTMLElement {
    return this;
  }

  /** The lesson's session in the worker. */
  get lab(): SessionClient<S> {
    return this.host.lab;
  }

  /** The runs at hand; those of before are closed. */
  get runs(): readonly Run<unknown>[] {
    return this.#runs;
  }

  set runs(runs: readonly Run<unknown>[]) {
    for (const run of this.#runs) if (!runs.includes(run)) void run.close();
    this.#runs = runs;
    // The reader has gone on to another lesson while these were about to start.
    if (!this.isConnected) for (const run of runs) void run.close();
    this.host.ran(runs);
    this.requestUpdate();
  }

  /**
   * Asks the session to compute. Null where it failed: the widget then shows why, until the next that succeeds. The
   * settings may have changed by the time the answer comes: compare before you use it.
   */
  protected async ask<K extends keyof NonNullable<S['calls']>>(
    name: K,
    given: CallGiven<S, K>,
  ): Promise<CallResult<S, K> | null> {
    try {
      const result = await this.lab.call(name, given);
      this.host.failed('');
      return result;
    } catch (error) {
      this.host.failed((error as Error).message);
      return null;
    }
  }

  /** Opens a run of the session; the widget is drawn again whenever it has news. */
  protected openRun<K extends keyof NonNullable<S['runs']>>(
    name: K,
    settings: RunSettings<S, K>,
  ): Run<SeenOf<S, K>> {
    return this.lab.open(name, settings, () => this.#hear());
  }

  /** News of runs come faster than frames: drawn once a frame, or the page falls behind and answers late. */
  #hear(): void {
    if (this.#heard) return;
    this.#heard = true;
    // A page in the background has no frames.
    const soon = document.hidden ? (act: () => void) => setTimeout(act, 100) : requestAnimationFrame;
    soon(() => {
      this.#heard = false;
      this.host.ran(this.#runs);
      this.requestUpdate();
    });
  }

  /** Changes settings; the link and the controls follow. */
  set(changes: Partial<ValuesOf<T>>): void {
    const before = this.values;
    this.values = { ...this.values, ...changes };
    this.host.changed(changes as Readonly<Record<string, Value>>);
    this.changed(before);
  }

  /** The page sets other values: a link was followed, the lesson reset. */
  receive(values: ValuesOf<T>): void {
    const before = this.values;
    this.values = values;
    if (this.#wasOpened) this.changed(before);
  }

  override connectedCallback(): void {
    super.connectedCallback();
    if (this.#wasOpened) return;
    this.#wasOpened = true;
    this.opened();
  }

  protected override updated(): void {
    const words = this.words();
    if (words) this.host.say(words);
  }

  /** Called once. Open runs and ask for computations here. */
  protected opened(): void {}

  /** Called when settings changed, with those of before. */
  protected changed(_before: ValuesOf<T>): void {}

  /** The state at hand in a sentence or two, for those who do not see it. */
  protected words(): string {
    return '';
  }

  /** The control of a setting; nothing where a lecturer hides it. Its result stays visible. */
  protected control(key: keyof T & string): TemplateResult | typeof nothing {
    if (this.host.hidden.has(key)) return nothing;
    const setting = (this.constructor as unknown as { settings: Settings }).settings[key];
    const value = this.values[key] as Value;
    const set = (next: Value): void => this.set({ [key]: next } as Partial<ValuesOf<T>>);
    switch (setting.kind) {
      case 'number':
        return numberControl(key, setting, value as number, set);
      case 'choice':
        return choiceControl(key, setting, value as string, set);
      case 'flag':
        return flagControl(key, setting, value as boolean, set);
      case 'text':
        return textControl(key, setting, value as string, set);
    }
  }

  /** Controls in a row. */
  protected controls(...keys: readonly (keyof T & string)[]): TemplateResult | typeof nothing {
    if (keys.every((key) => this.host.hidden.has(key))) return nothing;
    return html`<div class="controls">${keys.map((key) => this.control(key))}</div>`;
  }

  /** Play, pause, one step, back to the start, and where the runs stand; nothing where `transport` is hidden. */
  protected transport(runs: readonly Run<unknown>[], { steps }: { readonly steps: number }) {
    if (this.host.hidden.has('transport')) return nothing;
    return transport(runs, { steps, pace: this.pace, choosePace: (pace) => this.#choosePace(pace) });
  }

  #choosePace(pace: number): void {
    this.pace = pace;
    for (const run of this.#runs) if (run.playing) void run.play(pace);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    for (const run of this.#runs) void run.pause();
  }
}
