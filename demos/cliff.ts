/**
 * The cliff: one recurrent unit whose error, seen over its two parameters, has a wall in it (Pascanu, Mikolov &
 * Bengio 2013, Fig. 6). Small enough to draw whole: the surface, and both descents on it. No data, no random
 * numbers, and float64 throughout, because near the wall one bit of float32 is a different descent.
 */

import {
  Module,
  mul,
  noGrad,
  type Operand,
  Parameter,
  scope,
  sigmoid,
  type TensorOptions,
  tensor,
  type Variable,
  variable,
} from '../src/index.js';
import { type Figure, formatNumber, type Section } from '../src/train/report/index.js';
import {
  type Demo,
  type DemoConfig,
  type Outcome,
  type Setup,
  type Training,
  tellDivergence,
} from './demo.js';

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
const CUT_POINTS = 400;
const FIRST_OUTPUT = sigmoid(tensor(FIRST_STATE, EXACT)).item();
/** σ′(x₀): what a step back in time multiplies a gradient by at the wall, for w = 1. */
const SLOPE = FIRST_OUTPUT * (1 - FIRST_OUTPUT);

/** The b at which x₀ is a fixed point, b = x₀ − w·σ(x₀). */
function wallAt(w: number): number {
  return FIRST_STATE - w * FIRST_OUTPUT;
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
  for (let k = 1; k < w.length; k++)
    largest = Math.max(largest, Math.hypot(w[k] - w[k - 1], b[k] - b[k - 1]));
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
  const { steps, finalLoss } = summary;
  const clips = result.records.filter(({ clipped }) => clipped).length;
  const clipped = clips > 0 ? `, ${clips} of its ${steps} steps clipped` : '';
  const error = `E = ${formatNumber(finalLoss)}`;
  const step = `its longest step was ${formatNumber(measured.largestStep)}${clipped}`;
  if (isStuck(outcome)) {
    const side = measured.lastOutput > TARGET ? '1' : '0';
    return `${step}; it is stuck on a plateau at ${error}: the unit is saturated at ${side}, and a gradient of ${formatNumber(last.normBefore)} no longer moves it`;
  }
  if (finalLoss <= SOLVED) return `came down to ${error}; ${step}`;
  const moved = finalLoss < 0.9 * summary.firstLoss ? 'is on its way' : 'has got nowhere';
  return `${moved}, at ${error} after ${steps} ${steps === 1 ? 'step' : 'steps'}; ${step}`;
}

/** Saturated, and with a gradient that moves nothing any more. */
function isStuck({ measured, result }: Outcome): boolean {
  const last = result.records[result.records.length - 1];
  return Math.abs(measured.lastOutput - 0.5) > 0.49 && last.normBefore < 1e-4 && last.loss > SOLVED;
}

function sections({ own, lr }: DemoConfig, outcomes: readonly Outcome[]): Section[] {
  const [w] = startOf(own.start);
  return [mapSection(outcomes), cutSection(w), plateauSection(lr)];
}

function mapSection(outcomes: readonly Outcome[]): Section {
  return {
    heading: 'A valley that ends at a wall',
    place: 'before',
    paragraphs: [
      `The whole network is one number fed back into itself ${TIME_STEPS} times, so its error can be drawn whole. The valley where the error is least runs along the foot of a wall, and a descent that goes for the valley comes to touch the wall.`,
      `The wall stands exactly where x₀ = ${FIRST_STATE} is a fixed point that repels: on the line b = ${FIRST_STATE} − w·σ(${FIRST_STATE}), drawn dashed, the state stays where it is for ever, and a hair to either side it runs away, to σ(x) near 0 or near 1. There each step back in time multiplies a gradient by w·σ′(${FIRST_STATE}) = ${formatNumber(SLOPE)}·w, which exceeds 1 for w > ${formatNumber(1 / SLOPE)}.`,
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
  const wall = [1 / SLOPE, (FIRST_STATE - MAP.b[0]) / FIRST_OUTPUT];
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
      { label: 'x₀ is a fixed point', x: wall, y: wall.map(wallAt), style: 5 },
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

/** The error along b for one w, and how steep it is ever closer to the wall. */
function cutSection(w: number): Section {
  const wall = wallAt(w);
  const b = centres([wall - 0.3, MAP.b[1]], CUT_POINTS);
  const { error } = errorAlong(w, b);
  const growth = (w * SLOPE) ** TIME_STEPS;
  // From a hundredth of the wall's thickness to the width of the map.
  const exponents = centres([-Math.log10(growth) - 2, 0], CUT_POINTS);
  const left = errorAlong(
    w,
    exponents.map((exponent) => wall - 10 ** exponent),
  );
  const right = errorAlong(
    w,
    exponents.map((exponent) => wall + 10 ** exponent),
  );
  const steepest = Math.max(...left.gradient, ...right.gradient);
  return {
    heading: 'Through the wall',
    paragraphs: [
      `The same surface cut at w = ${w}. Coming from the right, the error falls gently to ${formatNumber(Math.min(...error))} and then jumps to ${formatNumber(Math.max(...error))}. The wall has a thickness: nearer to it than about 1/(w·σ′(x₀))^${TIME_STEPS} = ${formatNumber(1 / growth)}, ${TIME_STEPS} steps are too few for the state to get away from x₀. In there a gradient has been stretched ${TIME_STEPS} times and reaches ${formatNumber(steepest)}; on either side the state has settled, and it is below 1. Gradient descent takes that number for a distance to go.`,
    ],
    figures: [
      {
        kind: 'lines',
        title: `The error along b, at w = ${w}`,
        caption: `The wall is at b = ${formatNumber(wall, 5)}.`,
        x: { label: 'b' },
        y: { label: 'E₅₀', scale: 'linear' },
        series: [{ label: 'error', x: b, y: error }],
      },
      {
        kind: 'lines',
        title: `The gradient near the wall, at w = ${w}`,
        caption: '‖(∂E/∂w, ∂E/∂b)‖ by distance in b, on either side; −3 is a distance of 0.001.',
        x: { label: 'log₁₀ of the distance from the wall' },
        y: { label: 'gradient norm', scale: 'log' },
        series: [
          { label: 'left of it', x: exponents, y: left.gradient },
          { label: 'right of it', x: exponents, y: right.gradient },
        ],
        levels: [{ label: 'clip at 1', y: 1 }],
      },
    ],
  };
}

function errorAlong(w: number, b: Float64Array): { readonly error: number[]; readonly gradient: number[] } {
  const place = { ...EXACT, shape: [b.length] };
  return scope(() => {
    const atW = variable(
      tensor(
        b.map(() => w),
        place,
      ),
    );
    const atB = variable(tensor(b, place));
    const error = cliffError(atW, atB);
    error.sum().backward();
    const [byW, byB] = [atW.grad!.data(), atB.grad!.data()];
    return {
      error: Array.from(error.value.data()),
      gradient: Array.from(byB, (slope, k) => Math.hypot(slope, byW[k])),
    };
  });
}

function plateauSection(lr: number): Section {
  return {
    heading: 'What clipping does here, and what it does not',
    paragraphs: [
      `Unclipped, a plain gradient step that meets the wall is ${lr} times its gradient, and can be far longer than the map is wide. It lands where the unit is saturated: σ(x) is 1 or 0 to many digits whatever the parameters do, so the error is (1 − ${TARGET})² = ${formatNumber((1 - TARGET) ** 2)} or ${TARGET}² = ${formatNumber(TARGET ** 2)} and its gradient is all but zero. The run has not become infinite, it has become deaf: a finite loss is no sign of health.`,
      'Clipping bounds the length of that step and keeps its direction, which is right: away from the wall, into the valley. It does not remove the wall, and it does not make a descent arrive sooner; with a threshold far below the gradients of the valley, as `norm:0.1`, most steps are clipped and the run is slower for it.',
      'Beside the wall one rounding more or less is another descent. A different exponential function, right to the last digit but one, changes which steps are clipped; where the runs end, it does not.',
    ],
    figures: [],
  };
}

/** One unit, two parameters, a wall: the whole story on one map. */
export const cliff: Demo = {
  name: 'cliff',
  title: 'The cliff: one unit, two parameters, and a wall',
  summary: 'gradient descent meets a wall in the error surface (Pascanu et al. 2013)',
  lead: `One recurrent unit with no input, x_t = w·σ(x_{t−1}) + b from x₀ = ${FIRST_STATE}, is asked for σ(x₅₀) = ${TARGET}: the error is E₅₀ = (σ(x₅₀) − ${TARGET})², and plain gradient descent looks for w and b (Pascanu, Mikolov & Bengio 2013, Fig. 6). Nothing here is random, so the seed changes nothing; all is computed in float64, which the reference backend does whatever else is asked for.`,
  defaults: { steps: 2000, lr: 0.1 },
  options: [
    {
      name: 'start',
      value: 'w,b',
      description: 'where the descent starts',
      default: STARTS[0],
      choices: STARTS,
    },
  ],
  setUp: (config): Setup => ({
    start: () => startCliff(config),
    verdict,
    sections: (outcomes) => sections(config, outcomes),
  }),
};
