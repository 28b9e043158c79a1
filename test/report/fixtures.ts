/** Made-up but realistic runs for the tests of reports and terminal views: no training, same numbers always. */

import type { HeatFigure, LineFigure, ReportPage, RunView } from '../../src/report/index.js';
import type { StepRecord } from '../../src/train/record.js';

/** A small linear congruential generator: tests must not depend on the engine's own random numbers. */
export function noise(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 2 ** 32;
  };
}

export const PARAMETERS = ['rnn.weightIh', 'rnn.weightHh', 'rnn.bias', 'head.weight', 'head.bias'] as const;

function record(
  step: number,
  loss: number,
  norm: number,
  threshold: number | null,
  jitter: number,
): StepRecord {
  const clipped = threshold !== null && norm > threshold;
  const shares = [0.04, 0.98, 0.06, 0.17 * jitter, 0.05 * jitter];
  return {
    step,
    loss,
    normBefore: norm,
    normAfter: clipped ? threshold : norm,
    scale: clipped ? threshold / norm : 1,
    clipped,
    norms: Object.fromEntries(PARAMETERS.map((name, k) => [name, norm * shares[k]])),
    lr: 0.1,
    skipped: null,
  };
}

/** Unclipped: the loss grows by about a decade a step and is NaN at step 35. */
export function explodingRun(label = 'none'): RunView {
  const random = noise(7);
  const records: StepRecord[] = [];
  for (let step = 0; step <= 35; step += 1) {
    const grown = step < 3 ? 1 + step : 4 * 6.4 ** (step - 3) * (0.7 + 0.6 * random());
    const loss = step === 35 ? Number.NaN : grown;
    const norm = step === 0 ? 44 : step === 35 ? Number.NaN : 8 * Math.sqrt(grown);
    records.push(record(step, loss, norm, null, 1 + random()));
  }
  return {
    label,
    threshold: null,
    records,
    divergence: { step: 35, what: 'gradient', names: ['head.weight', 'head.bias'], largest: 'head.weight' },
    facts: { 'final loss': Number.NaN, 'largest norm': 3.1e12, 'clipped steps': '0 %', 'time (s)': 0.31 },
  };
}

/** Clipped: the loss falls from 1 to about 0.01, the norm before clipping reaches 44. */
export function clippedRun(label = 'norm:1', threshold = 1, steps = 300, seed = 3): RunView {
  const random = noise(seed);
  const records = Array.from({ length: steps }, (_, step) => {
    const progress = step / Math.max(1, steps - 1);
    const loss = 0.01 ** progress * (0.8 + 0.4 * random());
    const spike = random() < 0.03 ? 8 : 1;
    const norm = step === 0 ? 44 : (12 * 0.012 ** progress + 0.1) * (0.5 + random()) * spike;
    return record(step, loss, Math.min(norm, 44), threshold, 1 + random());
  });
  const share = records.filter((entry) => entry.clipped).length / steps;
  return {
    label,
    threshold,
    records,
    divergence: null,
    facts: {
      'final loss': records.at(-1)?.loss ?? Number.NaN,
      'largest norm': 44,
      'clipped steps': `${Math.round(share * 100)} %`,
      'time (s)': 2.6,
    },
  };
}

/** ‖∂L/∂h_t‖ over t for three radii, with ρᵗ drawn in. */
export function gradientThroughTime(): LineFigure {
  const steps = Array.from({ length: 50 }, (_, t) => t + 1);
  const radii = [0.7, 1, 1.2];
  const random = noise(11);
  const law = (rho: number) => steps.map((t) => 0.02 * rho ** (50 - t));
  return {
    kind: 'lines',
    title: 'The gradient on its way back through time',
    caption: 'At step 0, before any update; the dashed curves are `ρ^(T−t)`, scaled to the last state.',
    x: { label: 'time step t' },
    y: { label: '‖∂L/∂h_t‖', unit: 'loss per unit of state' },
    series: radii.flatMap((rho, style) => [
      { label: `ρ = ${rho}`, style, x: steps, y: law(rho).map((value) => value * (0.75 + 0.3 * random())) },
      { label: `ρ = ${rho}, law`, style, x: steps, y: law(rho), reference: true },
    ]),
  };
}

/** The surface takes a third of a second, so it is computed once. */
let cliff: HeatFigure | null = null;

/** An error surface with a cliff, and two descents: one jumps off the map, one follows the edge. */
export function cliffMap(): HeatFigure {
  const [columns, rows] = [401, 401];
  if (cliff) return cliff;
  const [w, b] = [[4.5, 7] as const, [-3.5, -1.5] as const];
  const values = new Float64Array(columns * rows);
  for (let row = 0; row < rows; row += 1) {
    for (let column = 0; column < columns; column += 1) {
      const weight = w[0] + ((w[1] - w[0]) * column) / (columns - 1);
      const bias = b[0] + ((b[1] - b[0]) * row) / (rows - 1);
      let state = 0.5;
      for (let t = 0; t < 50; t += 1) state = weight / (1 + Math.exp(-state)) + bias;
      values[row * columns + column] = (1 / (1 + Math.exp(-state)) - 0.7) ** 2 + 1e-7;
    }
  }
  const t = Array.from({ length: 200 }, (_, k) => k / 199);
  cliff = {
    kind: 'heat',
    title: 'The error surface and two descents on it',
    caption: 'Error after 50 steps of one recurrent unit, over its weight and its bias.',
    x: { label: 'weight w', range: w },
    y: { label: 'bias b', range: b },
    z: { label: 'error E₅₀' },
    columns,
    rows,
    values,
    paths: [
      {
        label: 'none',
        x: [5, 5.02, 5.05, 12, 12.1],
        y: [-2.3, -2.25, -2.4, 3, 3.1],
        ends: 'left the map at step 3',
      },
      {
        label: 'norm:1',
        x: t.map((k) => 5 + 1.2 * k),
        y: t.map((k) => -2.3 - 0.7 * k + 0.03 * Math.sin(40 * k)),
      },
    ],
  };
  return cliff;
}

/** A page with everything on it. */
export function samplePage(runs: readonly RunView[] = [explodingRun(), clippedRun()]): ReportPage {
  return {
    title: 'One sign, fifty steps of noise',
    lead: 'The same tanh network is trained twice on the same data from the same start. The only difference stands between backward and the step: `none` leaves the gradients as they are, `norm:1` scales them down to norm 1 where they exceed it.',
    verdict:
      'Without clipping the run diverged at step 35; clipped at norm 1 it reached a loss of 0.011 after 300 steps.',
    runs,
    sections: [
      {
        heading: 'Where the first gradient comes from',
        paragraphs: [
          'Nearly all of the first norm of 44 belongs to `rnn.weightHh`: going back through 50 steps multiplies the gradient by ρ each time.',
        ],
        figures: [
          gradientThroughTime(),
          {
            kind: 'bars',
            title: 'Norm of each parameter at step 0',
            caption: 'The recurrent weight holds nearly all of it.',
            x: { label: 'gradient norm' },
            bars: [
              { label: 'rnn.weightHh', value: 43.8 },
              { label: 'rnn.weightIh', value: 1.9 },
              { label: 'head.weight', value: 0.42 },
              { label: 'rnn.bias', value: Number.NaN },
            ],
          },
        ],
      },
      { heading: 'A cliff', paragraphs: ['The wall is where the state tips over.'], figures: [cliffMap()] },
    ],
    settings: {
      demo: 'latch',
      seed: 1,
      steps: 300,
      'learning rate': 0.1,
      'batch size': 32,
      hidden: 32,
      ρ: 1.2,
      backend: 'reference',
      'norm device': 'webasm',
      wallMs: 2913.42,
    },
    commands: {
      'In a checkout:': 'npm run demo -- latch --seed 1 --steps 300 --clip none --clip norm:1',
      'Installed:': 'npx tamegrad demo latch --seed 1 --steps 300 --clip none --clip norm:1',
    },
    lossUnit: 'mean squared error',
  };
}
