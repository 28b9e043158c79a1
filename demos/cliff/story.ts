/** What the cliff shows: the map with the descents on it, a cut through the wall, what became of each descent. */

import { noGrad, scope, tensor, variable } from '../../src/index.js';
import { type Figure, formatNumber, type Section } from '../../src/report/index.js';
import type { DemoConfig, Outcome } from '../demo.js';
import { clippingSection } from './clipping.js';
import {
  type CliffTraining,
  cliffError,
  EXACT,
  FIRST_OUTPUT,
  FIRST_STATE,
  MAP,
  SLOPE,
  startOf,
  TARGET,
  TIME_STEPS,
  wallAt,
} from './model.js';

const CUT_POINTS = 400;
/** The map, a cut through the wall, and what clipping does there. */
export function cliffSections(config: DemoConfig, outcomes: readonly Outcome[]): Section[] {
  const [w] = startOf(config.own.start);
  return [mapSection(outcomes), cutSection(w, outcomes), clippingSection(config, outcomes)];
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
    caption: `E₅₀ = (σ(x₅₀) − ${TARGET})² for xₜ = w·σ(xₜ₋₁) + b.`,
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
      { label: 'x₀ is a fixed point', x: wall, y: wall.map(wallAt), style: 5, reference: true },
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
function cutSection(w: number, outcomes: readonly Outcome[]): Section {
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
  const thresholds = new Set(outcomes.flatMap(({ spec }) => spec.threshold || []));
  const steepest = Math.max(...left.gradient, ...right.gradient);
  return {
    heading: 'Through the wall',
    paragraphs: [
      `The same surface cut at w = ${w}. Coming from the right, the error falls gently to ${formatNumber(Math.min(...error))} and then jumps to ${formatNumber(Math.max(...error))}. The wall has a thickness: nearer to it than about 1/(w·σ′(x₀))^${TIME_STEPS} = ${formatNumber(1 / growth)}, ${TIME_STEPS} steps are too few for the state to get away from x₀. In there a gradient has been stretched ${TIME_STEPS} times and reaches ${formatNumber(steepest)}; on either side the state has settled, and it is below 1. Plain gradient descent takes that number for a distance to go.`,
    ],
    figures: [
      {
        kind: 'lines',
        title: `The error along b, at w = ${w}`,
        caption: `The wall is at b = ${formatNumber(wall, 5)}.`,
        x: { label: 'b', symbol: 'b' },
        y: { label: 'E₅₀', scale: 'linear' },
        series: [{ label: 'error', x: b, y: error }],
      },
      {
        kind: 'lines',
        title: `The gradient near the wall, at w = ${w}`,
        caption: '‖(∂E/∂w, ∂E/∂b)‖ by distance in b, on either side; −3 is a distance of 0.001.',
        x: { label: 'log₁₀ of the distance from the wall', symbol: 'log₁₀ distance' },
        y: { label: 'gradient norm', scale: 'log' },
        series: [
          { label: 'left of it', x: exponents, y: left.gradient },
          { label: 'right of it', x: exponents, y: right.gradient },
        ],
        levels: [...thresholds].map((y) => ({ label: `clip at ${formatNumber(y)}`, y })),
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
