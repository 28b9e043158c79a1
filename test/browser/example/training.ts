/** A training that runs anywhere: a recurrent network learns to remember a sign through 50 steps of noise. */

import {
  clipByGlobalNorm,
  Linear,
  Module,
  mseLoss,
  orthogonal,
  Random,
  RNN,
  SGD,
  type StepRecord,
  setDefaultBackend,
  type Tensor,
  tensor,
  train,
} from '../../../src/index.js';

const STEPS = 50;
const HIDDEN = 32;
const BATCH = 32;

class Latch extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor(random: Random) {
    super();
    this.rnn = new RNN(1, HIDDEN, { random });
    this.rnn.weightHh.assign(orthogonal([HIDDEN, HIDDEN], random, { gain: 1.2 }));
    this.head = new Linear(HIDDEN, 1, { random });
  }

  forward(x: Tensor) {
    return this.head.forward(this.rnn.forward(x).last);
  }
}

function* latchBatches(random: Random) {
  for (;;) {
    const signs = Array.from({ length: BATCH }, () => (random.uniform() < 0.5 ? -1 : 1));
    const noise = Array.from({ length: (STEPS - 1) * BATCH }, () => random.normal(0, 0.1));
    yield {
      x: tensor([...signs, ...noise], { shape: [STEPS, BATCH, 1] }),
      y: tensor(signs, { shape: [BATCH, 1] }),
    };
  }
}

/** What to train; everything in a message must be plain data. */
export interface Job {
  readonly seed: number;
  readonly steps: number;
  readonly backend: 'simd' | 'reference';
}

/** Trains, and returns what really ran with a hash of the parameters' bytes: the same on every machine. */
export async function trainLatch({ seed, steps, backend }: Job, onStep?: (record: StepRecord) => void) {
  setDefaultBackend(backend);
  const model = new Latch(new Random(seed));
  const optimizer = new SGD(model.parameters(), { lr: 0.1, hooks: [clipByGlobalNorm(1)] });
  const result = await train({
    model,
    loss: (model, { x, y }) => mseLoss(model.forward(x), y),
    batches: latchBatches(new Random(seed + 1)),
    optimizer,
    steps,
    onStep,
  });
  const bytes = await new Blob([...model.parameters()].map(({ value }) => value.toFloat32Array())).arrayBuffer();
  const digest = new Uint8Array(await crypto.subtle.digest('SHA-256', bytes));
  return {
    hash: Array.from(digest, (byte) => byte.toString(16).padStart(2, '0')).join(''),
    steps: result.records.length,
    loss: result.records.at(-1)?.loss,
    backend: result.backend,
    normDevice: result.normDevice,
    wallMs: result.wallMs,
  };
}
