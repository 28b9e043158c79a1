/**
 * The latch's network and data, and the gradient of its hidden states along time. A vanilla RNN whose recurrent
 * matrix is orthogonal or the identity, times ρ: all its singular values and the modulus of all its eigenvalues are ρ.
 */

import {
  eye,
  Linear,
  Module,
  mseLoss,
  orthogonal,
  Random,
  type RecurrentOutput,
  RNN,
  type RNNNonlinearity,
  scope,
  type Tensor,
  tensor,
  uniform,
  type Variable,
} from '../../src/index.js';
import type { DemoConfig, Training } from '../demo.js';

/** Time steps: the sign, then noise. */
export const STEPS = 50;
/** Hidden units. */
export const HIDDEN = 32;
const BATCH = 32;
/** Inputs [T, batch, 1] and the signs to be remembered [batch, 1]. */
export interface LatchBatch {
  readonly x: Tensor;
  readonly y: Tensor;
}

/** How the weights of a seed start. */
export interface Start {
  /** What the recurrent matrix is before it is multiplied by ρ. */
  readonly recurrent: 'orthogonal' | 'identity';
  /** Input weights lie evenly between this and its negative. */
  readonly inputBound: number;
  /** Whether the batches of a seed are kept for its next training, at 6 kB a batch. */
  readonly keepBatches: boolean;
}

const LATCH_START: Start = { recurrent: 'orthogonal', inputBound: 1 / Math.sqrt(HIDDEN), keepBatches: false };

/** RNN and linear head. */
export class LatchModel extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor(random: Random, rho: number, nonlinearity: RNNNonlinearity, start: Start, backend: string) {
    super();
    const bound = start.inputBound;
    this.rnn = new RNN(1, HIDDEN, { random, nonlinearity, backend });
    this.rnn.weightHh.assign(
      start.recurrent === 'identity'
        ? eye(HIDDEN, { backend }).mul(rho)
        : orthogonal([HIDDEN, HIDDEN], random, { gain: rho, backend }),
    );
    this.rnn.weightIh.assign(uniform([HIDDEN, 1], random, -bound, bound, { backend }));
    this.rnn.bias.assign(tensor(new Float32Array(HIDDEN), { shape: [HIDDEN], backend }));
    this.head = new Linear(HIDDEN, 1, { random, backend });
    this.head.bias!.assign(tensor([0], { backend }));
  }

  forward(x: Tensor): { states: RecurrentOutput; output: Variable } {
    const states = this.rnn.forward(x);
    return { states, output: this.head.forward(states.last) };
  }
}

/** A batch as it was drawn: inputs and signs. */
interface Drawn {
  readonly x: Float32Array;
  readonly y: Float32Array;
}

function* drawn(seed: number): Generator<Drawn> {
  const random = new Random(seed + 1_000_000_007);
  for (;;) {
    const y = Float32Array.from({ length: BATCH }, () => (random.uniform() < 0.5 ? -1 : 1));
    const x = Float32Array.from({ length: STEPS * BATCH }, () => random.normal(0, 0.1));
    x.set(y);
    yield { x, y };
  }
}

/** The batches of the last seed that was asked for, and where its next ones come from. */
let kept = { seed: Number.NaN, batches: [] as Drawn[], source: drawn(0) };

/** The same as `drawn`, for whoever trains on one seed again and again: drawing is a quarter of a training's time. */
function* drawnOnce(seed: number): Generator<Drawn> {
  if (kept.seed !== seed) kept = { seed, batches: [], source: drawn(seed) };
  const { batches, source } = kept;
  for (let i = 0; ; i++) {
    if (i === batches.length) batches.push(source.next().value as Drawn);
    yield batches[i];
  }
}

function* latchBatches(source: Iterable<Drawn>, backend: string): Generator<LatchBatch> {
  for (const { x, y } of source)
    yield {
      x: tensor(x, { shape: [STEPS, BATCH, 1], backend }),
      y: tensor(y, { shape: [BATCH, 1], backend }),
    };
}

/** A latch training also watches the last hidden state, on which the stability of the output layer hangs. */
export interface LatchTraining extends Training<LatchBatch> {
  readonly model: LatchModel;
  /** Mean over the batch of ‖h_T‖², by step. */
  readonly squaredStates: number[];
}

/** A training from the weights and data of the seed; `rho` may differ from the configured one. */
export function startLatch(
  { seed, backend, own }: DemoConfig,
  rho = Number(own.rho),
  start: Start = LATCH_START,
): LatchTraining {
  const model = new LatchModel(new Random(seed), rho, own.activation as RNNNonlinearity, start, backend);
  const squaredStates: number[] = [];
  return {
    model,
    squaredStates,
    batches: latchBatches(start.keepBatches ? drawnOnce(seed) : drawn(seed), backend),
    loss({ x, y }) {
      const { states, output } = model.forward(x);
      const last = states.last.value;
      squaredStates.push(last.mul(last).sum().item() / BATCH);
      return mseLoss(output, y);
    },
  };
}

/** The first batch of a seed. */
export function firstBatch(training: LatchTraining): LatchBatch {
  return training.batches[Symbol.iterator]().next().value as LatchBatch;
}

/** Gradients at the very first step, before any update. */
export interface FirstGradients {
  /** ‖∂L/∂h_t‖ for every t. */
  readonly hidden: readonly number[];
  /** Norm of the gradient of all parameters together. */
  readonly total: number;
}

/** Of the weights and the first batch of a training, which must not have begun. */
export function firstGradients(training: LatchTraining): FirstGradients {
  const { model } = training;
  const { x, y } = firstBatch(training);
  return scope(() => {
    const { states, output } = model.forward(x);
    mseLoss(output, y).backward();
    const hidden = Array.from({ length: STEPS }, (_, t) => normOf(states.stateGrad(t)!));
    return { hidden, total: Math.hypot(...model.parameters().map(({ grad }) => normOf(grad!))) };
  });
}

function normOf(tensor: Tensor): number {
  const exact = tensor.to('float64');
  return Math.sqrt(exact.mul(exact).sum().item());
}

/** Growth of ‖∂L/∂h_t‖ per step backwards in time: smallest, mean, largest. */
export function growthOf(norms: readonly number[]) {
  const ratios = norms.slice(1).map((norm, t) => norms[t] / norm);
  const steps = ratios.length;
  return {
    min: Math.min(...ratios),
    mean: (norms[0] / norms[steps]) ** (1 / steps),
    max: Math.max(...ratios),
  };
}
