/** A guard against losing speed: ratios within one run, far below what is measured, so that noise cannot fail it. */

import { expect, it } from 'vitest';
import {
  clipByGlobalNorm,
  Linear,
  mseLoss,
  Random,
  RNN,
  SGD,
  scope,
  type Tensor,
  uniform,
} from '../../src/index.js';

/** Median time of `runs` calls, in ms, after a few to warm up. */
async function median(runs: number, work: () => unknown): Promise<number> {
  const times: number[] = [];
  for (let i = 0; i < runs + 5; i++) {
    const start = performance.now();
    await work();
    if (i >= 5) times.push(performance.now() - start);
  }
  return times.sort((a, b) => a - b)[runs >> 1];
}

function trainingStep(backend: string): () => Promise<unknown> {
  const random = new Random(1);
  const rnn = new RNN(4, 16, { random, backend });
  const head = new Linear(16, 1, { random, backend });
  const parameters = [...rnn.parameters(), ...head.parameters()];
  const optimizer = new SGD(parameters, { lr: 0.01, hooks: [clipByGlobalNorm(1)] });
  const [x, y] = [
    uniform([50, 16, 4], random, -1, 1, { backend }),
    uniform([16, 1], random, -1, 1, { backend }),
  ];
  return () => {
    optimizer.zeroGrad();
    scope(() => mseLoss(head.forward(rnn.forward(x).last), y).backward());
    return optimizer.step();
  };
}

function product(backend: string): () => Tensor {
  const random = new Random(2);
  const [a, b] = [0, 1].map(() => uniform([128, 128], random, -1, 1, { backend }));
  return () => scope(() => a.matmul(b));
}

it.each([
  ['a recurrent training step', trainingStep, 5],
  ['a matrix product, copied in and out', product, 5],
] as const)('%s on simd takes a fraction of its time on reference', async (_, make, factor) => {
  const [fast, slow] = [make('simd'), make('reference')];
  const [simd, reference] = [await median(40, fast), await median(8, slow)];
  expect(reference / simd).toBeGreaterThan(factor);
});
