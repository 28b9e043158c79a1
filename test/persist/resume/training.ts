/** A training that saves itself after every step, to be killed at any moment and started again; see resume.test.ts. */

import { existsSync } from 'node:fs';
import {
  Adam,
  autoClip,
  clipByGlobalNorm,
  Dropout,
  Linear,
  Module,
  mseLoss,
  Random,
  RNN,
  skipSpikes,
  type Tensor,
  tensor,
  train,
  type Variable,
} from '../../../src/index.js';
import { loadCheckpoint, saveCheckpoint } from '../../../src/node.js';

const [path, steps] = [process.argv[2], Number(process.argv[3])];
const [T, B, HIDDEN] = [20, 16, 24];

/** Remembers the sign of its first input over T steps of noise. */
class Latch extends Module {
  readonly rnn: RNN;
  readonly dropout: Dropout;
  readonly head: Linear;

  constructor(random: Random, dropout: Random) {
    super();
    this.rnn = new RNN(1, HIDDEN, { random });
    this.dropout = new Dropout(0.2, { random: dropout });
    this.head = new Linear(HIDDEN, 1, { random });
  }

  forward(x: Tensor): Variable {
    return this.head.forward(this.dropout.forward(this.rnn.forward(x).last));
  }
}

function* batches(random: Random): Generator<{ readonly x: Tensor; readonly y: Tensor }> {
  for (;;) {
    const y = Float32Array.from({ length: B }, () => (random.uniform() < 0.5 ? -1 : 1));
    const x = Float32Array.from({ length: T * B }, () => random.normal(0, 0.1));
    x.set(y);
    yield { x: tensor(x, { shape: [T, B, 1] }), y: tensor(y, { shape: [B, 1] }) };
  }
}

const others = { batches: new Random(2), dropout: new Random(3) };
const model = new Latch(new Random(1), others.dropout);
const optimizer = new Adam(model.parameters(), {
  lr: (step) => 0.01 / (1 + step / 50),
  amsgrad: true,
  hooks: [skipSpikes(2, { window: 20 }), autoClip(50), clipByGlobalNorm(0.5)],
  normDevice: 'simd',
});
const parts = { model, optimizer, others };
const losses: number[] = [];
let startStep = 0;
if (existsSync(path)) {
  const { step, data } = loadCheckpoint(path, parts);
  startStep = step;
  losses.push(...(data as number[]));
}

await train({
  model,
  optimizer,
  steps,
  startStep,
  batches: batches(others.batches),
  loss: (latch, { x, y }) => mseLoss(latch.forward(x), y),
  onStep: ({ step, loss }) => {
    losses.push(loss);
    process.stdout.write(`${step}\n`);
  },
  saveEvery: 1,
  save: (step) => saveCheckpoint(path, { ...parts, step, data: losses }),
});

// What the run ended with, told without the help of a checkpoint.
const state = optimizer.state();
const bits = (tensors: Readonly<Record<string, Tensor>>) =>
  Object.keys(tensors)
    .sort()
    .map((name) => [name, Buffer.from(tensors[name].data().buffer).toString('hex')]);
const { tensors, ...rest } = state;
process.stdout.write(
  `${JSON.stringify({
    losses,
    model: bits(model.stateDict()),
    moments: bits(tensors),
    rest,
    next: Object.values(others).map((random) => [random.uniform(), random.normal()]),
  })}\n`,
);
