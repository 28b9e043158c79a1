/** What a recurrent layer returns: every hidden state, and after backward its gradient, so that both can be looked at. */

import { isRecording, stack, unstack, type Variable } from '../autograd/index.js';
import { stepOf } from '../autograd/ops/recurrent/sequence.js';
import type { Tensor } from '../tensor/index.js';
import { type Keepable, keep, type Scope } from '../tensor/scope.js';

/** The hidden states h₀ … h_{T−1} of a recurrent layer, h_t being the state after input t. */
export interface RecurrentOutput extends Keepable {
  /** Number of time steps T. */
  readonly steps: number;
  /** The last state, [B, H]. */
  readonly last: Variable;
  /** All states, [T, B, H]. */
  readonly output: Variable;
  /** The state after input t, [B, H], 0 ≤ t < T. Throws an Error outside. */
  state(t: number): Variable;
  /** ∂L/∂h_t after backward, through the outputs and through the later states, [B, H]; null before. */
  stateGrad(t: number): Tensor | null;
  [keep](ending: Scope): RecurrentOutput;
}

/** What an LSTM returns: its hidden states, and the cells that it carries beside them. */
export interface LSTMOutput extends RecurrentOutput {
  /** The last cells, [B, H]: with `last` the pair from which the sequence goes on. */
  readonly lastCell: Variable;
  [keep](ending: Scope): LSTMOutput;
}

function checkStep(t: number, steps: number): void {
  if (Number.isInteger(t) && t >= 0 && t < steps) return;
  throw new Error(`RecurrentOutput.state: t must be an integer in 0 … ${steps - 1}, got ${t}`);
}

/** States that one op computed together. */
export class SequenceOutput implements RecurrentOutput {
  readonly output: Variable;
  readonly last: Variable;
  readonly #kept: Tensor | null;
  #states: readonly Variable[] | null = null;

  /** `output` [T, B, H] and `last` [B, H] of one recurrent op; `kept` is its ∂L/∂h, if they have left its graph. */
  constructor(output: Variable, last: Variable, kept: Tensor | null = null) {
    this.output = output;
    this.last = last;
    this.#kept = kept;
  }

  /** ∂L/∂h of all steps: what the op's backward leaves on its node. */
  get #grads(): Tensor | null {
    return this.output.node?.note ?? this.#kept;
  }

  get steps(): number {
    return this.output.shape[0];
  }

  state(t: number): Variable {
    checkStep(t, this.steps);
    if (t === this.steps - 1) return this.last;
    if (!this.#states || isStale(this.#states[t], this.output)) this.#states = unstack(this.output);
    return this.#states[t];
  }

  stateGrad(t: number): Tensor | null {
    checkStep(t, this.steps);
    return this.#grads && stepOf(this.#grads, t);
  }

  [keep](ending: Scope): SequenceOutput {
    const grads = this.#grads?.[keep](ending) ?? null;
    return new SequenceOutput(this.output[keep](ending), this.last[keep](ending), grads);
  }
}

/** States computed cell by cell, each a Variable of the graph. */
export class UnrolledOutput implements RecurrentOutput {
  readonly #states: readonly Variable[];
  #output: Variable | null = null;

  /** `states`: one Variable [B, H] for each time step, at least one. */
  constructor(states: readonly Variable[]) {
    this.#states = states;
  }

  get steps(): number {
    return this.#states.length;
  }

  get last(): Variable {
    return this.#states[this.#states.length - 1];
  }

  /** All states stacked, [T, B, H]; made when first asked for. */
  get output(): Variable {
    if (!this.#output || isStale(this.#output, this.last)) this.#output = stack(this.#states);
    return this.#output;
  }

  state(t: number): Variable {
    checkStep(t, this.steps);
    return this.#states[t];
  }

  stateGrad(t: number): Tensor | null {
    return this.state(t).grad;
  }

  [keep](ending: Scope): UnrolledOutput {
    return new UnrolledOutput(this.#states.map((state) => state[keep](ending)));
  }
}

/** The states of another output, to which a subclass adds something. */
export abstract class ExtendedOutput implements RecurrentOutput {
  protected readonly inner: RecurrentOutput;

  constructor(inner: RecurrentOutput) {
    this.inner = inner;
  }

  get steps(): number {
    return this.inner.steps;
  }

  get last(): Variable {
    return this.inner.last;
  }

  get output(): Variable {
    return this.inner.output;
  }

  state(t: number): Variable {
    return this.inner.state(t);
  }

  stateGrad(t: number): Tensor | null {
    return this.inner.stateGrad(t);
  }

  abstract [keep](ending: Scope): RecurrentOutput;
}

/** Hidden states, however computed, and the last cells. */
export class CellOutput extends ExtendedOutput implements LSTMOutput {
  readonly lastCell: Variable;

  constructor(states: RecurrentOutput, lastCell: Variable) {
    super(states);
    this.lastCell = lastCell;
  }

  [keep](ending: Scope): CellOutput {
    return new CellOutput(this.inner[keep](ending), this.lastCell[keep](ending));
  }
}

/** The outputs of layers one upon another; by itself it shows the states of the top one. */
export class StackedOutput extends ExtendedOutput {
  readonly layers: readonly RecurrentOutput[];

  /** From below, at least one. */
  constructor(layers: readonly RecurrentOutput[]) {
    super(layers[layers.length - 1]);
    this.layers = layers;
  }

  [keep](ending: Scope): StackedOutput {
    return new StackedOutput(this.layers.map((layer) => layer[keep](ending)));
  }
}

/** Whether a Variable was derived inside noGrad, without history, and must not serve a loss now. */
function isStale(derived: Variable, source: Variable): boolean {
  return isRecording() && source.requiresGrad && !derived.requiresGrad;
}
