/** The cliff's unit, its error, and the descent on it. */

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
} from '../../src/index.js';
import type { DemoConfig, Training } from '../demo.js';

/** Steps of the unit. */
export const TIME_STEPS = 50;
/** What σ(x₅₀) should be, and x₀. */
export const TARGET = 0.7;
export const FIRST_STATE = 0.5;
/** Only this backend computes in float64. */
export const EXACT: TensorOptions = { dtype: 'float64', backend: 'reference' };
/** Starts (w, b); the paper's figure covers them all. */
export const STARTS = ['5,-2.3', '5,-2.2', '6,-2.8'] as const;
/** What the map shows: the paper's ranges, and some more on the left, where the descents end. */
export const MAP = { w: [4, 7], b: [-3.5, -1.5], columns: 216, rows: 160 } as const;
/** σ(x₀). */
export const FIRST_OUTPUT = sigmoid(tensor(FIRST_STATE, EXACT)).item();
/** σ′(x₀): what a step back in time multiplies a gradient by at the wall, for w = 1. */
export const SLOPE = FIRST_OUTPUT * (1 - FIRST_OUTPUT);

/** The b at which x₀ is a fixed point, b = x₀ − w·σ(x₀). */
export function wallAt(w: number): number {
  return FIRST_STATE - w * FIRST_OUTPUT;
}

/** σ(x₅₀) where xₜ = w·σ(xₜ₋₁) + b, element by element for whole grids of w and b. */
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

/** A training that remembers its way. */
export interface CliffTraining extends Training<null> {
  readonly model: Unit;
  /** Where each step started from, and where the last one led. */
  path(): { readonly w: readonly number[]; readonly b: readonly number[] };
}

/** A descent from the configured start. */
export function startCliff({ own }: DemoConfig): CliffTraining {
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

/** The w and b that a start names. */
export function startOf(start: string | number): [w: number, b: number] {
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
