import { cliffError, EXACT, wallAt } from '../../demos/cliff/model.js';
import { scope, tensor, variable } from '../../src/index.js';
import type { HeatFigure } from '../../src/report/index.js';
import { atLeast, near } from '../checks.js';
import type { Experiment } from '../experiment.js';
import { foldsAt } from './folds.js';

const GRID = 401;
const CELLS = 50;
const W = [4.5, 7] as const;
const B = [-3.5, -1.5] as const;

/** `count` even positions from end to end. */
function even([low, high]: readonly [number, number], count: number): number[] {
  return Array.from({ length: count }, (_, k) => low + (k * (high - low)) / (count - 1));
}

/** The middles of `count` even cells. */
function middles([low, high]: readonly [number, number], count: number): number[] {
  return Array.from({ length: count }, (_, k) => low + ((k + 0.5) * (high - low)) / count);
}

/** E₅₀ and ∂E/∂w, ∂E/∂b along w for one b. */
function row(w: readonly number[], b: number) {
  return scope(() => {
    const atW = variable(tensor([...w], EXACT));
    const atB = variable(
      tensor(
        w.map(() => b),
        EXACT,
      ),
    );
    const error = cliffError(atW, atB);
    error.sum().backward();
    return { error: [...error.value.data()], byW: [...atW.grad!.data()], byB: [...atB.grad!.data()] };
  });
}

/** How far the largest lies above the one in the middle. */
function peak(values: readonly number[]): number {
  const sorted = Float64Array.from(values).sort();
  return sorted[sorted.length - 1] / sorted[sorted.length >> 1];
}

/** The error over w and b, with the wall and the folds; for those who cannot see it, along w = 5. */
function map(): HeatFigure {
  const across = middles(W, CELLS);
  const folds = across.map(foldsAt);
  const wall = wallAt(5);
  const [lower, upper] = foldsAt(5);
  const errorAt = (w: number, b: number) => row([w], b).error[0].toFixed(2);
  return {
    kind: 'heat',
    title: 'The loss cliff',
    caption:
      'Error of one unit after fifty steps. Between the folds it has two states to settle in; where x₀ = 0.5 is the fixed point that repels stands the wall.',
    summary: `The wall runs from (w, b) = (4.5, −2.30) down to (6.43, −3.5). At w = 5 it stands at b = ${wall.toFixed(4)}, between the folds at ${lower.toFixed(4)} and ${upper.toFixed(4)}; the error is ${errorAt(5, wall - 0.02)} right below it and ${errorAt(5, wall + 0.02)} right above. From there it rises slowly to ${errorAt(W[1], B[1])} in the upper right corner.`,
    x: { label: 'w', range: W },
    y: { label: 'b', range: B },
    z: { label: 'E₅₀', scale: 'log', range: [1e-4, 0.49] },
    columns: CELLS,
    rows: CELLS,
    values: middles(B, CELLS).flatMap((b) => row(across, b).error),
    paths: [
      { label: 'x₀ is a fixed point', x: W, y: W.map(wallAt), style: 5, reference: true },
      { label: 'lower fold', x: across, y: folds.map(([b]) => b), style: 1, reference: true },
      { label: 'upper fold', x: across, y: folds.map(([, b]) => b), style: 2, reference: true },
    ],
  };
}

/** The error surface of a recurrent unit, and why it has a wall. */
export const cliff: Experiment = {
  number: 8,
  name: 'cliff',
  group: 'growth',
  claim: 'cliffs — regions where curvature explodes',
  source: 'circuit breaker',
  setUp: `One recurrent unit xₜ = w·σ(xₜ₋₁) + b from x₀ = 0.5 with error E = (σ(x₅₀) − 0.7)² (Pascanu, Mikolov & Bengio 2013, Fig. 6): its gradient on ${GRID} × ${GRID} points of w in [4.5, 7], b in [−3.5, −1.5]; and for w = 5 the b at which its fixed points appear and merge (Fig. 3).`,
  criterion:
    'The largest gradient is at least 1,000 times the median, so is the largest change of ∂E/∂b from one point to the next; the fixed points merge at b = −2.6556 and −2.3444 to 10⁻⁴.',
  verdict: 'holds',
  explanation:
    'Almost everywhere the surface is a gentle slope or flat: the unit has settled, and a small change of w or b moves its last state a little. Between the two folds it has two states to settle in, and a repelling one between them decides which. Where x₀ lies right on the repelling state, a hair to one side ends near 1 and a hair to the other near 0: the error jumps, and the gradient there says nothing about how far it is good for. It is not large because the minimum is far; it is large because fifty steps have each stretched it.',
  run: () => {
    const w = even(W, GRID);
    const rows = even(B, GRID).map((b) => row(w, b));
    const slopes = rows.flatMap(({ byW, byB }) => byW.map((slope, i) => Math.hypot(slope, byB[i])));
    const bends = rows
      .slice(1)
      .flatMap(({ byB }, j) => byB.map((slope, i) => Math.abs(slope - rows[j].byB[i])));
    const [lower, upper] = foldsAt(5);
    return {
      checks: [
        atLeast('largest over median gradient', peak(slopes), 1000),
        atLeast('largest over median change of ∂E/∂b', peak(bends), 1000),
        near('lower fold at w = 5', lower, -2.6556, 1e-4),
        near('upper fold at w = 5', upper, -2.3444, 1e-4),
      ],
      figure: map(),
    };
  },
};
