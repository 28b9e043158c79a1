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
  type Tensor,
  tensor,
  train,
  uniform,
  zeros,
} from '../../../src/index.js';

const STEPS = 50;
const HIDDEN = 32;
const BATCH = 32;

/** What to train: plain data, so that it fits into a message to a worker. */
export interface Job {
  readonly seed: number;
  readonly steps: number;
  readonly backend: 'simd' | 'reference';
}

class Latch extends Module {
  readonly rnn: RNN;
  readonly head: Linear;

  constructor({ seed, backend }: Job) {
    super();
    const random = new Random(seed);
    const bound = 1 / Math.sqrt(HIDDEN);
    this.rnn = new RNN(1, HIDDEN, { random, backend });
    this.rnn.weightHh.assign(orthogonal([HIDDEN, HIDDEN], random, { gain: 1.2, backend }));
    this.rnn.weightIh.assign(uniform([HIDDEN, 1], random, -bound, bound, { backend }));
    this.rnn.bias.assign(zeros([HIDDEN], { backend }));
    this.head = new Linear(HIDDEN, 1, { random, backend });
    this.head.bias!.assign(zeros([1], { backend }));
  }

  forward(x: Tensor) {
    return this.head.forward(this.rnn.forward(x).last);
  }
}

function* latchBatches({ seed, backend }: Job) {
  const random = new Random(seed + 1_000_000_007);
  for (;;) {
    const signs = Array.from({ length: BATCH }, () => (random.uniform() < 0.5 ? -1 : 1));
    const inputs = Float32Array.from({ length: STEPS * BATCH }, () => random.normal(0, 0.1));
    inputs.set(signs);
    yield {
      x: tensor(inputs, { shape: [STEPS, BATCH, 1], backend }),
      y: tensor(signs, { shape: [BATCH, 1], backend }),
    };
  }
}

/** Trains, and tells what really ran, with a hash of the parameters' bytes: the same in every engine. */
export async function trainLatch(job: Job, onStep?: (record: StepRecord) => void) {
  const model = new Latch(job);
  const optimizer = new SGD(model.parameters(), { lr: 0.1, hooks: [clipByGlobalNorm(1)] });
  const { records, backend, normDevice, wallMs } = await train({
    model,
    loss: (model, { x, y }) => mseLoss(model.forward(x), y),
    batches: latchBatches(job),
    optimizer,
    steps: job.steps,
    onStep,
  });
  const hash = await hashOf(model);
  return { hash, steps: records.length, loss: records.at(-1)?.loss, backend, normDevice, wallMs };
}

/** SHA-256 over the bytes of all parameters. */
export async function hashOf(model: Module): Promise<string> {
  const values = model.parameters().map(({ value }) => new Float32Array(value.data()));
  const digest = await crypto.subtle.digest('SHA-256', await new Blob(values).arrayBuffer());
  return Array.from(new Uint8Array(digest), (byte) => byte.toString(16).padStart(2, '0')).join('');
}
