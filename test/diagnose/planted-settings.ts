/** The models, tasks and optimizers on which faults are planted: those `diagnose` was tuned on, and those it is tested on. */

import {
  bceWithLogits,
  crossEntropy,
  GELU,
  GRU,
  gainFor,
  huberLoss,
  LayerNorm,
  LeakyReLU,
  Linear,
  Module,
  mseLoss,
  orthogonal,
  type Random,
  RecurrentStack,
  ReLU,
  Residual,
  RNN,
  type RNNNonlinearity,
  Sequential,
  SiLU,
  Tanh,
  type Tensor,
  tensor,
  type Variable,
} from '../../src/index.js';

export interface Batch {
  readonly label: number;
  readonly x: Tensor;
  /** Numbers to be predicted, or class ids. */
  readonly y: Tensor | number[];
  /** Factor on its loss. */
  readonly weight?: number;
}

export interface Problem {
  readonly model: Module;
  readonly batches: readonly Batch[];
  predict(x: Tensor): Variable;
  score(prediction: Variable, y: Batch['y']): Variable;
}

export type OptimizerName = 'sgd' | 'momentum' | 'adam' | 'adamw' | 'rmsprop' | 'adagrad';

/** A model, a task, the optimizers and rates under which it trains well. */
export interface Setting {
  readonly name: string;
  readonly steps: number;
  readonly optimizers: readonly (readonly [OptimizerName, number])[];
  /** Whether inputs of any size come out of the model bounded, and so does the loss: in other units they do not stand out. */
  readonly squashes?: boolean;
  problem(random: Random, exploding: boolean): Problem;
}

/** Batches of a data set. */
export const BATCHES = 16;

const numbers = (n: number, draw: (i: number) => number) =>
  Float32Array.from({ length: n }, (_, i) => draw(i));

/** A fixed data set in batches, made by `draw(label)`. */
function dataset(draw: (label: number) => Omit<Batch, 'label'>): Batch[] {
  return Array.from({ length: BATCHES }, (_, label) => ({ label, ...draw(label) }));
}

/** Layers of `widths`, weights orthogonal times gain, biases 0, an activation between them. */
function perceptron(random: Random, widths: readonly number[], activation: () => Module, gain: number) {
  const layers: Module[] = [];
  for (let i = 1; i < widths.length; i++) {
    const linear = new Linear(widths[i - 1], widths[i], { random });
    const last = i === widths.length - 1;
    linear.weight.assign(orthogonal([widths[i], widths[i - 1]], random, { gain: last ? 1 : gain }));
    linear.bias!.assign(tensor(new Float32Array(widths[i])));
    layers.push(linear);
    if (!last) layers.push(activation());
  }
  return chain(layers);
}

/** Layers one after another that are known at run time only. */
function chain(layers: readonly Module[]): Sequential {
  return new (Sequential as unknown as new (...layers: Module[]) => Sequential)(...layers);
}

/** Depth and gain of an exploding perceptron. */
function widthsOf(
  random: Random,
  exploding: boolean,
  inputs: number,
  width: number,
  outputs: number,
  healthy: number,
) {
  const hidden = exploding ? 14 + random.integer(7) : healthy;
  return [inputs, ...new Array<number>(hidden).fill(width), outputs];
}

class Recurrent extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor(
    random: Random,
    sizes: readonly [number, number, number],
    radius: number,
    nonlinearity: RNNNonlinearity,
  ) {
    super();
    const [inputs, hidden, outputs] = sizes;
    this.rnn = new RNN(inputs, hidden, { random, nonlinearity });
    this.rnn.weightHh.assign(orthogonal([hidden, hidden], random, { gain: radius }));
    this.head = new Linear(hidden, outputs, { random });
  }
}

const squared: Problem['score'] = (prediction, y) => mseLoss(prediction, y as Tensor);
const classified: Problem['score'] = (prediction, y) => crossEntropy(prediction, y as number[]);

/** Regression of a sine of a projection by a tanh perceptron, mean squared error. */
const sineRegression: Setting = {
  name: 'tanh perceptron, sine regression',
  steps: 240,
  optimizers: [
    ['momentum', 0.02],
    ['adam', 3e-3],
    ['sgd', 0.1],
  ],
  problem(random, exploding) {
    const widths = widthsOf(random, exploding, 8, 24, 1, 2);
    const model = perceptron(
      random,
      widths,
      () => new Tanh(),
      exploding ? random.uniform(2.5, 4) : gainFor('tanh'),
    );
    const direction = numbers(8, () => random.normal(0, 0.6));
    const batches = dataset(() => {
      const x = numbers(16 * 8, () => random.normal());
      const y = numbers(16, (i) => {
        let sum = 0;
        for (let j = 0; j < 8; j++) sum += x[8 * i + j] * direction[j];
        return Math.sin(sum) + random.normal(0, 0.1);
      });
      return { x: tensor(x, { shape: [16, 8] }), y: tensor(y, { shape: [16, 1] }) };
    });
    return { model, batches, predict: (x) => model.forward(x), score: squared };
  },
};

/** The sign of the first input of a noisy sequence, as a class that is wrong one time in ten, by a vanilla RNN. */
const latch: Setting = {
  name: 'tanh RNN, latch classification',
  steps: 200,
  optimizers: [
    ['adam', 3e-3],
    ['sgd', 0.1],
    ['momentum', 0.02],
  ],
  squashes: true,
  problem(random, exploding) {
    const time = exploding ? 25 : 12;
    const model = new Recurrent(random, [1, 16, 2], exploding ? random.uniform(2.5, 4) : 1, 'tanh');
    const batches = dataset(() => {
      const signs = Array.from({ length: 16 }, () => random.integer(2));
      const x = numbers(time * 16, (i) => (i < 16 ? 2 * signs[i] - 1 : random.normal(0, 0.1)));
      const y = signs.map((sign) => (random.uniform() < 0.1 ? 1 - sign : sign));
      return { x: tensor(x, { shape: [time, 16, 1] }), y };
    });
    return {
      model,
      batches,
      predict: (x) => model.head.forward(model.rnn.forward(x).last),
      score: classified,
    };
  },
};

/** Gaussian blobs in several classes by a ReLU perceptron, cross-entropy. */
const blobs: Setting = {
  name: 'ReLU perceptron, blob classification',
  steps: 220,
  optimizers: [
    ['sgd', 0.1],
    ['adam', 2e-3],
    ['momentum', 0.02],
  ],
  problem(random, exploding) {
    const widths = widthsOf(random, exploding, 6, 20, 4, 3);
    const model = perceptron(
      random,
      widths,
      () => new ReLU(),
      Math.SQRT2 * (exploding ? random.uniform(1.6, 2.4) : 1),
    );
    const centers = numbers(4 * 6, () => random.normal());
    const batches = dataset(() => {
      const y = Array.from({ length: 20 }, () => random.integer(4));
      const x = numbers(20 * 6, (i) => centers[6 * y[Math.floor(i / 6)] + (i % 6)] + random.normal(0, 0.8));
      return { x: tensor(x, { shape: [20, 6] }), y };
    });
    return { model, batches, predict: (x) => model.forward(x), score: classified };
  },
};

/** The sum of two marked numbers of a sequence by a ReLU RNN, mean squared error (Hochreiter & Schmidhuber 1997). */
const adding: Setting = {
  name: 'ReLU RNN, adding',
  steps: 200,
  optimizers: [
    ['adam', 2e-3],
    ['sgd', 0.02],
    ['momentum', 0.005],
  ],
  problem(random, exploding) {
    const time = exploding ? 20 : 10;
    const model = new Recurrent(random, [2, 20, 1], exploding ? random.uniform(2, 3) : 1, 'relu');
    const batches = dataset(() => {
      const x = new Float32Array(time * 16 * 2);
      const y = new Float32Array(16);
      for (let i = 0; i < 16; i++) {
        const [first, second] = [random.integer(time / 2), time / 2 + random.integer(time / 2)];
        for (let t = 0; t < time; t++) {
          const value = random.uniform();
          const marked = t === first || t === second;
          x[2 * (16 * t + i)] = value;
          x[2 * (16 * t + i) + 1] = marked ? 1 : 0;
          if (marked) y[i] += value;
        }
      }
      return { x: tensor(x, { shape: [time, 16, 2] }), y: tensor(y, { shape: [16, 1] }) };
    });
    return { model, batches, predict: (x) => model.head.forward(model.rnn.forward(x).last), score: squared };
  },
};

/** An autoencoder of points near a plane by a GELU perceptron, Huber loss. */
const autoencoder: Setting = {
  name: 'GELU perceptron, autoencoder',
  steps: 220,
  optimizers: [
    ['adam', 2e-3],
    ['momentum', 0.05],
    ['sgd', 0.2],
  ],
  problem(random, exploding) {
    const widths = widthsOf(random, exploding, 10, 16, 10, 3);
    const model = perceptron(
      random,
      widths,
      () => new GELU(),
      exploding ? random.uniform(2.6, 3.6) : Math.SQRT2,
    );
    const plane = numbers(20, () => random.normal());
    const batches = dataset(() => {
      const codes = numbers(16 * 2, () => random.normal());
      const values = numbers(160, (i) => {
        const [row, j] = [Math.floor(i / 10), i % 10];
        return codes[2 * row] * plane[j] + codes[2 * row + 1] * plane[10 + j] + random.normal(0, 0.1);
      });
      const x = tensor(values, { shape: [16, 10] });
      return { x, y: x };
    });
    return { model, batches, predict: (x) => model.forward(x), score: (p, y) => huberLoss(p, y as Tensor) };
  },
};

/** Two overlapping clouds by logistic regression: classes that cannot be told apart fully. */
const clouds: Setting = {
  name: 'softmax regression, overlapping clouds',
  steps: 240,
  optimizers: [
    ['sgd', 0.3],
    ['adam', 0.02],
    ['momentum', 0.05],
  ],
  problem(random, exploding) {
    const widths = widthsOf(random, exploding, 5, 16, 2, 0);
    const model = perceptron(random, widths, () => new ReLU(), exploding ? random.uniform(2.2, 3.2) : 1);
    const batches = dataset(() => {
      const y = Array.from({ length: 12 }, () => random.integer(2));
      const x = numbers(60, (i) => (2 * y[Math.floor(i / 5)] - 1) * 0.5 + random.normal());
      return { x: tensor(x, { shape: [12, 5] }), y };
    });
    return { model, batches, predict: (x) => model.forward(x), score: classified };
  },
};

/** Rings around the origin by a residual SiLU network, cross-entropy. */
const rings: Setting = {
  name: 'residual SiLU network, rings',
  steps: 220,
  optimizers: [
    ['adamw', 2e-3],
    ['rmsprop', 1e-3],
    ['sgd', 0.05],
  ],
  problem(random, exploding) {
    const blocks = exploding ? 12 + random.integer(6) : 2;
    const gain = exploding ? random.uniform(3, 4) : 1;
    const linear = (inputs: number, outputs: number, factor: number): Linear => {
      const layer = new Linear(inputs, outputs, { random });
      layer.weight.assign(orthogonal([outputs, inputs], random, { gain: factor }));
      return layer;
    };
    const middle = Array.from({ length: blocks }, () => {
      const layers = [new SiLU(), linear(20, 20, gain)];
      return new Residual(exploding ? chain(layers) : chain([new LayerNorm(20), ...layers]));
    });
    const model = chain([linear(3, 20, 1), ...middle, linear(20, 3, 1)]);
    const batches = dataset(() => {
      const y = Array.from({ length: 18 }, () => random.integer(3));
      const x = new Float32Array(54);
      for (let i = 0; i < 18; i++) {
        const point = [random.normal(), random.normal(), random.normal()];
        const length = Math.hypot(...point);
        x.set(
          point.map((value) => (value / length) * (y[i] + 0.5 + random.normal(0, 0.15))),
          3 * i,
        );
      }
      return { x: tensor(x, { shape: [18, 3] }), y };
    });
    return { model, batches, predict: (x) => model.forward(x), score: classified };
  },
};

class Gated extends Module {
  readonly gru: GRU;
  readonly head: Linear;

  constructor(random: Random, hidden: number, gain: number) {
    super();
    this.gru = new GRU(1, hidden, { random });
    const size = [3 * hidden, hidden];
    if (gain !== 1) this.gru.weightHh.assign(orthogonal(size, random, { gain }));
    this.head = new Linear(hidden, 1, { random });
  }
}

/** The next value of a noisy wave by a GRU, mean squared error. */
const wave: Setting = {
  name: 'GRU, next value of a wave',
  steps: 160,
  optimizers: [
    ['adamw', 5e-3],
    ['rmsprop', 2e-3],
    ['momentum', 0.02],
  ],
  problem(random, exploding) {
    const time = exploding ? 40 : 14;
    const model = new Gated(random, 12, exploding ? random.uniform(12, 20) : 1);
    const batches = dataset(() => {
      const x = new Float32Array(time * 12);
      const y = new Float32Array(12);
      for (let i = 0; i < 12; i++) {
        const [phase, speed] = [random.uniform(0, 6), random.uniform(0.3, 0.8)];
        for (let t = 0; t < time; t++) x[12 * t + i] = Math.sin(phase + speed * t) + random.normal(0, 0.05);
        y[i] = Math.sin(phase + speed * time);
      }
      return { x: tensor(x, { shape: [time, 12, 1] }), y: tensor(y, { shape: [12, 1] }) };
    });
    return { model, batches, predict: (x) => model.head.forward(model.gru.forward(x).last), score: squared };
  },
};

/** Whether two of the signs agree, by a LeakyReLU perceptron and logistic loss. */
const agreement: Setting = {
  name: 'LeakyReLU perceptron, agreement of signs',
  steps: 240,
  optimizers: [
    ['adagrad', 0.03],
    ['momentum', 0.03],
    ['adam', 2e-3],
  ],
  problem(random, exploding) {
    const widths = widthsOf(random, exploding, 4, 28, 1, 2);
    const gain = Math.SQRT2 * (exploding ? random.uniform(1.5, 2.2) : 1);
    const model = perceptron(random, widths, () => new LeakyReLU(0.1), gain);
    const batches = dataset(() => {
      const x = numbers(24 * 4, () => random.normal());
      const y = numbers(24, (i) => (x[4 * i] * x[4 * i + 1] > 0 ? 1 : 0));
      return { x: tensor(x, { shape: [24, 4] }), y: [...y] };
    });
    const score: Problem['score'] = (prediction, y) =>
      bceWithLogits(prediction, tensor(y as number[], { shape: [24, 1] }));
    return { model, batches, predict: (x) => model.forward(x), score };
  },
};

class Stacked extends Module {
  readonly stack: RecurrentStack<readonly [RNN, RNN]>;
  readonly head: Linear;

  constructor(random: Random, hidden: number, gain: number) {
    super();
    const layers = [new RNN(1, hidden, { random }), new RNN(hidden, hidden, { random })] as const;
    for (const { weightHh } of layers) weightHh.assign(orthogonal([hidden, hidden], random, { gain }));
    this.stack = new RecurrentStack(layers);
    this.head = new Linear(hidden, 1, { random });
  }
}

/** Whether most of a sequence is positive, by two RNNs one above the other and logistic loss. */
const majority: Setting = {
  name: 'two stacked RNNs, majority of signs',
  steps: 160,
  optimizers: [
    ['rmsprop', 1e-3],
    ['adam', 3e-3],
    ['sgd', 0.1],
  ],
  squashes: true,
  problem(random, exploding) {
    const time = exploding ? 25 : 9;
    const model = new Stacked(random, 12, exploding ? random.uniform(3.5, 5) : 1);
    const batches = dataset(() => {
      const x = numbers(time * 16, () => random.normal());
      const y = Array.from({ length: 16 }, (_, i) => {
        let positive = 0;
        for (let t = 0; t < time; t++) positive += x[16 * t + i] > 0 ? 1 : 0;
        return 2 * positive > time ? 1 : 0;
      });
      return { x: tensor(x, { shape: [time, 16, 1] }), y };
    });
    const score: Problem['score'] = (prediction, y) =>
      bceWithLogits(prediction, tensor(y as number[], { shape: [16, 1] }));
    return {
      model,
      batches,
      predict: (x) => model.head.forward(model.stack.forward(x).last),
      score,
    };
  },
};

/** What the constants of `diagnose` and the strengths of the faults were chosen on, with seeds to 7000 and from 20,000. */
export const tuningSettings: readonly Setting[] = [
  sineRegression,
  latch,
  clouds,
  blobs,
  adding,
  autoencoder,
  wave,
];

/** What it is tested on, with seeds from 7001: models and tasks that no constant was chosen on. */
export const heldOutSettings: readonly Setting[] = [rings, agreement, majority];
