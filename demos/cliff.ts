/**
 * The cliff: one recurrent unit whose error, seen over its two parameters, has a wall in it (Pascanu, Mikolov &
 * Bengio 2013, Fig. 6). Small enough to draw whole: the surface, and both descents on it. No data, no random
 * numbers, and float64 throughout, because near the wall one bit of float32 is a different descent.
 */

import {
  mul,
  noGrad,
  type Operand,
  Parameter,
  sigmoid,
  Tensor,
  type TensorOptions,
  tensor,
  type Variable,
  variable,
  Module,
  scope,
} from '../src/index.js';
import { type Figure, formatNumber, type Section } from '../src/train/report/index.js';
import { type Demo, type DemoConfig, type Outcome, type Setup, type Training, tellDivergence } from './demo.js';

const TIME_STEPS = 50;
const TARGET = 0.7;
const FIRST_STATE = 0.5;
/** Only this backend computes in float64. */
const EXACT: TensorOptions = { dtype: 'float64', backend: 'reference' };
/** Starts (w, b); the paper's figure covers them all. */
const STARTS = ['5,-2.3', '5,-2.2', '6,-2.8'] as const;
/** What the map shows: the paper's ranges, and some more on the left, where the descents end. */
const MAP = { w: [4, 7], b: [-3.5, -1.5], columns: 216, rows: 160 } as const;
/** A run ends here or below: the error is gone to two digits of σ. */
const SOLVED = 1e-3;
const SLOPE = slopeAt(FIRST_STATE);

/** σ′(x): what one step multiplies a gradient by, for w = 1. */
function slopeAt(x: number): number {
  const output = sigmoid(tensor(x, EXACT)).item();
  return output * (1 - output);
}

/** σ(x₅₀) where x_t = w·σ(x_{t−1}) + b, element by element for whole grids of w and b. */
export function lastOutput(w: Operand, b: Operand): Variable {
  let x: Operand = tensor(FIRST_STATE, EXACT);
  for (let t = 0; t < TIME_STEPS; t++) x = mul(w, sigmoid(x)).add(b);
  return sigmoid(x);
}

/** E₅₀ = (σ(x₅₀) − 0.7)². */
export function cliffError(w: Operand, b: Operand): Variable {
  return lastOutput(w, b).sub(TARGET).square();
}

class Unit extends Module {
  readonly w: Parameter;
  readonly b: Parameter;

  constructor(w: number, b: number) {
    super();
    this.w = new Parameter(tensor(w, EXACT));
    this.b = new Parameter(tensor(b, EXACT));
  }
}

interface CliffTraining extends Training<null> {
  readonly model: Unit;
  /** Where each step started from, and where the last one led. */
  path(): { readonly w: readonly number[]; readonly b: readonly number[] };
}

function startCliff({ own }: DemoConfig): CliffTraining {
  const [w, b] = startOf(own.start);
  const model = new Unit(w, b);
  const visited: { w: number[]; b: number[] } = { w: [], b: [] };
  const path = () => ({
    w: [...visited.w, model.w.item()],
    b: [...visited.b, model.b.item()],
  });
  return {
    model,
    path,
    batches: endless(),
    loss() {
      visited.w.push(model.w.item());
      visited.b.push(model.b.item());
      return cliffError(model.w, model.b);
    },
    measure: () => ({
      largestStep: largestStep(path()),
      endW: model.w.item(),
      endB: model.b.item(),
      lastOutput: noGrad(() => scope(() => lastOutput(model.w, model.b).item())),
    }),
  };
}

function startOf(start: string | number): [w: number, b: number] {
  const [w, b] = String(start).split(',').map(Number);
  return [w, b];
}

function* endless(): Generator<null> {
  for (;;) yield null;
}

function largestStep({ w, b }: ReturnType<CliffTraining['path']>): number {
  let largest = 0;
  for (let k = 1; k < w.length; k++) largest = Math.max(largest, Math.hypot(w[k] - w[k - 1], b[k] - b[k - 1]));
  return largest;
}

function verdict(outcomes: readonly Outcome[]): string {
  return outcomes.map((outcome) => `${outcome.spec.text}: ${fateOf(outcome)}.`).join(' ');
}

function fateOf(outcome: Outcome): string {
  const { measured, result, summary } = outcome;
  const told = tellDivergence(outcome);
  if (told) return told;
  const last = result.records[result.records.length - 1];
  if (!last) return 'took no step';
  const clips = result.records.filter(({ clipped }) => clipped).length;
  const clipped = clips > 0 ? `, ${clips} of its ${summary.steps} steps clipped` : '';
  const error = `E = ${formatNumber(last.loss)}`;
  const step = `its longest step was ${formatNumber(measured.largestStep)}`;
  if (isStuck(outcome)) {
    const side = measured.lastOutput > TARGET ? '1' : '0';
    return `${step}, which threw it onto the plateau ${error}: the unit is saturated at ${side}, the gradient is ${formatNumber(last.normBefore)}, and no number of further steps would bring it back${clipped}`;
  }
  if (last.loss <= SOLVED) return `came down to ${error}; ${step}${clipped}`;
  const moved = last.loss < 0.9 * summary.firstLoss ? 'is still on its way' : 'got nowhere';
  return `${moved} at ${error}; ${step}${clipped}`;
}

/** Saturated, and with a gradient that moves nothing any more. */
function isStuck({ measured, result }: Outcome): boolean {
  const last = result.records[result.records.length - 1];
  return Math.abs(measured.lastOutput - 0.5) > 0.49 && last.normBefore < 1e-4 && last.loss > SOLVED;
}

function sections({ own, lr }: DemoConfig, outcomes: readonly Outcome[]): Section[] {
  const [w, b] = startOf(own.start);
  return [mapSection(outcomes), cutSection(w), plateauSection(w, b, lr)];
}

function mapSection(outcomes: readonly Outcome[]): Section {
  return {
    heading: 'A valley that ends at a wall',
    place: 'before',
    paragraphs: [
      `The whole network is one number fed back into itself ${TIME_STEPS} times, so its error can be drawn whole. In the valley, dark here, the error is small; it runs along the foot of a wall, and a descent that follows the valley comes to touch it.`,
      `The wall stands exactly where x₀ = ${FIRST_STATE} is a fixed point that repels: on the line b = ${FIRST_STATE} − w·σ(${FIRST_STATE}), drawn dashed, the state stays where it is for ever, and a hair to either side it runs away, to σ(x) near 0 or near 1. On that line each step back in time multiplies a gradient by w·σ′(${FIRST_STATE}) = ${formatNumber(SLOPE)}·w, which exceeds 1 for w > ${formatNumber(1 / SLOPE)}.`,
    ],
    figures: [mapFigure(outcomes)],
  };
}

function mapFigure(outcomes: readonly Outcome[]): Figure {
  const w = centres(MAP.w, MAP.columns);
  const b = centres(MAP.b, MAP.rows);
  const values = noGrad(() =>
    scope(() =>
      cliffError(
        tensor(w, { ...EXACT, shape: [1, MAP.columns] }),
        tensor(b, { ...EXACT, shape: [MAP.rows, 1] }),
      ).value.data(),
    ),
  );
  const line = MAP.w.map((at) => FIRST_STATE - at * sigmoid(tensor(FIRST_STATE, EXACT)).item());
  return {
    kind: 'heat',
    title: 'The error surface and the descents on it',
    caption: `E₅₀ = (σ(x₅₀) − ${TARGET})² for x_t = w·σ(x_{t−1}) + b.`,
    x: { label: 'w', range: MAP.w },
    y: { label: 'b', range: MAP.b },
    z: { label: 'E₅₀', scale: 'log', range: [1e-4, 0.49] },
    columns: MAP.columns,
    rows: MAP.rows,
    values,
    paths: [
      ...outcomes.map(({ spec, training }, style) => {
        const path = (training as CliffTraining).path();
        return { label: spec.text, x: path.w, y: path.b, style, ends: leaving(path) };
      }),
      { label: 'x₀ is a fixed point', x: MAP.w, y: line, style: 5 },
    ],
  };
}

/** `count` even positions, each in the middle of its cell. */
function centres([low, high]: readonly [number, number], count: number): Float64Array {
  return Float64Array.from({ length: count }, (_, k) => low + ((k + 0.5) * (high - low)) / count);
}

/** When a path left the map for good, and where to; nothing where it ended inside. */
function leaving({ w, b }: ReturnType<CliffTraining['path']>): string | undefined {
  const outside = w.map((at, k) => at < MAP.w[0] || at > MAP.w[1] || b[k] < MAP.b[0] || b[k] > MAP.b[1]);
  if (!outside[outside.length - 1]) return undefined;
  const step = outside.lastIndexOf(false);
  return `left the map in step ${step}, ended at (${formatNumber(w[w.length - 1])}, ${formatNumber(b[b.length - 1])})`;
}
