/**
 * Kernels in 256-bit vectors: each is compared with its 128-bit build before its first call, since nobody else has tested what
 * an engine's experimental pass makes of it.
 */

import type { SimdKernels } from '../../../kernels/simd/kernels.js';
import { MANIFOLD, type Unit, unitOfCall } from '../../../kernels/simd/self-check.js';

type Call = (...args: readonly number[]) => number;

/**
 * The kernels of `wide`, each behind a check that its first call runs. When one fails, all become those that `narrow` gives,
 * for good.
 */
export function checkedKernels(
  wide: SimdKernels,
  passes: (unit: Unit) => boolean,
  narrow: () => SimdKernels,
): SimdKernels {
  const kernels: Record<string, Call> = {};
  const fallBack = (): void => {
    Object.assign(kernels, narrow());
  };
  for (const [name, call] of Object.entries(wide) as [keyof SimdKernels, Call][]) {
    kernels[name] = MANIFOLD.has(name)
      ? eachFunction(name, call, passes, fallBack, () => kernels[name])
      : (...args) => {
          if (passes(name)) kernels[name] = call;
          else fallBack();
          return kernels[name](...args);
        };
  }
  return kernels as unknown as SimdKernels;
}

/** A kernel of many functions, which its first argument chooses: each is checked by itself. */
function eachFunction(
  name: keyof SimdKernels,
  call: Call,
  passes: (unit: Unit) => boolean,
  fallBack: () => void,
  now: () => Call,
): Call {
  const checked: boolean[] = [];
  // biome-ignore format: no rest parameter, for these are called more often than any other
  return (op, a, b, c, d, e, f, g, h, i, j, k) => {
    if (checked[op]) return call(op, a, b, c, d, e, f, g, h, i, j, k);
    if (passes(unitOfCall(name, [op]))) checked[op] = true;
    else fallBack();
    return (checked[op] ? call : now())(op, a, b, c, d, e, f, g, h, i, j, k);
  };
}
