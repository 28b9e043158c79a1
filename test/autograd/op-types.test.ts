/** What the compiler refuses. `tsc` reads this file with all others: an error that is expected and missing is an error. */

import { expect, it } from 'vitest';
import { defineOp, type Tensor, tensor, type Variable, variable } from '../../src/index.js';

type Two = readonly [a: Tensor, b: Tensor];
const samples = [{ shapes: [[2], [2]] }];
const name = 'typed';

/** Definitions that must not compile; they are never run. */
const refused: readonly (() => unknown)[] = [
  () =>
    defineOp<Two>({
      name,
      forward: ([a, b]) => a.mul(b),
      // @ts-expect-error: a rule is missing
      backward: (grad, { inputs: [, b] }) => [() => grad.mul(b)],
      samples,
    }),
  () =>
    defineOp<Two>({
      name,
      forward: ([a, b]) => a.mul(b),
      // @ts-expect-error: a rule too many
      backward: (grad) => [() => grad, () => grad, () => grad],
      samples,
    }),
  () =>
    defineOp<Two>({
      name,
      forward: ([a, b]) => a.mul(b),
      // @ts-expect-error: a Tensor in the place of a rule
      backward: (grad) => [() => grad, grad],
      samples,
    }),
  () =>
    // @ts-expect-error: an op of any number of inputs says variadic: true
    defineOp<readonly Tensor[]>({
      name,
      forward: ([a]) => a,
      backward: (grad, { inputs }) => inputs.map(() => () => grad),
      samples,
    }),
  () =>
    defineOp<Two>({
      name,
      // @ts-expect-error: and one of two inputs does not
      variadic: true,
      forward: ([a]) => a,
      backward: (grad) => [() => grad, () => grad],
      samples,
    }),
  () =>
    // @ts-expect-error: an op of several outputs says so
    defineOp<Two, void, readonly [], readonly [sum: Tensor, difference: Tensor]>({
      name,
      forward: ([a, b]) => [a.add(b), a.sub(b)],
      backward: ([sum]) => [() => sum!, () => sum!],
      samples,
    }),
  () =>
    defineOp<Two, void, readonly [], readonly [sum: Tensor, difference: Tensor]>({
      name,
      severalOutputs: true,
      forward: ([a, b]) => [a.add(b), a.sub(b)],
      // @ts-expect-error: a gradient may be null
      backward: ([sum, difference]) => [() => sum.add(difference), () => sum.sub(difference)],
      samples,
    }),
  () =>
    defineOp<Two, void, readonly [product: Tensor]>({
      name,
      forward: ([a, b], _, save) => {
        // @ts-expect-error: saves what it does not declare
        save();
        return a.mul(b);
      },
      backward: (grad) => [() => grad, () => grad],
      samples,
    }),
];

it('definitions that the compiler refuses stand here', () => {
  expect(refused.length).toBe(8);
});

it('an op of several outputs has as many results, each a Variable', () => {
  const sumAndDifference = defineOp<Two, void, readonly [], readonly [sum: Tensor, difference: Tensor]>({
    name: 'sumAndDifference',
    severalOutputs: true,
    forward: ([a, b]) => [a.add(b), a.sub(b)],
    backward: ([sum, difference], { inputs: [a] }) => {
      const zero = a.mul(0);
      return [() => (sum ?? zero).add(difference ?? zero), () => (sum ?? zero).sub(difference ?? zero)];
    },
    samples,
  });
  const [sum, difference]: [Variable, Variable] = sumAndDifference(variable(tensor([3])), tensor([1]));
  expect([sum.item(), difference.item()]).toEqual([4, 2]);
});
