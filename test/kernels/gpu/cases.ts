/*
 * What the kernel tests share: seeded data, blocks, and a norm written independently of the code under test. Naive sums
 * in float64 are that: (3.4e38)^4 and (1.4e-45)^4 both lie well inside its range.
 */

import type { NormDevice } from '../../../kernels/gpu/gpu.js';
import { type BlockLayout, blockLayout, packRanges } from '../../../kernels/gpu/layout.js';

export const DEVICES: readonly NormDevice[] = ['webasm', 'cpu'];
export const POWERS: readonly number[] = [0.5, 1, 1.5, 2, 3, 4, Number.POSITIVE_INFINITY];

export type Random = () => number;

/** Numbers in [0, 1) from a seed (mulberry32). */
export function seeded(seed: number): Random {
  let state = seed >>> 0;
  return () => {
    state = (state + 0x6d2b79f5) >>> 0;
    let bits = Math.imul(state ^ (state >>> 15), state | 1);
    bits ^= bits + Math.imul(bits ^ (bits >>> 7), bits | 61);
    return ((bits ^ (bits >>> 14)) >>> 0) / 2 ** 32;
  };
}

export interface Case {
  readonly block: Float32Array;
  readonly layout: BlockLayout;
}

/** A packed block of tensors, element i of tensor t being value(t, i). */
export function filled(lengths: readonly number[], value: (t: number, i: number) => number): Case {
  const layout = blockLayout(packRanges(lengths));
  const block = new Float32Array(layout.extent);
  layout.tensors.forEach(({ offset, length }, t) => {
    for (let i = 0; i < length; i++) block[offset + i] = value(t, i);
  });
  return { block, layout };
}

export function naiveNorm(values: Float32Array, p: number): number {
  let sum = 0;
  let max = 0;
  for (const value of values) {
    const magnitude = Math.abs(value);
    if (magnitude > max) max = magnitude;
    if (p !== Infinity) sum += p === 2 ? magnitude * magnitude : magnitude ** p;
  }
  return p === Infinity ? max : sum ** (1 / p);
}

export function naiveNorms({ block, layout }: Case, p: number): number[] {
  return layout.tensors.map(({ offset, length }) => naiveNorm(block.subarray(offset, offset + length), p));
}

/** |got − want| / want, with 0 only equal to 0. */
export function relativeError(got: number, want: number): number {
  if (got === want) return 0;
  return want === 0 ? Infinity : Math.abs(got - want) / want;
}
