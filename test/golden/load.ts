/** Reads the reference values from PyTorch that lie beside this file. */

import { readFileSync } from 'node:fs';
import { type Tensor, tensor } from '../../src/index.js';

/** A number as the files write it: NaN and infinities are strings. */
export type GoldenNumber = number | string;

/** A tensor as the files write it, row-major. */
export interface GoldenTensor {
  readonly shape: readonly number[];
  readonly data: readonly GoldenNumber[];
}

/** One case of ops.json or layers.json. */
export interface GoldenCase {
  readonly name: string;
  readonly kind: string;
  readonly params: Readonly<Record<string, unknown>>;
  readonly state?: Readonly<Record<string, GoldenTensor>>;
  readonly inputs: Readonly<Record<string, GoldenTensor>>;
  readonly outputs: Readonly<Record<string, GoldenTensor>>;
  readonly grads: Readonly<Record<string, GoldenTensor>>;
}

/** The parsed content of one file. */
export function loadGolden<T>(name: string): T {
  return JSON.parse(readFileSync(new URL(`./${name}.json`, import.meta.url), 'utf8')) as T;
}

/** A golden tensor as a float64 tensor. */
export function goldenTensor({ shape, data }: GoldenTensor): Tensor {
  return tensor(data.map(Number), { shape, dtype: 'float64', backend: 'reference' });
}

/** Largest |a − b| / max(1, |b|); equal non-finite numbers count as 0, others as Infinity. */
export function worstError(actual: ArrayLike<number>, expected: readonly GoldenNumber[]): number {
  if (actual.length !== expected.length) return Infinity;
  let worst = 0;
  for (let i = 0; i < actual.length; i++) {
    const want = Number(expected[i]);
    if (Object.is(actual[i], want) || actual[i] === want) continue;
    const error = Math.abs(actual[i] - want) / Math.max(1, Math.abs(want));
    worst = Math.max(worst, Number.isNaN(error) ? Infinity : error);
  }
  return worst;
}
