/** One update in any order of its stages, made with the library's own pieces. */

import {
  clipGradNorm,
  type Optimizer,
  type OptimizerOptions,
  type Parameter,
  type Tensor,
} from '../../../src/index.js';
import { MICRO, SCALE, type Stage } from './stages.js';

/** What an update is made of. */
export interface Update {
  readonly order: readonly Stage[];
  readonly theta: Parameter;
  readonly optimizer: Optimizer<OptimizerOptions>;
  /** Threshold. */
  readonly c: number;
  readonly decay: number;
  /** The gradient of the k-th micro-batch, times SCALE, at the weights as they are. */
  gradient(k: number): Tensor;
}

/**
 * Makes it; the number of steps taken. What stands before `accumulate` is done to the gradient of every micro-batch, what
 * stands behind it once, to their sum. `check` drops what is not finite.
 */
export async function makeUpdate(update: Update): Promise<number> {
  const { order, theta, gradient } = update;
  const split = order.indexOf('accumulate');
  let sum: Tensor | null = null;
  let steps = 0;
  for (let k = 0; k < MICRO; k++) {
    theta.grad = gradient(k);
    const passed = await pass(order.slice(0, split), update);
    steps += passed.steps;
    if (passed.dropped) continue;
    const { grad } = theta;
    sum = sum === null ? grad!.copy() : sum.add(grad!);
  }
  if (sum === null) return steps;
  theta.grad = sum;
  return steps + (await pass(order.slice(split + 1), update)).steps;
}

async function pass(stages: readonly Stage[], { theta, optimizer, c, decay }: Update) {
  let steps = 0;
  for (const stage of stages) {
    const grad = theta.grad!;
    switch (stage) {
      case 'average':
        theta.grad = grad.mul(1 / MICRO);
        break;
      case 'unscale':
        theta.grad = grad.mul(1 / SCALE);
        break;
      case 'check':
        if (!grad.data().every((value) => Number.isFinite(value))) return { steps, dropped: true };
        break;
      case 'clip':
        await clipGradNorm([theta], c, { eps: 0 });
        break;
      case 'decay':
        theta.grad = grad.add(theta.value.mul(decay));
        break;
      case 'step':
        await optimizer.step();
        steps++;
    }
  }
  return { steps, dropped: false };
}
