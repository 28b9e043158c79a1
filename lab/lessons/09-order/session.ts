/** An order of the stages on the test bench, and a training made in it. */

import {
  Adam,
  matmul,
  Parameter,
  Random,
  SGD,
  scope,
  type Tensor,
  tensor,
  toHalf,
} from '../../../src/index.js';
import { defineSession } from '../../core/session.js';
import { MICRO, parseOrder, SCALE, type Stage } from './stages.js';
import { makeUpdate } from './update.js';

/** What the bench measures of an order; what it should be stands beside. */
export interface Bench {
  /** Steps in an update: 1. */
  readonly steps: number;
  /** Length of a short gradient that reaches the weights, over its own: 1. */
  readonly gain: number;
  /** Length of a very long gradient that reaches the weights, over the threshold: 1. */
  readonly longest: number;
  /** Degrees by which unequal micro-batches are turned away from their mean: 0. */
  readonly turned: number;
  /** Share of the weight decay that arrives in a calm update, and in one that is clipped: 1. */
  readonly decay: number;
  readonly clippedDecay: number;
  /** Whether the weights are finite after a micro-batch that is not. */
  readonly finite: boolean;
}

/** A training in some order. */
export interface Training {
  readonly order: string;
  readonly optimizer: 'sgd' | 'adam';
  readonly c: number;
  /** Weight decay. */
  readonly wd: number;
}

/** What came of it. */
export interface Trained {
  /** Mean of the micro-batches' losses before each update, as far as they are finite. */
  readonly losses: readonly number[];
  /** The weights after each update. */
  readonly weights: readonly (readonly number[])[];
  /** Length of the mean gradient before each update. */
  readonly norms: readonly number[];
}

const EXACT = { dtype: 'float64', backend: 'reference' } as const;
const UPDATES = 100;
const RATES = { sgd: 0.1, adam: 0.02 } as const;
/** Updates with a micro-batch in wrong units: its gradient does not fit into half precision. */
const SPOILT = [30, 60];

const lengthOf = (values: readonly number[]): number => Math.hypot(...values);
const dot = (a: readonly number[], b: readonly number[]): number =>
  a.reduce((sum, x, i) => sum + x * b[i], 0);

/** The order of a link. */
function orderOf(text: string): readonly Stage[] {
  const order = parseOrder(text);
  if (order === null) throw new Error(`${text} is no order of the seven stages`);
  return order;
}

/** What reaches the weights, if these are the gradients of the micro-batches and the threshold is 1. */
async function received(
  order: readonly Stage[],
  gradients: readonly (readonly number[])[],
  weights: readonly number[],
  decay: number,
) {
  const theta = new Parameter(tensor([...weights], EXACT));
  const optimizer = new SGD([theta], { lr: 1 });
  const gradient = (k: number): Tensor => tensor([...gradients[k % gradients.length]], EXACT).mul(SCALE);
  const steps = await makeUpdate({ order, theta, optimizer, c: 1, decay, gradient });
  const after = [...theta.value.data()];
  optimizer.release();
  return { steps, by: after.map((value, i) => weights[i] - value), after };
}

/** Of the bench: weight decay, gradients of the micro-batches, weights. */
const DECAY = 0.02;
const SHORT = [[3e-4, 4e-4]];
const LONG = [[3000, 4000]];
const UNEQUAL = [
  [10, 0],
  [0, 0.1],
];
const BROKEN = [
  [3e-4, 4e-4],
  [Number.POSITIVE_INFINITY, 4e-4],
];
const WEIGHTS = [2, 1];
const ORIGIN = [0, 0];

async function bench(text: string): Promise<Bench> {
  const order = orderOf(text);
  const short = await received(order, SHORT, ORIGIN, 0);
  const long = await received(order, LONG, WEIGHTS, 0);
  const unequal = await received(order, UNEQUAL, ORIGIN, 0);
  const calm = await received(order, [ORIGIN], WEIGHTS, DECAY);
  const clipped = await received(order, LONG, WEIGHTS, DECAY);
  const broken = await received(order, BROKEN, WEIGHTS, 0);
  const whole = DECAY * dot(WEIGHTS, WEIGHTS);
  const mean = [5, 0.05];
  const cosine = dot(unequal.by, mean) / (lengthOf(unequal.by) * lengthOf(mean));
  return {
    steps: short.steps,
    gain: lengthOf(short.by) / lengthOf(SHORT[0]),
    longest: lengthOf(long.by),
    turned: lengthOf(unequal.by) === 0 || cosine > 1 - 1e-14 ? 0 : (Math.acos(cosine) * 180) / Math.PI,
    decay: dot(calm.by, WEIGHTS) / whole,
    clippedDecay:
      dot(
        clipped.by.map((value, i) => value - long.by[i]),
        WEIGHTS,
      ) / whole,
    finite: broken.after.every((value) => Number.isFinite(value)),
  };
}

const FEATURES = 6;
const ROWS = 8;

/**
 * Least squares in mixed precision: the weights are rounded to float16 on the way forward, the gradients on the way back.
 * The same data for every order.
 */
async function train({ order: text, optimizer: kind, c, wd }: Training): Promise<Trained> {
  const order = orderOf(text);
  const random = new Random(9);
  const sought = Array.from({ length: FEATURES }, (_, i) => (i % 2 === 0 ? 4 : -4) + random.normal(0, 0.5));
  const theta = new Parameter(tensor(new Float64Array(FEATURES), EXACT));
  const Rule = kind === 'adam' ? Adam : SGD;
  const optimizer = new Rule([theta], { lr: RATES[kind] });
  const losses: number[] = [];
  const norms: number[] = [];
  const weights: number[][] = [];
  for (let update = 0; update < UPDATES; update++) {
    let loss = 0;
    const mean = new Float64Array(FEATURES);
    const gradient = (k: number): Tensor => {
      const unit = k === 1 && SPOILT.includes(update) ? 100 : 5;
      const inputs = Float64Array.from({ length: ROWS * FEATURES }, () => random.normal(0, unit));
      const noise = Float64Array.from({ length: ROWS }, () => random.normal(0, 1));
      const targets = noise.map(
        (value, row) => value + dot(sought, [...inputs.subarray(row * FEATURES, (row + 1) * FEATURES)]),
      );
      theta.grad = null;
      scope(() => {
        const x = tensor(inputs, { ...EXACT, shape: [ROWS, FEATURES] });
        const half = toHalf(theta).reshape([FEATURES, 1]);
        const error = matmul(x, half).sub(tensor(targets, { ...EXACT, shape: [ROWS, 1] }));
        const value = error.square().mean();
        loss += value.item() / MICRO;
        value.mul(SCALE).backward();
      });
      theta.grad!.data().forEach((value, i) => {
        mean[i] += value / (MICRO * SCALE);
      });
      return theta.grad!.copy();
    };
    await makeUpdate({ order, theta, optimizer, c, decay: wd, gradient });
    losses.push(loss);
    norms.push(lengthOf([...mean]));
    weights.push([...theta.value.data()]);
    if (!weights[update].every((value) => Number.isFinite(value))) break;
  }
  optimizer.release();
  return { losses, norms, weights };
}

export default defineSession({ calls: { bench, train } });
