/** The one formula that fills inputs, targets, weights and gradients, the same in every peer's benchmark. */

import { sizeOf } from '../src/extend.js';
import { type Tensor, tensor } from '../src/index.js';

/** Radians from one element to the next: far from every simple fraction of 2π, so that no two rows are alike. */
const STEP = 0.7311;

/** `count` numbers sin(i · 0.7311 + phase) · scale, i = 0, 1, …, rounded once to float32. */
export function waveNumbers(count: number, phase: number, scale: number): Float32Array {
  const numbers = new Float32Array(count);
  for (let i = 0; i < count; i++) numbers[i] = Math.sin(i * STEP + phase) * scale;
  return numbers;
}

/** A tensor of `shape`, filled in row-major order. */
export function wave(shape: readonly number[], phase: number, scale: number): Tensor {
  return tensor(waveNumbers(sizeOf(shape), phase, scale), { shape });
}
