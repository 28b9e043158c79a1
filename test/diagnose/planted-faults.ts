/** The faults that are planted into trainings: arithmetic that breaks, batches that are spoilt, rates that are too high. */

import {
  defineOp,
  type Random,
  relu,
  type Schedule,
  type Tensor,
  tensor,
  type Variable,
} from '../../src/index.js';
import { BATCHES, type Batch, type Problem } from './planted-settings.js';

/** The identity whose gradient passes through half precision at a loss scale: beyond 65504 it is infinite. */
const throughHalf = defineOp<readonly [Tensor], number>({
  name: 'throughHalf',
  forward: ([x]) => x.copy(),
  backward: (grad, { params: scale }) => [
    () => {
      const values = [...grad.data()].map((g) => (Math.abs(g * scale) > 65504 ? Math.sign(g) * Infinity : g));
      return tensor(values, { shape: grad.shape });
    },
  ],
  samples: [{ shapes: [[2]], params: 1 }],
});

const largest = (x: Tensor): number => Math.max(...Array.from(x.data(), Math.abs));

/** A fault in the arithmetic: a function that is put between prediction and loss. */
export function brokenArithmetic(random: Random, steps: number) {
  const onset = 20 + random.integer(steps - 60);
  const kind = random.integer(3);
  let factor = 0;
  if (kind === 0) {
    // Half precision under a loss scale that doubles too often.
    const every = 15 + random.integer(20);
    let last = 0;
    factor = 2 ** 16;
    const score = (problem: Problem, prediction: Variable, y: Batch['y'], step: number): Variable => {
      if (step - last >= every) [factor, last] = [4 * factor, step];
      return problem.score(throughHalf(prediction, factor), y);
    };
    const backOff = (): void => {
      factor /= 4;
    };
    return { how: 'half-precision overflow', score, backOff };
  }
  if (kind === 1) {
    // A logarithm of a sum of exponentials without the maximum taken out.
    const score = (problem: Problem, prediction: Variable, y: Batch['y'], step: number): Variable => {
      if (step === onset) factor = 89 / largest(prediction.value);
      const naive = prediction.square().sqrt().mul(factor).exp().sum().log().mul(1e-6);
      return factor === 0 ? problem.score(prediction, y) : problem.score(prediction, y).add(naive);
    };
    return { how: 'overflow of exp', score, backOff: () => {} };
  }
  // Zero by zero, once no prediction exceeds a growing margin.
  const score = (problem: Problem, prediction: Variable, y: Batch['y'], step: number): Variable => {
    if (step < onset) return problem.score(prediction, y);
    factor = factor === 0 ? 0.5 * largest(prediction.value) : factor * 1.1;
    const excess = relu(prediction.sub(factor));
    return problem.score(prediction, y).add(excess.div(excess.square().sum().sqrt()).sum().mul(1e-3));
  };
  return { how: 'zero by zero', score, backOff: () => {} };
}

/** Batches some of which are spoilt, and how. */
interface Spoilt {
  readonly batches: readonly Batch[];
  readonly how: string;
}

/** A spoilt batch is in units too large by this factor to `SPREAD` times it: on the tuning settings no model withstands the least of them. */
const SPOILT = 30;
const SPREAD = 5;

/**
 * Spoils one or two of the batches: inputs, targets or weights of the examples in other units; of a model that squashes,
 * the weights.
 */
export function corrupt(random: Random, batches: readonly Batch[], squashes: boolean): Spoilt {
  const labels = new Set([random.integer(BATCHES), random.integer(2) * random.integer(BATCHES)]);
  const factor = SPOILT * SPREAD ** random.uniform();
  const what = squashes ? 0 : random.integer(3);
  const spoil = (batch: Batch): Batch => {
    const { x, y } = batch;
    const isNumber = !Array.isArray(y);
    if (what === 0) return { ...batch, weight: factor };
    if (what === 1 && isNumber) return { ...batch, y: y.mul(factor) };
    return { ...batch, x: x.mul(factor), y: isNumber ? y.mul(factor) : y.map((id) => (id === 0 ? 1 : 0)) };
  };
  const how = `${['weights', 'targets', 'units'][what]} of batches ${[...labels]} times ${factor.toFixed(0)}`;
  return { batches: batches.map((batch) => (labels.has(batch.label) ? spoil(batch) : batch)), how };
}

/** A rate goes up to this many times beyond the one that is too high. */
const BEYOND = 3;

/** How too high a rate goes: from the start, or growing from the one that works and there by the middle of the run. */
export function raised(
  random: Random,
  works: number,
  tooHigh: number,
  steps: number,
): { readonly rate: Schedule; readonly how: string } {
  const factor = (tooHigh / works) * BEYOND ** random.uniform();
  if (random.uniform() < 0.5) return { rate: () => works * factor, how: `rate times ${factor.toFixed(0)}` };
  const rate: Schedule = (step) => works * factor ** Math.min(1, (2 * step) / steps);
  return { rate, how: `rate growing to ${factor.toFixed(0)} times` };
}
