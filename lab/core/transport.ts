/** The controls of runs: play and pause, one step, a slider through all steps, back to the start. */

import { html, type TemplateResult } from 'lit';
import { live } from 'lit/directives/live.js';
import type { Run } from './client.js';

/** How runs are played. */
export interface TransportOptions {
  readonly steps: number;
  /** Steps a second. */
  readonly pace: number;
  choosePace(pace: number): void;
}

/** Steps a second, and what the reader sees. */
const paces: readonly (readonly [number, string])[] = [
  [2, 'slow motion'],
  [20, '20 steps a second'],
  [100, '100 steps a second'],
  [Number.POSITIVE_INFINITY, 'as fast as it goes'],
];

/** Buttons and slider for runs that go side by side. */
export function transport(
  runs: readonly Run<unknown>[],
  { steps, pace, choosePace }: TransportOptions,
): TemplateResult {
  const playing = runs.some((run) => run.playing);
  const at = Math.max(0, ...runs.map((run) => run.at));
  const over = runs.length > 0 && runs.every((run) => run.ended !== null);
  const all = (act: (run: Run<unknown>) => Promise<void>) => (): void => {
    for (const run of runs) void act(run);
  };
  const play = all(async (run) => {
    if (over) await run.seek(0);
    if (run.ended === null) await run.play(pace);
  });
  const seek = (event: Event): void => {
    const to = Number((event.target as HTMLInputElement).value);
    for (const run of runs) void run.seek(to);
  };
  const errors = new Set(runs.flatMap(({ error }) => error ?? []));
  return html`${[...errors].map((error) => html`<p class="problem" role="alert">The run stopped: ${error}</p>`)}
  <div class="transport" role="group" aria-label="Run">
    <button type="button" class="primary" data-act="play" @click=${playing ? all((run) => run.pause()) : play}>
      ${playing ? 'Pause' : over ? 'Play again' : at > 0 ? 'Go on' : 'Play'}
    </button>
    <button type="button" data-act="step" ?disabled=${over} @click=${all((run) => run.step())}>One step</button>
    <button type="button" data-act="reset" ?disabled=${at === 0} @click=${all((run) => run.seek(0))}>To the start</button>
    <label class="pace"><span class="sr">Pace</span>
      <select data-act="pace" @change=${(event: Event) => choosePace(Number((event.target as HTMLSelectElement).value))}>
        ${paces.map(([value, words]) => html`<option value=${value} ?selected=${value === pace}>${words}</option>`)}
      </select>
    </label>
    <label class="position">
      <span>step <output>${at}</output> of ${steps}</span>
      <input type="range" min="0" max=${steps} step="1" .value=${live(String(at))} data-act="seek" @change=${seek}
        aria-label="Step" />
    </label>
  </div>`;
}
