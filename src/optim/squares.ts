/** Gradients that are finite while their squares are not. */

import type { Gradients } from '../clip/index.js';
import type { DType } from '../tensor/index.js';

/** The largest magnitude whose square is finite; a little less, since a kernel may round upwards. */
const LARGEST: Readonly<Record<DType, number>> = { float32: 1.8446e19, float64: 1.34e154 };

/** Why a step under a rule that squares gradients must be skipped, or null; `norm` is the 2-norm of them all. */
export function tooLargeToSquare(
  rule: string,
  gradients: Gradients,
  norm: number,
): Promise<string | null> | null {
  // No element is larger than the norm of all: the usual step has nothing to wait for. NaN and Infinity are for hooks.
  return norm > LARGEST.float32 && norm < Infinity ? reasonOf(rule, gradients) : null;
}

async function reasonOf(rule: string, gradients: Gradients): Promise<string | null> {
  const largest = await gradients.norms(Number.POSITIVE_INFINITY);
  const names = gradients.names.filter((_, i) => largest[i] > LARGEST[gradients.parameters[i].value.dtype]);
  if (names.length === 0) return null;
  return `gradient of ${names.join(', ')} is too large: its square, which ${rule} remembers, would be infinite; clip it first, as clipByGlobalNorm(1) does`;
}
