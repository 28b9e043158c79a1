/** What the tests of LSTM and GRU share. */

import { expect } from 'vitest';
import { type Module, type RecurrentOutput, stack, type Tensor, type Variable } from '../../src/index.js';
import { goldenTensor } from '../golden/load.js';
import { expectGolden, golden } from './golden.js';

/** Float32 on each backend. */
export const PLACES = [
  ['simd', { backend: 'simd' }],
  ['reference', { backend: 'reference' }],
] as const;

/** Compares the outputs of a golden case, runs backward from its cotangents, and compares the gradient of x. */
export function expectGoldenRun(name: string, result: RecurrentOutput, x: Variable): void {
  const { inputs, outputs, grads } = golden(name);
  expectGolden(result.output.value, outputs.y);
  expectGolden(result.last.value.reshape([1, 3, 5]), outputs.h);
  const last = result.last.mul(goldenTensor(inputs['cotangent.h']).reshape([3, 5]));
  result.output.mul(goldenTensor(inputs['cotangent.y'])).sum().add(last.sum()).backward();
  expectGolden(x.grad, grads.x);
}

/** A loss that looks at all states, at the first and the last, and at whatever else is given. */
export function lossOn(result: RecurrentOutput, ...others: readonly Variable[]): Variable {
  const terms = [
    result.last.square(),
    result.output.square(),
    result.state(0),
    ...others.map((x) => x.square()),
  ];
  return stack(terms.map((term) => term.sum())).sum();
}

/** States, their gradients, and the gradients of parameters and further leaves, after backward. */
export function numbersOf(result: RecurrentOutput, model: Module, leaves: readonly Variable[]): Tensor[] {
  const states = Array.from({ length: result.steps }, (_, t) => [
    result.state(t).value,
    result.stateGrad(t)!,
  ]);
  return [...states.flat(), ...[...model.parameters(), ...leaves].map(({ grad }) => grad!)];
}

/**
 * Fails unless finite numbers differ by no more than `tolerance`, relative to the largest of their tensor or to 1, and
 * those that are not finite are the same.
 */
export function expectAlike(got: readonly Tensor[], want: readonly Tensor[], tolerance: number): void {
  expect(got.length).toBe(want.length);
  for (const [k, tensor] of got.entries()) {
    expect(tensor.shape).toEqual(want[k].shape);
    const [a, b] = [tensor.data(), want[k].data()];
    const scale = Math.max(1, ...[...b].filter(Number.isFinite).map(Math.abs));
    const far = [...a].filter((x, i) => !Object.is(x, b[i]) && !(Math.abs(x - b[i]) <= tolerance * scale));
    expect(far, `tensor ${k}`).toEqual([]);
  }
}
