/**
 * Updates: what stands behind an optimizer's rule. Separate from Gradients because an update is known only once the
 * rule has run: it is the difference that the rule made.
 */

import type { Parameter } from '../autograd/index.js';
import { type FloatArray, longLived, type Tensor } from '../tensor/index.js';
import type { StepContext } from './hook.js';
import { hostNorm } from './host-norm.js';

/** What one step of an optimizer did to each parameter that had a gradient; weight decay is part of it. */
export class Updates {
  readonly parameters: readonly Parameter[];
  readonly names: readonly string[];
  readonly #before: readonly Tensor[];

  /** `before`: the values that the parameters had; they hold the new ones now. */
  constructor(parameters: readonly Parameter[], names: readonly string[], before: readonly Tensor[]) {
    this.parameters = parameters;
    this.names = names;
    this.#before = before;
  }

  /** The update of parameter i: value after − value before, a copy. */
  get(i: number): Tensor {
    return longLived(() => this.parameters[i].value.sub(this.#before[i]));
  }

  /** The 2-norm of each update, in float64, in the order of `parameters`. */
  norms(): readonly number[] {
    return this.#before.map((_, i) => {
      const update = this.get(i).data();
      return hostNorm(update, 0, update.length, 2);
    });
  }

  /** Multiplies the update of parameter i by ks[i], each finite: value ← before + k · update. 1 changes not a bit. */
  scaleEach(ks: readonly number[]): void {
    if (ks.length !== this.parameters.length || !ks.every(Number.isFinite)) {
      throw new Error(`Updates.scaleEach: needs ${this.parameters.length} finite factors, got [${ks}]`);
    }
    longLived(() => {
      for (const [i, k] of ks.entries()) {
        if (k === 1) continue;
        const before = this.#before[i];
        this.parameters[i].assign(k === 0 ? before : before.add(this.get(i).mul(k)));
      }
    });
  }

  /** Undoes all of it. */
  undo(): void {
    for (const [i, parameter] of this.parameters.entries()) parameter.assign(this.#before[i]);
  }
}

/** The state that an optimizer keeps of a parameter under one of these names. Throws where it keeps none. */
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
