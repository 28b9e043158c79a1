/** The ops of the public table, and inputs drawn from their samples. */

import * as ops from '../../src/autograd/ops/index.js';
import * as internal from '../../src/autograd/ops/internal.js';
import type { OpRule, Tensor, Variable } from '../../src/index.js';

export { drawInputs } from '../../src/autograd/check-op.js';

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
