/** The vectors of test/golden/clip.json, and parameters that hold their gradients. */

import { expect } from 'vitest';
import { type NestedArray, Parameter, type Tensor, tensor } from '../../src/index.js';
import { type GoldenNumber, loadGolden, worstError } from '../golden/load.js';

export type Nested = GoldenNumber | readonly Nested[];
type Named = Readonly<Record<string, Nested>>;

export interface ClipCase {
  readonly name: string;
  readonly tier?: string;
  readonly inputs: Named & {
    readonly grads: readonly (Nested | null)[];
    readonly dtype?: 'float32' | 'float64';
  };
  readonly params: Readonly<Record<string, number>> & { readonly norm_type?: GoldenNumber };
  readonly expected: Named & {
    readonly grads: readonly (Nested | null)[];
    readonly total_norm: GoldenNumber;
  };
}

/** All of test/golden/clip.json by name. */
export const cases = new Map(loadGolden<ClipCase[]>('clip').map((golden) => [golden.name, golden]));

/** The case of a name. */
export function golden(name: string): ClipCase {
  return cases.get(name)!;
}

function numbers(nested: Nested): NestedArray {
  return Array.isArray(nested) ? nested.map(numbers) : Number(nested);
}

/** Nested numbers, NaN and infinities as strings, as a tensor on the reference backend. */
export function goldenTensor(nested: Nested, dtype: 'float32' | 'float64' = 'float64'): Tensor {
  return tensor(numbers(nested), { dtype, backend: 'reference' });
}

/** A parameter of zeros with this gradient. */
export function withGrad(grad: Nested, dtype?: 'float32' | 'float64'): Parameter {
  const value = goldenTensor(grad, dtype);
  const parameter = new Parameter(value.mul(0));
  parameter.grad = value;
  return parameter;
}

/** Compares gradients with nested numbers; null: none. */
export function expectGrads(
  parameters: readonly Parameter[],
  expected: readonly (Nested | null)[],
  tolerance = 1e-9,
) {
  for (const [i, { grad }] of parameters.entries()) {
    if (expected[i] === null) expect(grad).toBeNull();
    else expect(worstError(grad!.data(), [expected[i]].flat(9) as GoldenNumber[])).toBeLessThan(tolerance);
  }
}
