/** What a recurrent layer returns: every hidden state as a Variable, so that its gradient can be looked at. */

import { isRecording, stack, type Variable } from '../autograd/index.js';
import { type Keepable, keep, type Scope, type Tensor } from '../tensor/index.js';

/** The hidden states h₀ … h_{T−1} of a recurrent layer, h_t being the state after input t. */
export class RecurrentOutput implements Keepable {
  readonly #states: readonly Variable[];
  #output: Variable | null = null;

  /** `states`: one Variable [B, H] for each time step, at least one. */
  constructor(states: readonly Variable[]) {
    this.#states = states;
  }

  /** Number of time steps T. */
  get steps(): number {
    return this.#states.length;
  }

  /** The last state, [B, H]. */
  get last(): Variable {
    return this.#states[this.#states.length - 1];
  }

  /** All states stacked, [T, B, H]; made when first asked for. */
  get output(): Variable {
    // One that was stacked inside noGrad has no history and must not serve a loss.
    const stale = isRecording() && this.last.requiresGrad && !this.#output?.requiresGrad;
    if (!this.#output || stale) this.#output = stack(this.#states);
    return this.#output;
  }

  /** The state after input t, [B, H], 0 ≤ t < T. Throws an Error outside. */
  state(t: number): Variable {
    if (!Number.isInteger(t) || t < 0 || t >= this.steps) {
      throw new Error(`RecurrentOutput.state: t must be an integer in 0 … ${this.steps - 1}, got ${t}`);
    }
    return this.#states[t];
  }

  /** ∂L/∂h_t after backward, [B, H]; null before, or where the loss does not depend on that state. */
  stateGrad(t: number): Tensor | null {
    return this.state(t).grad;
  }

  [keep](ending: Scope): RecurrentOutput {
    return new RecurrentOutput(this.#states.map((state) => state[keep](ending)));
  }
}
