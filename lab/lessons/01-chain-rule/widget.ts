/** A graph to go through step by step: forward, then backward, one operation at a time. */

import { html, nothing, type SVGTemplateResult, svg, type TemplateResult } from 'lit';
import { numberControl } from '../../core/controls.js';
import { exportButtons } from '../../core/export.js';
import { followWidth } from '../../core/follow-width.js';
import { number, text, type ValuesOf } from '../../core/settings.js';
import { Widget } from '../../core/widget.js';
import {
  checkExpression,
  checkValues,
  type Graph,
  inputsOf,
  parseExpression,
  parseValues,
} from './expression.js';
import { BOX, type Layout, type Line, layOut } from './layout.js';
import { formulaOf, gradientOf, numbersOf, ruleOf, shown } from './rules.js';
import type session from './session.js';
import type { Back, Part, Trace } from './session.js';
import { style } from './style.js';

const settings = {
  f: text({ label: 'Expression', default: 's = x*y + z; s * tanh(s)', check: checkExpression }),
  at: text({ label: 'Values of the variables', default: 'x=2,y=-1,z=1.5', check: checkValues }),
  k: number({ label: 'Step', default: 0, min: 0, max: 60, step: 1, whole: true }),
};

type Values = ValuesOf<typeof settings>;

/** Expressions to start from: name, expression, values. */
const EXAMPLES: readonly (readonly [string, string, string])[] = [
  ['a node that is used twice', settings.f.default, settings.at.default],
  ['a neuron and its error', 'y = tanh(w*x + b); (y - 1)^2', 'w=0.5,x=1,b=-1'],
  ['one weight, four times', 'a = w*x; b = w*a; c = w*b; w*c', 'w=1.5,x=1'],
  ['a switch', 'relu(x) - 2*relu(-x)', 'x=0.8'],
  ['x by itself', 'x*x', 'x=3'],
  ['a bell', 'exp(-x^2 / 2)', 'x=1'],
];

/** Between two steps that go by themselves, in ms. */
const PACE = 850;

/** Where the pass stands: what has a value, what is being done, what each node has collected. */
interface Standing {
  readonly phase: 'start' | 'forward' | 'seed' | 'backward';
  /** The operation of this step; null at the start. */
  readonly node: number | null;
  readonly back: Back | null;
  readonly hasValue: (place: number) => boolean;
  /** The last part that a node has got; null before the first. */
  readonly got: (place: number) => Part | null;
  /** The part that has gone along a line; null before. */
  readonly passed: (line: Line) => Part | null;
}

/** Lesson 1. */
export default class ChainRule extends Widget<typeof session, typeof settings> {
  static override settings = settings;
  static override properties = { width: { state: true }, playing: { state: true } };
  declare width: number;
  declare playing: boolean;
  #graph: Graph = parseExpression(settings.f.default);
  #trace: Trace | null = null;
  /** By variable, the difference quotient. */
  #slopes: Readonly<Record<string, number>> = {};
  #timer: ReturnType<typeof setTimeout> | undefined;

  constructor() {
    super();
    this.width = 800;
    followWidth(this, Math.floor);
    this.playing = false;
  }

  override disconnectedCallback(): void {
    super.disconnectedCallback();
    clearTimeout(this.#timer);
  }

  protected override opened(): void {
    this.#graph = parseExpression(this.values.f);
    void this.#compute(this.values.k === 0 && !this.host.still);
  }

  protected override changed(before: Values): void {
    if (this.values.f !== before.f) {
      this.#graph = parseExpression(this.values.f);
      // Its numbers belong to the graph of before.
      this.#trace = null;
    }
    if (this.values.f !== before.f || this.values.at !== before.at) void this.#compute(false);
  }

  get #at(): Readonly<Record<string, number>> {
    const given = parseValues(this.values.at);
    return Object.fromEntries(inputsOf(this.#graph).map((name) => [name, given.get(name) ?? 1]));
  }

  async #compute(play: boolean): Promise<void> {
    const { f, at } = this.values;
    const asked = { f, at: this.#at };
    const [trace, slopes] = await Promise.all([
      this.ask('trace', asked),
      Promise.all(
        Object.keys(asked.at).map(async (by) => [
          by,
          (await this.ask('slope', { ...asked, by })) ?? Number.NaN,
        ]),
      ),
    ]);
    if (f !== this.values.f || at !== this.values.at) return;
    this.#trace = trace;
    this.#slopes = Object.fromEntries(slopes);
    this.requestUpdate();
    if (play) this.#play(this.#forward.length);
  }

  /** Places of the operations, in the order in which they are computed. */
  get #forward(): readonly number[] {
    return [...this.#graph.keys()].filter((place) => this.#graph[place].kind !== null);
  }

  get #steps(): number {
    return 2 * this.#forward.length + 1;
  }

  get #step(): number {
    return Math.min(this.values.k, this.#steps);
  }

  #go(to: number): void {
    this.#stop();
    this.set({ k: Math.max(0, Math.min(this.#steps, to)) });
  }

  /** Goes on by itself, to a step. */
  #play(until: number): void {
    this.playing = true;
    this.#timer = setTimeout(() => {
      if (!this.isConnected) return;
      const next = this.#step + 1;
      this.set({ k: next });
      if (next < until) this.#play(until);
      else this.playing = false;
    }, PACE);
  }

  #stop(): void {
    clearTimeout(this.#timer);
    this.playing = false;
  }

  readonly #key = (event: KeyboardEvent): void => {
    const to = {
      ArrowRight: this.#step + 1,
      ArrowDown: this.#step + 1,
      ' ': this.#step + 1,
      ArrowLeft: this.#step - 1,
      ArrowUp: this.#step - 1,
      Home: 0,
      End: this.#steps,
    }[event.key];
    if (to === undefined || event.altKey || event.ctrlKey || event.metaKey) return;
    event.preventDefault();
    this.#go(to);
  };

  get #standing(): Standing {
    const forward = this.#forward;
    const step = this.#step;
    const done = this.#trace?.back.slice(0, Math.max(0, step - forward.length - 1)) ?? [];
    const seeded = step > forward.length;
    const last = this.#graph.length - 1;
    const back = done.at(-1) ?? null;
    const phase = step === 0 ? 'start' : step <= forward.length ? 'forward' : back ? 'backward' : 'seed';
    const parts = done.flatMap((entry) => entry.parts);
    const seed: Part = { to: last, local: 1, part: 1, before: 0, after: 1, count: 1, of: 1 };
    return {
      phase,
      node: phase === 'forward' ? forward[step - 1] : phase === 'seed' ? last : (back?.node ?? null),
      back,
      hasValue: (place) =>
        this.#trace !== null && (this.#graph[place].kind === null || forward.indexOf(place) < step),
      got: (place) => (place === last && seeded ? seed : (parts.findLast(({ to }) => to === place) ?? null)),
      passed: ({ from, to, input }) => {
        const found = done.find(({ node }) => node === to);
        const earlier = this.#graph[to].reads.slice(0, input).filter((read) => 'node' in read).length;
        return found?.parts.filter((_, k) => k === earlier && found.parts[k].to === from)[0] ?? null;
      },
    };
  }

  protected override render(): TemplateResult {
    const standing = this.#standing;
    return html`${style}
      ${this.#given()}
      <figure class="graph">
        <div class="graph-frame" tabindex="0" role="group" aria-label="The graph. Arrow keys go on and back by one operation." @keydown=${this.#key}>
          ${this.#draw(standing)}
        </div>
        ${this.#rule(standing)}
        ${this.#transport(standing)}
        ${exportButtons(this, 'Graph', () => this.#csv(standing))}
      </figure>
      ${this.#inputs()}
      ${this.#table(standing)}
    `;
  }

  #given(): TemplateResult | typeof nothing {
    if (this.host.hidden.has('f')) return nothing;
    const choose = (event: Event): void => {
      const [, f, at] = EXAMPLES[Number((event.target as HTMLSelectElement).value)];
      this.#stop();
      this.set({ f, at, k: 0 });
    };
    const chosen = EXAMPLES.findIndex(([, f]) => f === this.values.f);
    return html`<div class="controls given-graph">
      ${this.control('f')}
      <div class="control"><label for="c-example">or take</label>
        <select id="c-example" data-act="example" @change=${choose}>
          ${chosen < 0 ? html`<option value="-1" selected disabled>your own</option>` : nothing}
          ${EXAMPLES.map(([name], k) => html`<option value=${k} ?selected=${k === chosen}>${name}</option>`)}
        </select></div>
    </div>`;
  }

  #inputs(): TemplateResult | typeof nothing {
    if (this.host.hidden.has('at')) return nothing;
    const at = this.#at;
    const set = (name: string) => (value: number) => {
      this.#stop();
      this.set({
        at: Object.entries({ ...at, [name]: value })
          .map(([key, entry]) => `${key}=${entry}`)
          .join(','),
      });
    };
    return html`<div class="controls">${Object.entries(at).map(([name, value]) =>
      numberControl(
        name,
        { kind: 'number', label: `Value of ${name}`, default: 1, min: -5, max: 5, step: 0.1 },
        value,
        set(name),
      ),
    )}</div>`;
  }

  #draw(standing: Standing): TemplateResult {
    const layout = layOut(this.#graph, this.width);
    const { width, height } = layout;
    return html`<svg viewBox="0 0 ${width} ${height}" width=${width} height=${height} role="img" aria-label="Graph of ${this.values.f}. ${this.words()}">
      <defs>${['forward', 'backward'].map(
        (way) =>
          svg`<marker id="tip-${way}" class="tip ${way}" viewBox="0 0 8 8" refX="7" refY="4" markerWidth="8" markerHeight="8" markerUnits="userSpaceOnUse" orient="auto-start-reverse"><path d="M0 0L8 4L0 8Z" /></marker>`,
      )}</defs>
      ${layout.lines.map((line) => this.#line(line, standing))}
      ${layout.lines.map((line) => this.#label(line, standing))}
      ${this.#graph.map((_, place) => this.#box(place, layout, standing))}
    </svg>`;
  }

  #line(line: Line, { node, phase, passed }: Standing): SVGTemplateResult {
    const now = line.to === node && phase !== 'seed';
    const back = passed(line) !== null;
    return svg`<path class="edge ${now ? 'now' : ''} ${back ? 'back' : ''}" d=${line.path}
      marker-end=${back ? nothing : 'url(#tip-forward)'} marker-start=${back ? 'url(#tip-backward)' : nothing} />`;
  }

  #label(line: Line, { passed }: Standing): SVGTemplateResult | typeof nothing {
    const part = passed(line);
    if (!part) return nothing;
    return svg`<text class="part" x=${line.label.x} y=${line.label.y} dy="0.32em" text-anchor="middle">${shown(part.part, 3)}</text>`;
  }

  #box(place: number, { places }: Layout, standing: Standing): SVGTemplateResult {
    const node = this.#graph[place];
    const { x, y } = places[place];
    const has = standing.hasValue(place);
    const part = standing.got(place);
    const now = standing.node === place;
    const collecting = part !== null && part.count < part.of;
    const [left, top] = [x - BOX.width / 2, y - BOX.height / 2];
    const title = node.kind === null ? node.name : `${node.name} = ${formulaOf(this.#graph, node)}`;
    const gradient = part === null ? '' : shown(part.after);
    const states = ['node', now && 'now', !has && 'waiting', part && 'collected', collecting && 'collecting'];
    return svg`<g class=${states.filter(Boolean).join(' ')} data-node=${node.name} data-value=${has ? shown(this.#trace!.values[place]) : ''}
        data-gradient=${gradient} @click=${() => this.#goTo(place)}>
      <rect x=${left} y=${top} width=${BOX.width} height=${BOX.height} rx="7" />
      <text class="title" x=${x} y=${top + 18} text-anchor="middle">${title.length > 17 ? `${title.slice(0, 16)}…` : title}</text>
      <text class="value" x=${left + 9} y=${top + 39}>value</text>
      <text class="value number" x=${left + BOX.width - 9} y=${top + 39} text-anchor="end">${has ? shown(this.#trace!.values[place]) : '·'}</text>
      <text class="gradient" x=${left + 9} y=${top + 59}>grad</text>
      <text class="gradient number" x=${left + BOX.width - 9} y=${top + 59} text-anchor="end">${gradient || '·'}</text>
      ${part && part.of > 1 ? svg`<g class="sum"><rect x=${left + BOX.width - 44} y=${top - 11} width="52" height="19" rx="9.5" /><text x=${left + BOX.width - 18} y=${top + 3} text-anchor="middle">+= ${part.count}/${part.of}</text></g>` : nothing}
    </g>`;
  }

  /** To the step at which a node is computed, or, on the way back, at which it hands its gradient on. */
  #goTo(place: number): void {
    const forward = this.#forward;
    if (this.#step <= forward.length) this.#go(forward.indexOf(place) + 1);
    else {
      const at = this.#trace?.back.findIndex(({ node }) => node === place) ?? -1;
      this.#go(at < 0 ? this.#steps : forward.length + 2 + at);
    }
  }

  #transport({ phase }: Standing): TemplateResult | typeof nothing {
    if (this.host.hidden.has('transport')) return nothing;
    const [step, steps, turn] = [this.#step, this.#steps, this.#forward.length];
    const over = step === steps;
    const play = (): void => {
      if (this.playing) this.#stop();
      else {
        if (over) this.set({ k: 0 });
        this.#play(steps);
      }
    };
    return html`<div class="transport" role="group" aria-label="Step by step">
      <button type="button" class="primary" data-act="next" ?disabled=${over} @click=${() => this.#go(step + 1)}>
        ${phase === 'forward' && step === turn ? 'Start backward' : step > turn ? 'Next op back' : 'Next op'}
      </button>
      <button type="button" data-act="back" ?disabled=${step === 0} @click=${() => this.#go(step - 1)}>One step back</button>
      <button type="button" data-act="play" @click=${play}>${this.playing ? 'Pause' : over ? 'Play again' : 'Play'}</button>
      <label class="position"><span>step <output>${step}</output> of ${steps}</span>
        <input type="range" min="0" max=${steps} step="1" .value=${String(step)} data-act="seek" aria-label="Step"
          aria-valuetext="${step} of ${steps}, ${phase}" @input=${(event: Event) => this.#go(Number((event.target as HTMLInputElement).value))} />
      </label>
    </div>`;
  }

  #rule({ phase, node, back }: Standing): TemplateResult {
    const trace = this.#trace;
    const graph = this.#graph;
    const title = (words: string, what: unknown) =>
      html`<p class="rule-title"><span class="phase ${phase}">${words}</span> ${what}</p>`;
    if (!trace || node === null)
      return html`<div class="rule">${title('Start', 'The variables have their values. Everything else is computed from them.')}</div>`;
    const { name } = graph[node];
    const is = formulaOf(graph, graph[node]);
    if (phase === 'forward')
      return html`<div class="rule">${title('Forward', html`<b>${name} = ${is}</b>`)}
        <p class="rule-line">${name} = ${numbersOf(graph[node], trace.values)} = <b>${shown(trace.values[node])}</b></p></div>`;
    if (phase === 'seed')
      return html`<div class="rule">${title('Backward', html`it starts at the result, with <b>${gradientOf(graph, node)} = 1</b>`)}
        <p class="rule-line quiet">If ${name} changes by a little, ${name} changes by as much.</p></div>`;
    const inputs = graph[node].reads.flatMap((read, input) => ('node' in read ? [input] : []));
    return html`<div class="rule">${title('Backward', html`through <b>${name} = ${is}</b>`)}
      ${back!.parts.map((part, k) => this.#part(part, ruleOf(graph, trace, node, inputs[k])))}</div>`;
  }

  #part(
    part: Part,
    { letters, numbers }: { readonly letters: string; readonly numbers: string },
  ): TemplateResult {
    const gradient = gradientOf(this.#graph, part.to);
    const sums = part.count > 1;
    const plain = numbers === shown(part.part);
    return html`<p class="rule-line">
      <span class="letters">${gradient} <b class="plus">+=</b> ${letters}</span>
      <span class="numbers">= ${plain ? nothing : html`${numbers} = `}<b>${shown(part.part)}</b></span>
      ${
        part.of > 1
          ? html`<span class="total" data-total=${this.#graph[part.to].name}>${
              sums
                ? html`${shown(part.before)} + ${part.part < 0 ? `(${shown(part.part)})` : shown(part.part)} = <b>${shown(part.after)}</b>`
                : html`<b>${shown(part.after)}</b>`
            }, ${part.count < part.of ? `part ${part.count} of ${part.of}: more will come` : part.of === 2 ? 'both parts are there' : `all ${part.of} parts are there`}</span>`
          : nothing
      }
    </p>`;
  }

  #table({ got }: Standing): TemplateResult {
    const at = this.#at;
    return html`<div class="scroll"><table class="facts">
      <thead><tr><td>Variable</td><th scope="col">value</th><th scope="col">gradient</th><th scope="col">difference quotient</th></tr></thead>
      <tbody>${Object.entries(at).map(([name, value]) => {
        const part = got(this.#graph.findIndex((node) => node.name === name));
        const complete = part !== null && part.count === part.of;
        return html`<tr><th scope="row">${name}</th><td>${shown(value)}</td>
          <td data-fact="gradient-${name}">${complete ? shown(part.after) : '·'}</td>
          <td data-fact="slope-${name}">${complete ? shown(this.#slopes[name]) : '·'}</td></tr>`;
      })}</tbody>
    </table></div>
    <p class="quiet">The difference quotient nudges the variable by 0.00001 up and down and computes everything again: two passes for each variable. Backward gives all gradients in one.</p>`;
  }

  protected override words(): string {
    const { phase, node, back } = this.#standing;
    const trace = this.#trace;
    if (!trace) return '';
    const graph = this.#graph;
    if (node === null) return `Step 0 of ${this.#steps}. The variables have their values.`;
    const { name } = graph[node];
    const step = `Step ${this.#step} of ${this.#steps}`;
    if (phase === 'forward')
      return `${step}, forward: ${name} = ${formulaOf(graph, graph[node])} = ${shown(trace.values[node])}.`;
    if (phase === 'seed') return `${step}, backward starts: the gradient of ${name} is 1.`;
    const parts = back!.parts.map((part) => {
      const to = graph[part.to].name;
      if (part.of === 1) return `the gradient of ${to} is ${shown(part.after)}`;
      return part.count === 1
        ? `${to} gets ${shown(part.part)}, part 1 of ${part.of}`
        : `${to} gets ${shown(part.part)} more, part ${part.count} of ${part.of}, together ${shown(part.after)}`;
    });
    return `${step}, backward through ${name} = ${formulaOf(graph, graph[node])}: ${parts.join('; ')}.`;
  }

  #csv({ hasValue, got }: Standing): string {
    const rows = this.#graph.map((node, place) =>
      [
        node.name,
        `"${formulaOf(this.#graph, node)}"`,
        hasValue(place) ? this.#trace!.values[place] : '',
        got(place)?.after ?? '',
      ].join(','),
    );
    return ['node,formula,value,gradient', ...rows].join('\n');
  }
}
