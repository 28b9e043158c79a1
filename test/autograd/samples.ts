/** The ops of the public table, and inputs drawn from their samples. */

import * as ops from '../../src/autograd/ops/index.js';
import * as internal from '../../src/autograd/ops/internal.js';
import type { OpRule } from '../../src/extend.js';
import type { Tensor, Variable } from '../../src/index.js';

export { drawInputs } from '../../src/autograd/gradcheck.js';

/** An op's function and rule; `call` gives a list, of one Variable where the op has one output. */
export interface TableEntry {
  readonly name: string;
  readonly rule: OpRule;
  readonly call: (inputs: readonly (Variable | Tensor)[], params: unknown) => readonly Variable[];
}

type AnyOp = ((...args: unknown[]) => Variable | readonly Variable[]) & { readonly rule: OpRule };

function entriesOf(exports: object): TableEntry[] {
  return Object.entries(exports).map(([name, op]: [string, AnyOp]) => {
    const { rule } = op;
    const call: TableEntry['call'] = (inputs, params) =>
      [rule.arity === null ? op(inputs, params) : op(...inputs, params)].flat();
    return { name, rule, call };
  });
}

/** Every op of the public table. */
export const publicTable: readonly TableEntry[] = entriesOf(ops);

/** These, and the ops that layers and losses keep to themselves, unless they are one of the former under another name. */
export const table: readonly TableEntry[] = [
  ...publicTable,
  ...entriesOf(internal).filter(({ rule }) => !publicTable.some((entry) => entry.rule === rule)),
];
