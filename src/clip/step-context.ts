/** The step that a hook runs in, and what the optimizer remembers of its parameters. */

import type { Parameter } from '../autograd/index.js';
import type { FloatArray } from '../tensor/index.js';

/** The step that is about to be taken. */
export interface StepContext {
  /** Updates applied so far: 0 at the first. */
  readonly step: number;
  /** Learning rate of the first parameter group, now. */
  readonly lr: number;
  /** The loss that the caller passed to `step({ loss })`, or null. */
  readonly loss: number | null;
  readonly parameters: readonly Parameter[];
  /** The same, group by group. */
  readonly groups: readonly (readonly Parameter[])[];
  /** What the optimizer remembers of a parameter (momentum, moments), by name; not to be written. */
  optimizerState(parameter: Parameter): Readonly<Record<string, FloatArray>>;
  /** The options that a parameter is updated under: lr, betas, … */
  optionsOf(parameter: Parameter): Readonly<Record<string, unknown>>;
  /** How often a parameter was updated. */
  updatesOf(parameter: Parameter): number;
}

/** The state that an optimizer keeps of a parameter under one of these names. Throws if it keeps no such state. */
export function stateOf(
  caller: string,
  context: StepContext,
  parameter: Parameter,
  name: string,
): FloatArray {
  const state = context.optimizerState(parameter);
  if (Object.hasOwn(state, name)) return state[name];
  const kept = Object.keys(state).join(', ') || 'nothing';
  throw new Error(`${caller}: needs an optimizer that keeps ${name}, as Adam does; this one keeps ${kept}`);
}
