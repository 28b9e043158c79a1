/** Both directions of a recurrent layer: what reads the sequence backwards, and the states of both side by side. */

import { concat, isRecording, slice, type Variable } from '../autograd/index.js';
import { concatTensors } from '../tensor/concat.js';
import { formatShape, ShapeError, type Tensor } from '../tensor/index.js';
import { keep, type Scope } from '../tensor/scope.js';
import { checkOperand } from './checks.js';
import type { LayerInput } from './module.js';
import type { LSTMOutput, RecurrentOutput } from './recurrent-output.js';

/** A sequence from its end to its start, [T, …], a view. */
export function reversed(x: LayerInput): Variable {
  return slice(x, [[null, null, -1]]);
}

/** The start of each direction, [B, H] each, from both side by side, [B, 2H]; undefined means zeros. */
export function startsOfBoth(
  caller: string,
  name: string,
  both: LayerInput | undefined,
  hidden: number,
): readonly [LayerInput | undefined, LayerInput | undefined] {
  if (both === undefined) return [undefined, undefined];
  checkOperand(caller, name, both);
  if (both.shape.length === 2 && both.shape[1] === 2 * hidden) {
    return [slice(both, [null, [0, hidden]]), slice(both, [null, [hidden, null]])];
  }
  throw new ShapeError(
    `${caller}: ${name} must be [batch, 2 · hiddenSize], both directions side by side, here [batch, ${2 * hidden}], got ${formatShape(both.shape)}`,
  );
}

/**
 * The states of a layer that reads its sequence in both directions, forwards and backwards side by side: `output` [T, B,
 * 2H], and in `last` [B, 2H] the state after the last input beside that after the first, with which each direction ends.
 */
export class BidirectionalOutput implements RecurrentOutput {
  protected readonly forwards: RecurrentOutput;
  protected readonly backwards: RecurrentOutput;
  readonly #joined = new Map<string, Variable>();

  /** `backwards` comes from the reversed sequence. */
  constructor(forwards: RecurrentOutput, backwards: RecurrentOutput) {
    this.forwards = forwards;
    this.backwards = backwards;
  }

  get steps(): number {
    return this.forwards.steps;
  }

  get last(): Variable {
    return this.sideBySide('last', () => [this.forwards.last, this.backwards.last]);
  }

  get output(): Variable {
    return this.sideBySide('output', () => [this.forwards.output, reversed(this.backwards.output)]);
  }

  state(t: number): Variable {
    return this.sideBySide(`state ${t}`, () => [
      this.forwards.state(t),
      this.backwards.state(this.steps - 1 - t),
    ]);
  }

  stateGrad(t: number): Tensor | null {
    const first = this.forwards.stateGrad(t);
    const second = this.backwards.stateGrad(this.steps - 1 - t);
    return first && second && concatTensors([first, second], 1);
  }

  [keep](ending: Scope): BidirectionalOutput {
    return new BidirectionalOutput(this.forwards[keep](ending), this.backwards[keep](ending));
  }

  /** Both parts joined along the last axis: once, and again if that was inside noGrad and a graph is recorded now. */
  protected sideBySide(name: string, parts: () => readonly Variable[]): Variable {
    const known = this.#joined.get(name);
    if (known && (known.requiresGrad || !isRecording())) return known;
    const made = concat(parts(), -1);
    this.#joined.set(name, made);
    return made;
  }
}

/** The same of an LSTM: with the last cells of both directions, [B, 2H]. */
export class BidirectionalCells extends BidirectionalOutput implements LSTMOutput {
  declare protected readonly forwards: LSTMOutput;
  declare protected readonly backwards: LSTMOutput;

  constructor(forwards: LSTMOutput, backwards: LSTMOutput) {
    super(forwards, backwards);
  }

  get lastCell(): Variable {
    return this.sideBySide('lastCell', () => [this.forwards.lastCell, this.backwards.lastCell]);
  }

  override [keep](ending: Scope): BidirectionalCells {
    return new BidirectionalCells(this.forwards[keep](ending), this.backwards[keep](ending));
  }
}
