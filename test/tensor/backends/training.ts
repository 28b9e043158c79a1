/**
 * Run by simd-training.test.ts: trains a network and a recurrent one for 20 steps, with options given as JSON, and prints
 * what came out. Ends by itself, or the test fails.
 */

import {
  Adam,
  clipByGlobalNorm,
  configureSimd,
  crossEntropy,
  Linear,
  type Module,
  mseLoss,
  Random,
  RNN,
  Sequential,
  SGD,
  scope,
  Tanh,
  uniform,
  type Variable,
} from '../../../src/index.js';
import { simd } from '../../../src/tensor/backends/simd.js';

const STEPS = 20;

configureSimd(JSON.parse(process.argv[2]));
simd.memory.mark();
simd.pool?.start();
const patience = performance.now() + 10_000;
while (simd.pool && simd.pool.ready < simd.pool.threads - 1 && performance.now() < patience) {
  await new Promise((resolve) => setTimeout(resolve, 1));
}

/** All parameters, as one list of bits. */
function bitsOf(...modules: readonly Module[]): string {
  const numbers = modules.flatMap((module) => module.parameters().flatMap(({ value }) => [...value.data()]));
  let hash = 0;
  for (const bits of new Int32Array(Float32Array.from(numbers).buffer))
    hash = (Math.imul(hash, 31) + bits) | 0;
  return `${numbers.length} ${hash}`;
}

async function train(optimizer: Adam | SGD, loss: () => Variable) {
  let last = { loss: 0, norm: 0, device: '' };
  for (let step = 0; step < STEPS; step++) {
    optimizer.zeroGrad();
    const value = scope(() => {
      const output = loss();
      output.backward();
      return output.value.item();
    });
    const report = await optimizer.step();
    last = { loss: value, norm: report.normBefore ?? 0, device: report.normDevice ?? '' };
  }
  return last;
}

const random = new Random(7);
const x = uniform([64, 256], random, -1, 1);
const classes = Int32Array.from({ length: 64 }, (_, i) => (i * 7) % 10);
const mlp = new Sequential(
  new Linear(256, 512, { random }),
  new Tanh(),
  new Linear(512, 512, { random }),
  new Tanh(),
  new Linear(512, 10, { random }),
);
const hooks = [clipByGlobalNorm(0.5)];
const mlpOptimizer = new Adam(mlp.parameters(), { lr: 1e-3, hooks, normDevice: 'simd' });
const mlpEnd = await train(mlpOptimizer, () => crossEntropy(mlp.forward(x), classes));

const sequence = uniform([30, 33, 8], random, -1, 1);
const wanted = uniform([33, 1], random, -1, 1);
const rnn = new RNN(8, 64, { random });
const head = new Linear(64, 1, { random });
// gpu.js reads gradients out of shared memory here.
const rnnOptimizer = new SGD([...rnn.parameters(), ...head.parameters()], { lr: 0.1, momentum: 0.9, hooks });
const rnnEnd = await train(rnnOptimizer, () => mseLoss(head.forward(rnn.forward(sequence).last), wanted));

const shared = mlp.parameters()[0].value.view().data.buffer instanceof SharedArrayBuffer;
console.log(
  JSON.stringify({
    ...{ mlp: bitsOf(mlp), rnn: bitsOf(rnn, head), shared, served: simd.pool?.served ?? 0 },
    ...{ mlpEnd, rnnEnd, values: [mlpEnd.loss, mlpEnd.norm, rnnEnd.loss, rnnEnd.norm] },
  }),
);
