/** Runs with a fault planted in them, or none, made from a seed. */

import { type LoggedStep, loggedStep } from '../../../src/diagnose/index.js';
import {
  clipByGlobalNorm,
  gainFor,
  Linear,
  Module,
  mseLoss,
  orthogonal,
  Random,
  SGD,
  type Tensor,
  tanh,
  tensor,
  trainSteps,
  type Variable,
} from '../../../src/index.js';
import { FAULTS, type Fault, RUNS } from './faults.js';

/** A run, and what is known of it. */
export interface BlindRun {
  readonly fault: Fault;
  /** What was planted, in a sentence. */
  readonly how: string;
  /** The norm it was clipped at; null where it was not. */
  readonly threshold: number | null;
  readonly log: readonly LoggedStep[];
}

const STEPS = 160;
const BATCHES = 16;
const ROWS = 16;
const INPUTS = 8;
const WIDTH = 24;
const RATE = 0.02;
const MOMENTUM = 0.9;

interface Batch {
  readonly label: number;
  readonly x: Tensor;
  readonly y: Tensor;
}

/** A tanh network; a gain above the right one lets its gradients grow from layer to layer. */
class Network extends Module {
  readonly layers: readonly Linear[];

  constructor(random: Random, hidden: number, gain: number) {
    super();
    const widths = [INPUTS, ...Array.from({ length: hidden }, () => WIDTH), 1];
    this.layers = widths.slice(1).map((width, i) => {
      const layer = new Linear(widths[i], width, { random });
      layer.weight.assign(orthogonal([width, widths[i]], random, { gain: i === hidden ? 1 : gain }));
      layer.bias!.assign(tensor(new Float32Array(width)));
      return layer;
    });
  }

  forward(x: Tensor): Variable {
    let h: Tensor | Variable = x;
    for (const layer of this.layers.slice(0, -1)) h = tanh(layer.forward(h));
    return this.layers[this.layers.length - 1].forward(h);
  }
}

/** The sine of a projection, in batches that come back every epoch. */
function dataOf(random: Random, spoilt: ReadonlyMap<number, number>): readonly Batch[] {
  const direction = Array.from({ length: INPUTS }, () => random.normal(0, 0.6));
  return Array.from({ length: BATCHES }, (_, label) => {
    const unit = spoilt.get(label) ?? 1;
    const x = Float32Array.from({ length: ROWS * INPUTS }, () => random.normal());
    const y = Float32Array.from({ length: ROWS }, (_, row) => {
      const along = direction.reduce((sum, d, i) => sum + d * x[row * INPUTS + i], 0);
      return unit * (Math.sin(along) + random.normal(0, 0.1));
    });
    return { label, x: tensor(x, { shape: [ROWS, INPUTS] }), y: tensor(y, { shape: [ROWS, 1] }) };
  });
}

function* epochs(random: Random, batches: readonly Batch[]): Generator<Batch> {
  for (;;) yield* random.shuffle([...batches]);
}

/** log Σ exp(k·|p|) without the maximum taken out: infinite in float32 once an entry passes 88. */
function naiveLogSumExp(prediction: Variable, factor: number): Variable {
  return prediction.square().sqrt().mul(factor).exp().sum().log().mul(1e-6);
}

/** Trains with a fault. */
async function runOf(fault: Fault, seed: number): Promise<BlindRun> {
  const random = new Random(seed);
  // Unclipped, a network does not outlive its first spoilt batch; a deep one that is clipped shows the threshold first.
  const isClipped = fault === 'data' || (fault !== 'conditioning' && random.uniform() < 0.5);
  const threshold = isClipped ? 2 * 3 ** random.uniform() : null;
  const spoilt = new Map<number, number>();
  let [how, rate, onset] = ['Nothing was planted.', RATE, Number.POSITIVE_INFINITY];
  let [hidden, gain] = [2, gainFor('tanh')];
  if (fault === 'data') {
    const unit = 30 * 4 ** random.uniform();
    for (let k = 0; k <= random.integer(2); k++) spoilt.set(random.integer(BATCHES), unit);
    how = `The targets of batch ${[...spoilt.keys()].join(' and ')} are ${unit.toFixed(0)} times too large.`;
  } else if (fault === 'learning-rate') {
    const factor = 40 * 3 ** random.uniform();
    rate = RATE * factor;
    how = `The learning rate is ${factor.toFixed(0)} times the one that works.`;
  } else if (fault === 'numerics') {
    onset = 40 + random.integer(STEPS - 60);
    how = `From step ${onset} on an exp overflows in float32.`;
  } else if (fault === 'conditioning') {
    hidden = 14 + random.integer(5);
    gain = random.uniform(3, 3.5);
    how = `The initial weights of ${hidden} layers have a gain of ${gain.toFixed(1)} instead of 1.7.`;
  }
  const model = new Network(random, hidden, gain);
  const optimizer = new SGD(model.parameters(), {
    lr: rate,
    momentum: MOMENTUM,
    hooks: [clipByGlobalNorm(threshold ?? Number.POSITIVE_INFINITY, { nonFinite: 'skip' })],
    normDevice: 'simd',
  });
  let label = 0;
  let factor = 0;
  const log: LoggedStep[] = [];
  const steps = trainSteps({
    model,
    optimizer,
    steps: STEPS,
    batches: epochs(random, dataOf(random, spoilt)),
    loss: (_, batch, step) => {
      label = batch.label;
      const prediction = model.forward(batch.x);
      const loss = mseLoss(prediction, batch.y);
      if (step < onset) return loss;
      // Just out of range at first, and now and then behind it.
      if (step === onset) factor = 89 / Math.max(...prediction.value.data().map(Math.abs));
      return loss.add(naiveLogSumExp(prediction, factor));
    },
  });
  for await (const record of steps) log.push(loggedStep(record, label));
  optimizer.release();
  return { fault, how, threshold, log };
}

/** Four runs from a seed, of faults that differ. */
export async function blindRuns(seed: number): Promise<readonly BlindRun[]> {
  const random = new Random(seed);
  const faults = random.shuffle(Object.keys(FAULTS) as Fault[]).slice(0, RUNS);
  const runs: BlindRun[] = [];
  for (const fault of faults) runs.push(await runOf(fault, random.integer(2 ** 31)));
  return runs;
}
