/** What the tests of clipping share: parameters that hold a given gradient, and a count of kernel launches. */

import { vi } from 'vitest';
import { KernelCache } from '../../kernels/gpu/kernel-cache.js';
import { NormMeter } from '../../src/extend.js';
import {
  type DType,
  Gradients,
  type NormDevice,
  Parameter,
  type StepContext,
  tensor,
} from '../../src/index.js';

/** A parameter of zeros (or `values`) whose gradient is `grad`; null: none. */
export function parameterWith(
  grad: ArrayLike<number> | null,
  {
    name = '',
    dtype = 'float32' as DType,
    backend = 'reference',
    size = grad?.length ?? 0,
    values = new Array<number>(size).fill(0),
  } = {},
): Parameter {
  const options = { dtype, backend, shape: [size] };
  const parameter = new Parameter(tensor(values, options), name);
  if (grad) parameter.grad = tensor(grad, options);
  return parameter;
}

/** The numbers of a gradient. */
export function gradOf(parameter: Parameter): number[] {
  return [...parameter.grad!.data()];
}

/** Gradients of parameters given by hand. */
export function gradientsOf(parameters: readonly Parameter[], device?: NormDevice): Gradients {
  return new Gradients(new NormMeter(parameters, device));
}

/** A context for hooks called by hand. */
export const context: StepContext = {
  step: 0,
  lr: 0.1,
  loss: null,
  parameters: [],
  groups: [],
  optimizerState: () => ({}),
  optionsOf: () => ({}),
  updatesOf: () => 0,
};

/** Euclidean norm in float64, written independently of the code under test. */
export function norm2(...vectors: readonly ArrayLike<number>[]): number {
  const all = vectors.flatMap((vector) => Array.from(vector));
  const max = Math.max(0, ...all.map(Math.abs));
  return max === 0 ? 0 : max * Math.sqrt(all.reduce((sum, x) => sum + (x / max) ** 2, 0));
}

/** Counts kernel launches and compilations from now on, until `vi.restoreAllMocks()`. */
export function countLaunches(): { launches(): number; compiled(): number } {
  const spy = vi.spyOn(KernelCache.prototype, 'run');
  return {
    launches: () => spy.mock.calls.length,
    compiled: () => Math.max(0, ...spy.mock.contexts.map((cache) => (cache as KernelCache).compiled)),
  };
}
