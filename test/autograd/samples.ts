/** The ops of the public table, and inputs drawn from their samples. */

import * as ops from '../../src/autograd/ops/index.js';
import * as internal from '../../src/autograd/ops/internal.js';
import {
  type OpRule,
  Random,
  type Sample,
  sizeOf,
  type Tensor,
  tensor,
  type Variable,
} from '../../src/index.js';
import type { DType } from '../../src/tensor/view.js';

/** An op's function and rule. */
export interface TableEntry {
  readonly name: string;
  readonly rule: OpRule;
  readonly call: (inputs: readonly (Variable | Tensor)[], params: unknown) => Variable;
}

function entriesOf(exports: object): TableEntry[] {
  return Object.entries(exports).map(([name, op]) => {
    const { rule } = op as { rule: OpRule };
    const call = (inputs: readonly (Variable | Tensor)[], params: unknown): Variable =>
      variadic.has(name)
        ? (op as (...args: unknown[]) => Variable)(inputs, params)
        : (op as (...args: unknown[]) => Variable)(...inputs, params);
    return { name, rule, call };
  });
}

const variadic = new Set(['concat', 'stack']);

/** Every op of the public table. */
export const publicTable: readonly TableEntry[] = entriesOf(ops);

/** These, and the ops that layers and losses keep to themselves, unless they are one of the former under another name. */
export const table: readonly TableEntry[] = [
  ...publicTable,
  ...entriesOf(internal).filter(({ rule }) => !publicTable.some((entry) => entry.rule === rule)),
];

/** Inputs for a sample: shuffled, evenly spaced, so no two are equal and none lies within 1 % of a kink at 0. */
export function drawInputs(
  sample: Sample<unknown>,
  seed: number,
  dtype: DType,
  backend = 'reference',
): Tensor[] {
  const random = new Random(seed);
  const [low, high] = sample.range ?? [-2, 2];
  const total = sample.shapes.reduce((sum, shape) => sum + sizeOf(shape), 0);
  const grid = Array.from({ length: total }, (_, i) => low + ((i + 0.37) / total) * (high - low));
  random.shuffle(grid);
  return sample.shapes.map((shape, k) => {
    const values = grid.splice(0, sizeOf(shape));
    const mask = sample.masks?.includes(k);
    return tensor(mask ? values.map((v) => (v > (low + high) / 2 ? 1 : 0)) : values, {
      shape,
      dtype,
      backend,
    });
  });
}
