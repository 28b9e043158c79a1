/**
 * Preparation: the way from a loss to gradients that are whole, where that takes more than `loss.backward()`. Scaled
 * backward passes are counted, their gradients summed over replicas, un-scaled and divided by how many there were, once
 * and in this order, before the optimizer measures or clips anything.
 */

import type { Parameter, Variable } from '../autograd/index.js';
import { Gradients, type NormMeter } from '../clip/index.js';
import { said } from '../clip/non-finite.js';
import { changedSince, markFinished, markUnfinished } from '../clip/unfinished.js';
import { fullLike } from '../tensor/index.js';
import type { LossScale } from './loss-scale.js';

/** What one replica brings to a step. */
export interface Share {
  readonly microBatches: number;
  /** What it told `step({ loss })`, or null. */
  readonly loss: number | null;
  /** Why it wants no update, or null. */
  readonly skip: string | null;
}

/** The replicas of a model that step together. */
export interface Averaging {
  /** Replaces each gradient by its sum over the replicas, the same bits on each; resolves to the shares of all, in order. */
  sum(parameters: readonly Parameter[], share: Share): Promise<readonly Share[]>;
}

/** Options about how gradients come to be, for all optimizers. Each asks for `optimizer.backward(loss)`. */
export interface PreparationOptions {
  /** Micro-batches whose mean makes one update; default 1. */
  readonly accumulate?: number;
  /** Multiplies the loss on the way back; what is left of it is gone before the hooks. */
  readonly lossScale?: LossScale;
  /** Replicas whose gradients are averaged: what `joinReplicas` of tamegrad/node gives. */
  readonly averaging?: Averaging;
}

/** Names of these options. */
export const preparationNames = ['accumulate', 'lossScale', 'averaging'] as const;

/** What a step runs under, after the replicas have agreed on it. */
export type Agreement = Omit<Share, 'microBatches'>;

/** The preparation that options ask for; null where `loss.backward()` is all there is to it. */
export function preparationFor(caller: string, options: PreparationOptions): Preparation | null {
  const { accumulate = 1, lossScale = null, averaging = null } = options;
  if (!Number.isInteger(accumulate) || accumulate < 1) {
    throw new Error(
      `${caller}: accumulate must be a number of micro-batches, an integer ≥ 1, got ${accumulate}`,
    );
  }
  return accumulate > 1 || lossScale || averaging ? new Preparation(accumulate, lossScale, averaging) : null;
}

/** One optimizer's, from step to step. */
export class Preparation {
  readonly accumulate: number;
  readonly lossScale: LossScale | null;
  readonly #averaging: Averaging | null;
  /** Micro-batches that came since the last step. */
  #count = 0;
  /** Set once their gradients are whole: a step that fails after that does not make them so again. */
  #agreement: Agreement | null = null;
  #overflowed: boolean | null = null;

  constructor(accumulate: number, lossScale: LossScale | null, averaging: Averaging | null) {
    this.accumulate = accumulate;
    this.lossScale = lossScale;
    this.#averaging = averaging;
  }

  /** Walks back from the loss of one micro-batch. Throws, with nothing changed, where it is not its turn. */
  backward(loss: Variable, { parameters, names }: NormMeter): void {
    if (this.#agreement || this.#count === this.accumulate) {
      throw new Error(
        `Optimizer.backward: the micro-batches of this update have come (${this.#count} of ${this.accumulate}); step, then zeroGrad`,
      );
    }
    this.#checkUntouched('backward', parameters, names);
    const scale = this.lossScale?.scale ?? 1;
    loss.backward(loss.value.size === 1 && scale !== 1 ? { grad: fullLike(loss.value, scale) } : {});
    this.#count++;
    markUnfinished(parameters, this, this.#unfinished(scale));
  }

  /** Throws while micro-batches wait for their step: their gradients are in no state. */
  checkNone(caller: string): void {
    if (this.#count === 0) return;
    throw new Error(
      `Optimizer.${caller}: ${this.#count} of ${this.accumulate} micro-batches have come; step first, or zeroGrad({ discard: true })`,
    );
  }

  /** Forgets what has come. Throws, without `discard`, where micro-batches would be lost. */
  startAnew(parameters: readonly Parameter[], discard: boolean): void {
    if (this.#count > 0 && !this.#agreement && !discard) {
      throw new Error(
        `Optimizer.zeroGrad: would lose ${this.#count} of ${this.accumulate} micro-batches; step first, or zeroGrad({ discard: true })`,
      );
    }
    markFinished(parameters);
    this.#reset();
  }

  /** Makes the gradients whole. Throws, with nothing changed, where micro-batches are missing or others came in between. */
  async finish(meter: NormMeter, asked: Agreement, partial: boolean): Promise<Agreement> {
    if (this.#agreement) return asked.skip === null ? this.#agreement : asked;
    const { parameters, names } = meter;
    if (asked.skip === null) this.#checkCount(partial);
    if (this.#count > 0) this.#checkUntouched('step', parameters, names);
    const own: Share = { ...asked, microBatches: this.#count };
    const shares = (await this.#averaging?.sum(parameters, own)) ?? [own];
    markFinished(parameters);
    this.#agreement = agreed(shares);
    const total = shares.reduce((sum, { microBatches }) => sum + microBatches, 0);
    if (total > 0) new Gradients(meter).scale(1 / (total * (this.lossScale?.scale ?? 1)));
    return this.#agreement;
  }

  /** Why the step must be skipped because a gradient overflowed under the loss scale, or null. */
  overflow(nonFinite: readonly string[]): string | null {
    if (!this.lossScale) return null;
    this.#overflowed = nonFinite.length > 0;
    return this.#overflowed ? `${said(nonFinite)} under a loss scale of ${this.lossScale.scale}` : null;
  }

  /** Ends a step: the next micro-batch is the first of the next update. */
  end(): void {
    const overflowed = this.#overflowed;
    this.#reset();
    if (overflowed !== null) this.lossScale?.update(overflowed);
  }

  #reset(): void {
    this.#count = 0;
    this.#agreement = null;
    this.#overflowed = null;
  }

  #unfinished(scale: number): string {
    if (this.#count < this.accumulate) return `${this.#count} of ${this.accumulate} micro-batches have come`;
    if (scale !== 1) return `it is of the loss times ${scale}`;
    return this.accumulate > 1 ? `it is a sum of ${this.#count} micro-batches` : 'it is that of one replica';
  }

  #checkCount(partial: boolean): void {
    if (this.#count === this.accumulate || (partial && this.#count > 0)) return;
    const remedy =
      this.#count === 0
        ? 'call optimizer.backward(loss), which takes the place of loss.backward()'
        : 'call backward for the rest, or step({ partial: true })';
    throw new Error(
      `Optimizer.step: ${this.#count} of ${this.accumulate} micro-batches have come; ${remedy}`,
    );
  }

  #checkUntouched(caller: string, parameters: readonly Parameter[], names: readonly string[]): void {
    const [changed] = changedSince(parameters, this);
    if (!changed) return;
    const remedy =
      this.#count === 0
        ? 'call zeroGrad() first'
        : 'call zeroGrad({ discard: true }) and start the update again';
    throw new Error(
      `Optimizer.${caller}: the gradient of ${names[parameters.indexOf(changed)]} did not come by optimizer.backward(loss) alone; ${remedy}`,
    );
  }
}

/** The loss of all shares together, and the first reason to skip. */
function agreed(shares: readonly Share[]): Agreement {
  if (shares.length === 1) return shares[0];
  const total = shares.reduce((sum, { microBatches }) => sum + microBatches, 0);
  const mean =
    shares.reduce((sum, { loss, microBatches }) => sum + (loss ?? Number.NaN) * microBatches, 0) / total;
  const skipping = shares.findIndex(({ skip }) => skip !== null);
  return {
    loss: shares.some(({ loss }) => loss === null) ? null : mean,
    skip: skipping < 0 ? null : `replica ${skipping}: ${shares[skipping].skip}`,
  };
}
