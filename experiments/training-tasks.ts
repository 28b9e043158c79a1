/** Small trainings that several experiments share: networks and data of a seed, a fraction of a millisecond a step. */

import type { Training } from '../demos/demo.js';
import {
  crossEntropy,
  eye,
  type GradientHook,
  Linear,
  Module,
  mseLoss,
  orthogonal,
  Random,
  RNN,
  type RNNNonlinearity,
  Sequential,
  SGD,
  Tanh,
  type Tensor,
  type TensorOptions,
  type TrainResult,
  tensor,
  train,
  type Variable,
  zeros,
} from '../src/index.js';

/** Inputs and what the network is to say of them: numbers, or classes. */
export interface Batch<Target = Tensor> {
  readonly x: Tensor;
  readonly y: Target;
}

/** How a task is trained: plain gradient descent. */
export interface TaskRun {
  readonly lr: number;
  readonly steps: number;
  readonly hooks?: readonly GradientHook[];
  /** What the loss of each batch, a mean, is multiplied by; default 1. */
  readonly weight?: number;
}

/** Trains a task from where it stands; it may be gone on with. */
export async function trainTask(
  { model, batches, loss }: Training,
  { lr, steps, hooks = [], weight = 1 }: TaskRun,
): Promise<TrainResult> {
  const optimizer = new SGD(model.parameters(), { lr, hooks, normDevice: 'simd' });
  const result = await train({
    model,
    batches,
    optimizer,
    steps,
    loss: (_, batch, step) => (weight === 1 ? loss(batch, step) : loss(batch, step).mul(weight)),
  });
  optimizer.release();
  return result;
}

/** A recurrent layer that is read once, at the end. */
class Reader extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor(rnn: RNN, head: Linear) {
    super();
    this.rnn = rnn;
    this.head = head;
  }

  forward(x: Tensor): Variable {
    return this.head.forward(this.rnn.forward(x).last);
  }
}

/** Two generators of a seed, for weights and for data. */
function generators(seed: number): readonly [weights: Random, data: Random] {
  return [new Random(seed), new Random(seed + 1_000_000_007)];
}

/** Batches without end: a loop that ends closes its iterator, and the next goes on with the data where it was. */
function endless<Item>(next: () => Item): Iterable<Item> {
  return {
    *[Symbol.iterator]() {
      for (;;) yield next();
    },
  };
}

/** Options of `spiral`. */
export interface SpiralOptions extends TensorOptions {
  readonly units?: number;
  readonly batch?: number;
  /** Of the angle, in radians. */
  readonly noise?: number;
}

/** Which of two spiral arms a point lies on: two hidden layers of tanh units, cross-entropy. */
export function spiral(
  seed: number,
  { units = 24, batch = 32, noise = 0.1, ...place }: SpiralOptions = {},
): Training<Batch<Int32Array>> {
  const [random, data] = generators(seed);
  const linear = (inputs: number, outputs: number) => new Linear(inputs, outputs, { random, ...place });
  const model = new Sequential(
    linear(2, units),
    new Tanh(),
    linear(units, units),
    new Tanh(),
    linear(units, 2),
  );
  const draw = (): Batch<Int32Array> => {
    const y = Int32Array.from({ length: batch }, () => data.integer(2));
    const points = [...y].flatMap((arm) => {
      const radius = data.uniform(0.2, 1);
      const angle = 5 * radius + arm * Math.PI + data.normal(0, noise);
      return [2 * radius * Math.cos(angle), 2 * radius * Math.sin(angle)];
    });
    return { x: tensor(points, { shape: [batch, 2], ...place }), y };
  };
  return { model, batches: endless(draw), loss: ({ x, y }) => crossEntropy(model.forward(x), y) };
}

/** Options of `adding`. */
export interface AddingOptions extends TensorOptions {
  readonly steps?: number;
  readonly units?: number;
  readonly batch?: number;
  readonly nonlinearity?: RNNNonlinearity;
  /** The recurrent matrix starts as the identity times this. */
  readonly gain?: number;
}

/** Whoever says 1 whatever the input is wrong by this on the adding task: the variance of a sum of two numbers. */
export const ADDING_BASELINE = 1 / 6;

/** The sum of the two marked numbers among `steps`, squared error (Hochreiter & Schmidhuber 1997; Le et al. 2015). */
export function adding(
  seed: number,
  { steps = 50, units = 12, batch = 20, nonlinearity = 'relu', gain = 1.05, ...place }: AddingOptions = {},
): Training<Batch> {
  const [random, data] = generators(seed);
  const rnn = new RNN(2, units, { random, nonlinearity, ...place });
  rnn.weightHh.assign(eye(units, place).mul(gain));
  rnn.bias.assign(zeros([units], place));
  const model = new Reader(rnn, new Linear(units, 1, { random, ...place }));
  const draw = (): Batch => {
    const x = new Float64Array(steps * batch * 2);
    const y = new Float64Array(batch);
    for (let b = 0; b < batch; b++) {
      const half = steps >> 1;
      const marked = [data.integer(half), half + data.integer(steps - half)];
      for (let t = 0; t < steps; t++) {
        const value = data.uniform();
        const isMarked = marked.includes(t);
        x.set([value, isMarked ? 1 : 0], (t * batch + b) * 2);
        if (isMarked) y[b] += value;
      }
    }
    return {
      x: tensor(x, { shape: [steps, batch, 2], dtype: 'float32', ...place }),
      y: tensor(y, { shape: [batch, 1], dtype: 'float32', ...place }),
    };
  };
  return { model, batches: endless(draw), loss: ({ x, y }) => mseLoss(model.forward(x), y) };
}

/** Options of `temporalOrder`. */
export interface TemporalOrderOptions extends TensorOptions {
  readonly steps?: number;
  readonly units?: number;
  readonly batch?: number;
  /** The recurrent matrix starts orthogonal times this. */
  readonly gain?: number;
}

/** Of `temporalOrder`: four distractors and the two symbols that count. */
const SYMBOLS = 6;

/**
 * In which order two of six symbols came, four classes; they stand in [T/10, 2T/10) and [5T/10, 6T/10) (Hochreiter &
 * Schmidhuber 1997, as in Pascanu, Mikolov & Bengio 2013).
 */
export function temporalOrder(
  seed: number,
  { steps = 20, units = 24, batch = 20, gain = 1, ...place }: TemporalOrderOptions = {},
): Training<Batch<Int32Array>> {
  const [random, data] = generators(seed);
  const rnn = new RNN(SYMBOLS, units, { random, ...place });
  rnn.weightHh.assign(orthogonal([units, units], random, { gain, ...place }));
  const model = new Reader(rnn, new Linear(units, 4, { random, ...place }));
  const tenth = Math.max(1, Math.floor(steps / 10));
  const draw = (): Batch<Int32Array> => {
    const x = new Float64Array(steps * batch * SYMBOLS);
    const y = Int32Array.from({ length: batch }, () => data.integer(4));
    for (let b = 0; b < batch; b++) {
      const [first, second] = [tenth + data.integer(tenth), 5 * tenth + data.integer(tenth)];
      for (let t = 0; t < steps; t++) {
        const told = t === first ? y[b] >> 1 : t === second ? y[b] & 1 : 2 + data.integer(4);
        x[(t * batch + b) * SYMBOLS + told] = 1;
      }
    }
    return { x: tensor(x, { shape: [steps, batch, SYMBOLS], dtype: 'float32', ...place }), y };
  };
  return { model, batches: endless(draw), loss: ({ x, y }) => crossEntropy(model.forward(x), y) };
}

/** Options of `regression`. */
export interface RegressionOptions extends TensorOptions {
  readonly inputs?: number;
  readonly batch?: number;
  /** Share of the targets that are outliers, `reach` standard deviations of the noise away. */
  readonly outliers?: number;
  readonly reach?: number;
}

/** A line through noisy points, squared error: convex, and its noise never ends. */
export function regression(
  seed: number,
  { inputs = 8, batch = 16, outliers = 0, reach = 30, ...place }: RegressionOptions = {},
): Training<Batch> {
  const [random, data] = generators(seed);
  const model = new Linear(inputs, 1, { random, ...place });
  const truth = Array.from({ length: inputs }, () => random.normal());
  const draw = (): Batch => {
    const x = Float64Array.from({ length: batch * inputs }, () => data.normal());
    const y = Float64Array.from({ length: batch }, (_, b) => {
      const noise = data.normal() * (data.uniform() < outliers ? reach : 1);
      return truth.reduce((sum, weight, i) => sum + weight * x[b * inputs + i], noise);
    });
    return {
      x: tensor(x, { shape: [batch, inputs], dtype: 'float32', ...place }),
      y: tensor(y, { shape: [batch, 1], dtype: 'float32', ...place }),
    };
  };
  return { model, batches: endless(draw), loss: ({ x, y }) => mseLoss(model.forward(x), y) };
}
