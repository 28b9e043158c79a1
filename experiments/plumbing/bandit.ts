/** A bandit whose rewards have heavy tails, and a policy that learns from them by its gradient (Williams 1992). */

import {
  crossEntropy,
  type GradientHook,
  noGrad,
  Parameter,
  Random,
  SGD,
  scope,
  tensor,
  zeros,
} from '../../src/index.js';

const ARMS = 5;
const PULLS = 8;
const STEPS = 300;
const RATE = 0.5;
/** The chance of noise beyond x falls like x to minus this: it has neither a variance nor a mean. */
const TAIL = 0.7;
const NOISE = 0.3;

/** An arm drawn with the probability that stands there. */
function drawn(chances: ArrayLike<number>, random: Random): number {
  let left = random.uniform();
  for (let arm = 0; arm < chances.length - 1; arm++) {
    left -= chances[arm];
    if (left < 0) return arm;
  }
  return chances.length - 1;
}

/** Noise as likely above as below 0, of Pareto-distributed size. */
function noise(random: Random): number {
  const sign = random.uniform() < 0.5 ? -1 : 1;
  return sign * NOISE * (1 - random.uniform()) ** (-1 / TAIL);
}

/** What a training of the policy came to. */
export interface BanditRun {
  /** The chance it gives the one arm that pays. */
  readonly best: number;
  /** Gradient norms before clipping. */
  readonly norms: readonly number[];
}

/** Trains a softmax policy on `ARMS` arms, of which one pays 1 on average and the others nothing. */
export async function playBandit(seed: number, hooks: readonly GradientHook[]): Promise<BanditRun> {
  const random = new Random(seed);
  const paying = random.integer(ARMS);
  const policy = new Parameter(zeros([1, ARMS]), 'policy');
  const optimizer = new SGD([policy], { lr: RATE, hooks, normDevice: 'simd' });
  const chances = () => noGrad(() => scope(() => policy.softmax().value.data()));
  const each = zeros([PULLS, ARMS]);
  const norms: number[] = [];
  for (let step = 0; step < STEPS; step++) {
    const now = chances();
    const arms = Int32Array.from({ length: PULLS }, () => drawn(now, random));
    const rewards = Float32Array.from(arms, (arm) => (arm === paying ? 1 : 0) + noise(random));
    optimizer.zeroGrad();
    scope(() => {
      const surprise = crossEntropy(policy.add(each), arms, { reduction: 'none' });
      surprise.mul(tensor(rewards)).mean().backward();
    });
    norms.push((await optimizer.step()).normBefore);
  }
  const best = chances()[paying];
  optimizer.release();
  return { best, norms };
}
