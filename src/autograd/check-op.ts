/** An op checked on its own samples: apart from gradcheck, which knows functions alone. */

import { Random, sizeOf, type Tensor, tensor } from '../tensor/index.js';
import type { DType } from '../tensor/view.js';
import { type GradcheckOptions, gradcheck } from './gradcheck.js';
import { applyOp, type OpRule, type Sample } from './op.js';
import { Variable } from './variable.js';

/** Inputs for a sample: shuffled, evenly spaced, so no two are equal and none lies within 1 % of a kink at 0. */
export function drawInputs(
  { shapes, range: [low, high] = [-2, 2], masks }: Sample<unknown>,
  seed: number,
  dtype: DType,
  backend = 'reference',
): Tensor[] {
  const total = shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const grid = Array.from({ length: total }, (_, i) => low + ((i + 0.37) / total) * (high - low));
  new Random(seed).shuffle(grid);
  return shapes.map((shape, i) => {
    const values = grid.splice(0, sizeOf(shape));
    const drawn = masks?.includes(i) ? values.map((v) => (v > (low + high) / 2 ? 1 : 0)) : values;
    return tensor(drawn, { shape, dtype, backend });
  });
}

/**
 * Compares an op's derivative with central differences on each of its samples, in float64; masks are held fixed. Returns
 * the worst relative error; throws an Error that names op, sample, input (masks not counted) and element, if one exceeds
 * the tolerance.
 */
export function checkOp({ rule }: { readonly rule: OpRule }, options: GradcheckOptions = {}): number {
  const errors = rule.samples.map((sample, k) => {
    const inputs = drawInputs(sample, k, 'float64');
    const isFree = (_: unknown, i: number): boolean => !sample.masks?.includes(i);
    const fn = (...free: Variable[]): Variable => {
      const all = inputs.map((input, i) => (isFree(input, i) ? free.shift()! : new Variable(input)));
      return applyOp(rule, all, sample.params);
    };
    try {
      return gradcheck(fn, inputs.filter(isFree), options);
    } catch (error) {
      const { message } = error as Error;
      throw new Error(`checkOp: '${rule.name}', sample ${k}: ${message.replace(/^gradcheck: /, '')}`);
    }
  });
  return Math.max(...errors);
}
