/** The orders of a step: which of them the bench of lesson 9 finds right. */

import { expect, it } from 'vitest';
import session, { type Bench } from '../../lab/lessons/09-order/session.js';
import { RIGHT, type Stage } from '../../lab/lessons/09-order/stages.js';

const ordersOf = (stages: readonly Stage[]): Stage[][] =>
  stages.length === 0
    ? [[]]
    : stages.flatMap((stage) =>
        ordersOf(stages.filter((other) => other !== stage)).map((rest) => [stage, ...rest]),
      );

const isRight = ({ steps, gain, longest, turned, decay, clippedDecay, finite }: Bench): boolean =>
  steps === 1 &&
  finite &&
  turned < 1e-6 &&
  [gain, longest, decay, clippedDecay].every((x) => Math.abs(x - 1) < 1e-6);

/** What lesson 9 says in words. */
const isSaid = (order: readonly Stage[]): boolean => {
  const before = (a: Stage, b: Stage): boolean => order.indexOf(a) < order.indexOf(b);
  const whole = (['accumulate', 'average', 'unscale'] as const).every((stage) => before(stage, 'clip'));
  return whole && before('clip', 'decay') && order[6] === 'step';
};

it('of the 5,040 orders 36 do no damage: those that clip the whole gradient, decay behind it, and step last', async () => {
  const orders = ordersOf(RIGHT);
  expect([orders.length, orders.filter(isSaid).length]).toEqual([5040, 36]);
  // Those that are said to be right, and every 20th of the others, of which each lacks something.
  const looked = orders.filter((order, k) => isSaid(order) || k % 20 === 0);
  for (const order of looked)
    expect([order, isRight(await session.calls.bench(order.join()))]).toEqual([order, isSaid(order)]);
});
