/**
 * The workloads that the peers run, on our public API: whole training steps, and clipping alone. Their definitions
 * are written out in README.md; changing a number here measures something else.
 */

import { NormMeter, runHook } from '../src/extend.js';
import {
  Adam,
  clipByGlobalNorm,
  crossEntropy,
  defaultBackend,
  Gradients,
  Linear,
  type MeterDevice,
  Module,
  mseLoss,
  type NormDevice,
  type Optimizer,
  type OptimizerOptions,
  Parameter,
  Random,
  RNN,
  Sequential,
  SGD,
  scope,
  Tanh,
  type Variable,
  zeros,
} from '../src/index.js';
import { wave, waveNumbers } from './wave.js';

/** What a run may choose; the backend is the default one. */
export interface WorkloadOptions {
  /** Where gradient norms are measured; default: as the library chooses. */
  readonly normDevice?: NormDevice;
}

/** A workload that is set up. */
export interface Workload {
  /** One whole step; resolves to its loss, or to the norm where clipping alone is measured. */
  step(): Promise<number>;
  /** What computed. */
  readonly backend: string;
  /** Where the latest norm was measured. */
  readonly normDevice: MeterDevice;
  readonly expected: Expected;
}

/** What the first and the tenth step must give, and how far off a result may be. */
export interface Expected {
  readonly loss1: number;
  readonly loss10: number;
  readonly tolerance: number;
}

/** Layer widths, batch size, and classes to tell apart; none means regression. */
interface MlpShape {
  readonly sizes: readonly number[];
  readonly batch: number;
  readonly classes?: number;
}

/** Width of input and state, time steps, batch size. */
interface RnnShape {
  readonly inputs: number;
  readonly hidden: number;
  readonly time: number;
  readonly batch: number;
}

type Build = (options: WorkloadOptions) => Workload;

/** How far peers' losses may lie apart. */
export const LOSS_TOLERANCE = 1e-4;
/** PyTorch's ε, which every peer adds to the norm. */
const EPS = 1e-6;
/** Draws the weights that are then assigned over. */
const random = new Random(1);

/** Losses of the first and the tenth step on which every peer agrees. */
export const agreedLosses = {
  tiny: [0.588062, 0.516928],
  mlp: [2.449788, 2.375568],
  'mlp-large': [2.906668, 2.47743],
  'rnn-small': [0.839213, 0.464942],
  rnn: [0.529978, 0.494069],
  'rnn-long': [0.536032, 0.501153],
} as const;

const builders = {
  tiny: mlp({ sizes: [2, 16, 16, 1], batch: 32 }, agreedLosses.tiny),
  mlp: mlp({ sizes: [64, 256, 256, 10], batch: 64, classes: 10 }, agreedLosses.mlp),
  'mlp-large': mlp({ sizes: [784, 1024, 1024, 10], batch: 128, classes: 10 }, agreedLosses['mlp-large']),
  'rnn-small': rnn({ inputs: 4, hidden: 16, time: 50, batch: 16 }, agreedLosses['rnn-small']),
  rnn: rnn({ inputs: 8, hidden: 64, time: 100, batch: 32 }, agreedLosses.rnn),
  'rnn-long': rnn({ inputs: 8, hidden: 128, time: 400, batch: 32 }, agreedLosses['rnn-long']),
  'clip-5k': clip(5_000, 5),
  'clip-1m': clip(1_000_000, 20),
  'clip-10m': clip(10_000_000, 50),
} satisfies Record<string, Build>;

/** The name of a workload. */
export type WorkloadName = keyof typeof builders;

/** Every workload, in the order of the peers' table. */
export const workloadNames = Object.keys(builders) as readonly WorkloadName[];

/** Sets a workload up on the default backend. */
export function openWorkload(name: WorkloadName, options: WorkloadOptions = {}): Workload {
  return builders[name](options);
}

/** Weight and bias of layer k of a network (from 0), or of a head that stands in for it. */
function assignLinear({ weight, bias }: Linear, k: number): void {
  weight.assign(wave(weight.shape, k + 1, 1 / Math.sqrt(weight.shape[1])));
  bias?.assign(wave(bias.shape, k + 1.5, 0.1));
}

/** A tanh network: cross-entropy and Adam 1e-3 where there are classes, squared error and SGD 0.05 elsewhere. */
function mlp({ sizes, batch, classes }: MlpShape, losses: readonly [number, number]): Build {
  return ({ normDevice }) => {
    const layers = sizes.slice(1).map((size, k) => new Linear(sizes[k], size, { random }));
    layers.forEach(assignLinear);
    const parts = layers.flatMap((layer, k) => (k < layers.length - 1 ? [layer, new Tanh()] : [layer]));
    const net = new Sequential(...parts);
    const x = wave([batch, sizes[0]], 0.3, 1);
    const settings = { hooks: [clipByGlobalNorm(1, { eps: EPS })], normDevice };
    if (classes) {
      const targets = Int32Array.from({ length: batch }, (_, i) => (i * 7) % classes);
      const optimizer = new Adam(net.parameters(), { lr: 1e-3, ...settings });
      return training(optimizer, () => crossEntropy(net.forward(x), targets), losses);
    }
    const y = wave([batch, sizes[sizes.length - 1]], 0.9, 1);
    const optimizer = new SGD(net.parameters(), { lr: 0.05, ...settings });
    return training(optimizer, () => mseLoss(net.forward(x), y), losses);
  };
}

/** A recurrent layer whose last state a linear head reads. */
class LastState extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor({ inputs, hidden }: RnnShape) {
    super();
    this.rnn = new RNN(inputs, hidden, { random });
    this.head = new Linear(hidden, 1, { random });
    this.rnn.weightIh.assign(wave([hidden, inputs], 1, 1 / Math.sqrt(inputs)));
    this.rnn.weightHh.assign(wave([hidden, hidden], 2, 1 / Math.sqrt(hidden)));
    this.rnn.bias.assign(wave([hidden], 1.5, 0.1));
    assignLinear(this.head, 2);
  }

  forward(x: ReturnType<typeof wave>): Variable {
    return this.head.forward(this.rnn.forward(x).last);
  }
}

/** A vanilla tanh network over `time` steps from state 0: squared error of one number, SGD 0.01. */
function rnn(shape: RnnShape, losses: readonly [number, number]): Build {
  return ({ normDevice }) => {
    const model = new LastState(shape);
    const x = wave([shape.time, shape.batch, shape.inputs], 0.3, 1);
    const y = wave([shape.batch, 1], 0.9, 1);
    const hooks = [clipByGlobalNorm(1, { eps: EPS })];
    const optimizer = new SGD(model.parameters(), { lr: 0.01, hooks, normDevice });
    return training(optimizer, () => mseLoss(model.forward(x), y), losses);
  };
}

/** The whole step of a training: what a user's own loop does, and nothing left out. */
function training(
  optimizer: Optimizer<OptimizerOptions>,
  lossOf: () => Variable,
  [loss1, loss10]: readonly [number, number],
): Workload {
  let normDevice: MeterDevice = 'host';
  return {
    async step() {
      optimizer.zeroGrad();
      const loss = scope(() => {
        const value = lossOf();
        value.backward();
        return value.item();
      });
      ({ normDevice } = await optimizer.step());
      return loss;
    },
    backend: optimizer.parameters[0].value.backend.name,
    get normDevice() {
      return normDevice;
    },
    expected: { loss1, loss10, tolerance: LOSS_TOLERANCE },
  };
}

/** Clipping alone, far below its threshold: the gradients are measured, and none may change. */
function clip(total: number, tensors: number): Build {
  return ({ normDevice }) => {
    const size = Math.floor(total / tensors);
    const parameters = Array.from({ length: tensors }, () => new Parameter(zeros([size])));
    new SGD(parameters, { lr: 0 }); // an optimizer packs what it is given
    for (const [k, parameter] of parameters.entries()) parameter.grad = wave([size], k, 1e-3);
    const meter = new NormMeter(parameters, normDevice);
    const hook = clipByGlobalNorm(1e9, { eps: EPS });
    const context = {
      step: 0,
      lr: 0,
      loss: null,
      parameters,
      groups: [parameters],
      optimizerState: () => ({}),
      optionsOf: () => ({}),
      updatesOf: () => 0,
    };
    const norm = normOfWaves(size, tensors);
    return {
      step: async () => (await runHook(hook, new Gradients(meter), context)).values.norm,
      backend: defaultBackend().name,
      get normDevice() {
        return meter.device;
      },
      expected: { loss1: norm, loss10: norm, tolerance: norm * 1e-6 },
    };
  };
}

/** The norm that clipping must find, in float64. */
function normOfWaves(size: number, tensors: number): number {
  let sum = 0;
  for (let k = 0; k < tensors; k++) for (const v of waveNumbers(size, k, 1e-3)) sum += v * v;
  return Math.sqrt(sum);
}
