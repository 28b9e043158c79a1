/**
 * What an optimizer calls its parameters. A Module writes each parameter's path into its `name` (src/nn/module.ts); an
 * optimizer makes these names unique and keeps them, so that reports, hooks and checkpoints agree on them from then on.
 */

import type { Parameter } from '../autograd/index.js';

/**
 * A name for each parameter, no two alike and none of those that are `taken`. An unnamed parameter is called
 * `parameter 3` by its position, and the second of one name `weight (parameter 3)`: two models may both have a `weight`.
 */
export function namesOf(parameters: readonly Parameter[], taken: readonly string[] = []): readonly string[] {
  const names = new Set(taken);
  for (const [i, { name }] of parameters.entries()) {
    const position = taken.length + i;
    const given = name || `parameter ${position}`;
    names.add(names.has(given) ? `${given} (parameter ${position})` : given);
  }
  return [...names].slice(taken.length);
}
