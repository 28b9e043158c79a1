/** Reference layers and losses from PyTorch, compared in float64 on the reference backend. */

import { expect } from 'vitest';
import { type Parameter, type Tensor, tensor, type Variable } from '../../src/index.js';
import { type GoldenCase, type GoldenTensor, goldenTensor, loadGolden, worstError } from '../golden/load.js';

const { cases } = loadGolden<{ cases: GoldenCase[] }>('layers');

/** The case of that name. */
export function golden(name: string): GoldenCase {
  const found = cases.find((entry) => entry.name === name);
  if (!found) throw new Error(`no golden case '${name}'`);
  return found;
}

/** Fails unless a tensor has the expected shape and numbers, to 1e-9. */
export function expectGolden(actual: Tensor | null, expected: GoldenTensor): void {
  expect(actual?.shape).toEqual(expected.shape);
  expect(worstError(actual!.data(), expected.data)).toBeLessThan(1e-9);
}

/** Copies golden numbers into a parameter. */
export function assign(parameter: Parameter | null, value: GoldenTensor): void {
  parameter!.assign(goldenTensor(value));
}

/** A float64 tensor on the reference backend. */
export function exact(values: Parameters<typeof tensor>[0]): Tensor {
  return tensor(values, { dtype: 'float64', backend: 'reference' });
}

/** Float64 on the reference backend. */
export const EXACT = { dtype: 'float64', backend: 'reference' } as const;

/** Euclidean norm of a tensor's elements. */
export function lengthOf(x: Tensor): number {
  return Math.sqrt([...x.data()].reduce((sum, value) => sum + value * value, 0));
}

/** The gradient of an input after backward. */
export function gradOf(x: Variable): Tensor {
  expect(x.grad).not.toBeNull();
  return x.grad!;
}
