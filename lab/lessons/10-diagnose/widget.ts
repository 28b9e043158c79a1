/** Four runs to tell apart, what `diagnose` says of them, and a log of the reader's own. */

import { html, nothing, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import { formatNumber, formatPercent } from '../../../src/report/index.js';
import type { ChartFigure } from '../../core/chart.js';
import { number, text, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import type { Course, Line } from './course.js';
import { FAULTS, type Fault, RUNS } from './faults.js';
import type session from './session.js';
import type { Blind, OwnLog } from './session.js';
import { style } from './style.js';

const NONE = Array.from({ length: RUNS }, () => '-').join();

const settings = {
  seed: number({ label: 'Seed of the four runs', default: 1, min: 1, max: 9999, step: 1, whole: true }),
  named: text({
    label: 'What was named',
    default: NONE,
    check: (given) => {
      const named = given.split(',');
      const fits = named.length === RUNS && named.every((each) => each === '-' || each in FAULTS);
      return fits ? null : `must have ${RUNS} of ${Object.keys(FAULTS).join(', ')} or -, between commas`;
    },
  }),
};

type Verdicts = Blind['verdicts'];

const SETTLE = 200;

/** Lesson 10. */
export default class Diagnose extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  #runs: readonly Blind[] = [];
  /** What is ticked and not yet compared. */
  #ticked: readonly (Fault | null)[] = [];
  #files: readonly File[] = [];
  #asked = { loss: '', norm: '' };
  #own: OwnLog | null = null;
  #reading = false;
  #timer: ReturnType<typeof setTimeout> | undefined;

  override connectedCallback(): void {
    super.connectedCallback();
    // A file that misses its place would otherwise be opened instead of the page.
    addEventListener('dragover', this.#over);
    addEventListener('drop', this.#drop);
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    removeEventListener('dragover', this.#over);
    removeEventListener('drop', this.#drop);
  }

  protected override opened(): void {
    void this.#make();
  }

  protected override changed({ seed }: ValuesOf<typeof settings>): void {
    if (seed === this.values.seed) return;
    if (this.values.named !== NONE) this.set({ named: NONE });
    clearTimeout(this.#timer);
    this.#timer = setTimeout(() => void this.#make(), SETTLE);
  }

  get #named(): readonly (Fault | null)[] {
    return this.values.named.split(',').map((each) => (each === '-' ? null : (each as Fault)));
  }

  async #make(): Promise<void> {
    const { seed } = this.values;
    const runs = await this.ask('blind', { seed });
    if (seed !== this.values.seed) return;
    this.#runs = runs ?? [];
    this.#ticked = this.#runs.map(() => null);
    this.requestUpdate();
  }

  #tick(place: number, fault: Fault): void {
    this.#ticked = this.#ticked.map((each, k) => (k === place ? fault : each));
    this.requestUpdate();
  }

  #compare(place: number): void {
    this.set({ named: this.#named.map((each, k) => (k === place ? this.#ticked[k] : each) ?? '-').join() });
    void this.updateComplete.then(() => this.querySelectorAll<HTMLElement>('.run')[place].focus());
  }

  readonly #over = (event: DragEvent): void => {
    if (event.dataTransfer?.types.includes('Files')) event.preventDefault();
  };

  readonly #drop = (event: DragEvent): void => {
    const files = [...(event.dataTransfer?.files ?? [])];
    if (files.length === 0) return;
    event.preventDefault();
    void this.#read(files);
  };

  async #read(files: readonly File[], asked = { loss: '', norm: '' }): Promise<void> {
    if (files.length === 0) return;
    this.#files = files;
    this.#asked = asked;
    this.#reading = true;
    this.requestUpdate();
    const given = files.map((file) => ({ name: file.name, blob: file.slice() }));
    const own = await this.ask('read', { files: given, ...asked });
    if (files !== this.#files) return;
    this.#own = own;
    this.#reading = false;
    this.requestUpdate();
    await this.updateComplete;
    this.querySelector<HTMLElement>('.own-result')?.focus();
  }

  protected override render(): TemplateResult {
    const named = this.#named;
    return html`${style}
      <div class="runs">${this.#runs.map((run, place) => this.#run(run, place, named[place]))}</div>
      ${this.#score()}
      <div class="seeds">${this.controls('seed')}
        ${this.host.hidden.has('seed') ? nothing : html`<button type="button" data-act="more" @click=${() => this.set({ seed: (this.values.seed % 9999) + 1 })}>Four other runs</button>`}</div>
      ${this.#ownLog()}
    `;
  }

  #run(run: Blind, place: number, named: Fault | null): TemplateResult {
    const name = nameOf(place);
    return html`<div class="run" role="group" aria-label=${name} tabindex="-1" data-run=${place}>
      <h2>${name}</h2>
      <lab-chart height="210" .figure=${figureOf(name, run.course, run.threshold === null ? null : { label: 'clipped at', y: run.threshold })}></lab-chart>
      ${peaksOf(run.course)}
      ${named === null ? this.#question(name, place) : answerOf(run, named)}
    </div>`;
  }

  #question(name: string, place: number): TemplateResult {
    const ticked = this.#ticked[place];
    return html`<fieldset class="control choice"><legend>What is wrong with ${name}?</legend>
        <span class="answers">${(Object.entries(FAULTS) as [Fault, string][]).map(
          ([fault, words]) => html`<label><input
            type="radio" name="fault-${place}" value=${fault} .checked=${live(ticked === fault)} @change=${() => this.#tick(place, fault)}
          /> ${words}</label>`,
        )}</span>
      </fieldset>
      <button type="button" class=${ticked === null ? '' : 'primary'} data-act="compare" ?disabled=${ticked === null} @click=${() => this.#compare(place)}>Compare with diagnose</button>`;
  }

  #score(): TemplateResult {
    const { named, mine, its } = this.#counts();
    return html`<p class="score" data-fact="score">${
      named === 0
        ? 'Each run has another fault, and one of the five is missing. Name what you see, then let diagnose look at the same numbers.'
        : `Of ${named} of ${RUNS} runs compared, you named ${mine}, diagnose ${its}.`
    }</p>`;
  }

  #counts() {
    const compared = this.#runs.flatMap((run, k) =>
      this.#named[k] === null ? [] : [{ run, named: this.#named[k] }],
    );
    return {
      named: compared.length,
      mine: compared.filter(({ run, named }) => run.fault === named).length,
      its: compared.filter(({ run }) => run.verdicts[0].cause === run.fault).length,
    };
  }

  #ownLog(): TemplateResult {
    const choose = (event: Event): void => {
      const field = event.target as HTMLInputElement;
      void this.#read([...(field.files ?? [])]);
      field.value = '';
    };
    return html`<div class="own" role="group" aria-label="A log of your own">
      <h2>A log of your own</h2>
      <p class="drop">Drop a log here, or <label class="link file">choose a file<input type="file" multiple data-act="log" @change=${choose} /></label>.
        CSV, JSON, console text or TensorBoard events, plain or gzipped. It is read in this page and sent nowhere.</p>
      ${this.#reading ? html`<p class="quiet">Reading ${this.#files.map(({ name }) => name).join(', ')} …</p>` : this.#ownResult()}
    </div>`;
  }

  #ownResult(): TemplateResult | typeof nothing {
    const own = this.#own;
    if (own === null) return nothing;
    const column = (role: 'loss' | 'norm', label: string): TemplateResult => {
      const found = 'error' in own ? '' : (own.columns[role] ?? '');
      const set = (event: Event): void => {
        const value = (event.target as HTMLInputElement).value.trim();
        void this.#read(this.#files, { ...this.#asked, [role]: value });
      };
      return html`<div class="control"><label for="own-${role}">${label}</label>
        <input id="own-${role}" type="text" spellcheck="false" autocomplete="off" .value=${live(this.#asked[role] || found)} @change=${set} /></div>`;
    };
    return html`<div class="own-result" tabindex="-1" role="group" aria-label="What the log says">
      ${
        'error' in own
          ? html`<p class="problem" data-own="error">${own.error}</p>`
          : html`<p class="quiet" data-own="form">${own.form} of ${own.runs.reduce((rows, { course }) => rows + course.rows, 0)} rows. ${own.notes.join(' ')}</p>
            ${own.runs.map(
              (run, k) => html`<div class="own-run" data-own-run=${k}>
                ${own.runs.length > 1 ? html`<h3>${run.label || `Run ${k + 1}`}</h3>` : nothing}
                <lab-chart height="240" .figure=${figureOf(run.label || 'Your run', run.course, run.threshold === null ? null : { label: 'clip at', y: run.threshold })}></lab-chart>
                ${verdictsOf(run.verdicts)}
                ${run.advice.map((words) => html`<p class="advice">${words}</p>`)}
              </div>`,
            )}
            ${own.more > 0 ? html`<p class="quiet">${own.more} more runs: \`tamegrad advise\` tells of all.</p>` : nothing}`
      }
      <div class="controls">${column('loss', 'Column of the loss')}${column('norm', 'Column of the gradient norm')}</div>
    </div>`;
  }

  protected override words(): string {
    if (this.#runs.length === 0) return '';
    const { named, mine, its } = this.#counts();
    const own = this.#own;
    if (this.#reading) return 'Reading the log.';
    if (own && 'error' in own) return own.error;
    if (own)
      return own.runs
        .map(({ verdicts }) => `Your log: ${headlineOf(verdicts)}. ${verdicts[0].seen}`)
        .join(' ');
    if (named === 0)
      return `Four runs. ${this.#runs.map(({ course }, k) => `${nameOf(k)}: ${courseWords(course)}`).join(' ')}`;
    return `${named} of ${RUNS} compared. You named ${mine}, diagnose ${its}.`;
  }
}

function nameOf(place: number): string {
  return `Run ${'ABCD'[place]}`;
}

function figureOf(
  name: string,
  { loss, norm, broke, broken }: Course,
  level: { readonly label: string; readonly y: number } | null,
): ChartFigure {
  return {
    title: `${name}, loss and gradient norm`,
    x: { label: 'step' },
    y: { label: '', scale: 'log' },
    series: [
      { label: 'loss', style: 0, ...loss },
      { label: 'gradient norm', style: 1, ...norm },
    ].filter(({ y }) => y.some((value) => !Number.isNaN(value))),
    levels: level ? [{ label: `${level.label} ${formatNumber(level.y)}`, y: level.y }] : [],
    // At the right end the letters would lie on the lines, and the words below say it.
    marks:
      broke === null
        ? []
        : [{ label: broke < 0.8 * loss.x[loss.x.length - 1] ? 'not finite' : '', x: broke }],
    summary: courseWords({ loss, norm, broke, broken }),
  };
}

/** What is to be seen of a run, without what it means. */
function courseWords({
  loss,
  norm,
  broke,
  broken,
}: Pick<Course, 'loss' | 'norm' | 'broke' | 'broken'>): string {
  const said = (label: string, { y, usual }: Line): string => {
    const known = y.filter((value) => !Number.isNaN(value));
    if (known.length === 0) return `The log has no ${label}.`;
    const highest = known.reduce((most, value) => Math.max(most, value), -Infinity);
    return `The ${label} goes from ${formatNumber(known[0])} to ${formatNumber(known[known.length - 1])}; usually it is ${formatNumber(usual)}, at most ${formatNumber(highest)}.`;
  };
  const gap =
    broke === null
      ? ''
      : broken === 1
        ? ` At step ${broke} a number is not finite.`
        : ` ${broken} steps are not finite, the first is step ${broke}.`;
  return `${said('loss', loss)} ${said('norm', norm)}${gap}`;
}

function peaksOf({ peaks }: Course): TemplateResult | typeof nothing {
  if (peaks.length === 0) return nothing;
  return html`<p class="quiet">Largest norms: ${peaks.map(({ step, norm, batch }) => `${formatNumber(norm)} at step ${step}${batch === null ? '' : ` (batch ${batch})`}`).join(', ')}.</p>`;
}

function headlineOf([{ cause, confidence }]: Verdicts): string {
  const words = cause in FAULTS ? FAULTS[cause as Fault] : OTHERS[cause];
  return cause === 'unknown' ? words : `${words}, ${formatPercent(confidence)} sure`;
}

/** Verdicts that are no fault of the five. */
const OTHERS: Readonly<Record<string, string>> = {
  threshold: 'the threshold replaces the learning rate',
  insurance: 'clipping is an insurance here',
  unknown: 'the log does not tell',
};

function verdictsOf(verdicts: Verdicts): TemplateResult {
  const [{ seen, means, next }, ...others] = verdicts;
  return html`<p class="verdict"><strong>diagnose: ${headlineOf(verdicts)}.</strong> ${seen} ${means}</p>
    <p class="verdict">Next: ${next}</p>
    ${others.map((other) => html`<p class="quiet">Also: ${headlineOf([other])}. ${other.seen}</p>`)}`;
}

function answerOf({ fault, how, verdicts }: Blind, named: Fault): TemplateResult {
  const right = named === fault;
  return html`<div class="answer" data-answer=${String(right)}>
    <p class=${right ? 'ok' : 'bad'}><strong>${right ? 'Right' : 'Not quite'}: ${FAULTS[fault]}.</strong> ${right ? '' : `You said: ${FAULTS[named]}.`}</p>
    <p>${how}</p>
    ${verdictsOf(verdicts)}
  </div>`;
}
