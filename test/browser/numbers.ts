/**
 * What training in float32 would hide: an engine's `Math.tanh` may differ from ours in the last bit of a float64, which
 * rounding to float32 nearly always removes. Here random numbers and functions are hashed as they are computed.
 */

import type { UnaryName } from '../../src/extend.js';
import { Random, type Tensor, tensor } from '../../src/index.js';

const COUNT = 4000;
const names: readonly UnaryName[] = ['exp', 'tanh', 'erf', 'sin', 'cos', 'log', 'log1p', 'sqrt'];

/** SHA-256 of normally distributed numbers, and of every function of them, in float64 and on the default backend. */
export async function hashNumbers(): Promise<string> {
  const random = new Random(1);
  const numbers = Float64Array.from({ length: COUNT }, () => random.normal(0, 3));
  const inputs = [
    tensor(numbers, { dtype: 'float64', backend: 'reference' }),
    tensor(new Float32Array(numbers)),
  ];
  const outputs = inputs.flatMap((x) => {
    // Not negative: the bits of a NaN are the engine's business.
    const squares = x.mul(x);
    return names.map((name) => (/log|sqrt/.test(name) ? squares : x).unary(name));
  });
  const bytes = await new Blob([...inputs, ...outputs].map((x: Tensor) => x.data().slice())).arrayBuffer();
  return String(new Uint8Array(await crypto.subtle.digest('SHA-256', bytes)));
}
