/** What `Gradients` and `Updates` share: parameters in one order, each with a name. */

import { described } from './checks.js';

/** Names in the order of the parameters. */
export interface Named {
  readonly names: readonly string[];
}

/** The place of a parameter that is given by its place or its name. Throws an Error that lists the names. */
export function indexOf(caller: string, { names }: Named, which: number | string): number {
  const index = typeof which === 'number' ? which : names.indexOf(which);
  if (Number.isInteger(index) && index >= 0 && index < names.length) return index;
  const wanted =
    typeof which === 'number'
      ? `no parameter ${which}`
      : typeof which === 'string'
        ? `no parameter named '${which}'`
        : `a place or a name is needed, got ${described(which)}`;
  throw new Error(`${caller}: ${wanted}; there are ${names.length}: ${names.join(', ')}`);
}
