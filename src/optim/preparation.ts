/**
 * Preparation: the way from a loss to gradients that are whole, if that takes more than `loss.backward()`. Scaled
 * backward passes are counted, their gradients summed over replicas, un-scaled and divided by their weight, once and in
 * this order, before the optimizer measures or clips anything.
 */

import type { Parameter } from '../autograd/index.js';
import { check, integer, ranges } from '../clip/checks.js';
import { Gradients, type NormMeter } from '../clip/index.js';
import { gradientsAreNot, lossIsNot } from '../clip/non-finite.js';
import { longLived, type Tensor } from '../tensor/index.js';
import type { LossScale } from './loss-scale.js';

/** What one replica brings to a step. */
export interface ReplicaShare {
  /** Micro-batches that its gradient is the sum of. */
  readonly microBatches: number;
  /** Their weights together; the number of micro-batches if none was given a weight. */
  readonly weight: number;
  /** The loss that it passed to `step({ loss })`, or null. */
  readonly loss: number | null;
  /** Why it wants no update, or null. */
  readonly skip: string | null;
}

/** The replicas of a model that step together. */
export interface Averaging {
  /**
   * Replaces each gradient by its sum over the replicas, the same bits on each; resolves to the shares of all, in order.
   * It writes gradients in place, or by `parameter.replaceGrad`: while a step runs, they belong to the step.
   */
  sum(parameters: readonly Parameter[], share: ReplicaShare): Promise<readonly ReplicaShare[]>;
}

/** Options about how gradients come to be, for all optimizers. Each asks for `optimizer.backward(loss)`. */
export interface PreparationOptions {
  /** Micro-batches whose mean makes one update; default 1. */
  readonly accumulate?: number;
  /** Leave a micro-batch whose loss or gradient is not finite out of the mean, and count it; default false. */
  readonly dropNonFinite?: boolean;
  /** Multiplies the loss on the way back; the hooks see gradients without it. */
  readonly lossScale?: LossScale;
  /** Replicas whose gradients are averaged: what `joinReplicas` of tamegrad/node gives. */
  readonly averaging?: Averaging;
}

/** Names of these options. */
export const preparationNames = ['accumulate', 'dropNonFinite', 'lossScale', 'averaging'] as const;

/** What a step runs under, after the replicas have agreed on it. */
export type Agreement = Pick<ReplicaShare, 'loss' | 'skip'>;

/** The preparation that the options need; null if `loss.backward()` is enough. */
export function preparationFor(caller: string, options: PreparationOptions): Preparation | null {
  const { accumulate = 1, dropNonFinite = false, lossScale = null, averaging = null } = options;
  check(caller, 'accumulate', accumulate, {
    rule: `a number of micro-batches, ${integer(1).rule}`,
    has: integer(1).has,
  });
  check(caller, 'dropNonFinite', dropNonFinite, ranges.flag);
  check(caller, 'lossScale', lossScale, {
    rule: 'a loss scale, as dynamicLossScale() makes',
    has: (x) => x === null || typeof (x as LossScale).update === 'function',
  });
  check(caller, 'averaging', averaging, {
    rule: 'an object { sum }, as joinReplicas() gives',
    has: (x) => x === null || typeof (x as Averaging).sum === 'function',
  });
  if (dropNonFinite && lossScale) {
    throw new Error(
      `${caller}: dropNonFinite and lossScale do not go together; under a loss scale a non-finite gradient means that the scale is too large`,
    );
  }
  const isNeeded = accumulate > 1 || dropNonFinite || lossScale || averaging;
  return isNeeded ? new Preparation(accumulate, dropNonFinite, lossScale, averaging) : null;
}

/** One optimizer's, from step to step. */
export class Preparation {
  readonly accumulate: number;
  readonly lossScale: LossScale | null;
  readonly #drops: boolean;
  readonly #averaging: Averaging | null;
  /** Micro-batches that came since the last step, dropped ones among them, and the weight of those that count. */
  #count = 0;
  #weight = 0;
  #dropped = 0;
  /** What multiplied the losses of this update: of all its micro-batches the same. */
  #scale = 1;
  /** Gradients before the current micro-batch, kept if it may have to be dropped. */
  #before: readonly (Tensor | null)[] | null = null;
  /** Sum of the gradients' versions after the last micro-batch: what was written to one since then shows. */
  #versions = 0;
  /** Set once the gradients are whole: a step that fails after that does not make them so again. */
  #agreement: Agreement | null = null;
  #overflowed: boolean | null = null;

  constructor(accumulate: number, drops: boolean, lossScale: LossScale | null, averaging: Averaging | null) {
    this.accumulate = accumulate;
    this.lossScale = lossScale;
    this.#drops = drops;
    this.#averaging = averaging;
  }

  /** Whether micro-batches have come that no step was made of. */
  get isCollecting(): boolean {
    return this.#count > 0;
  }

  /** What is missing to the gradients, for messages. */
  get unfinished(): string {
    if (this.#count < this.accumulate) return `${this.#count} of ${this.accumulate} micro-batches have come`;
    if (this.#scale !== 1) return `they are of the loss times ${this.#scale}`;
    return this.accumulate > 1
      ? `they are a sum of ${this.#count} micro-batches`
      : 'they are those of one replica';
  }

  /** Micro-batches of this update that were dropped. */
  get dropped(): number {
    return this.#dropped;
  }

  /** What multiplies the loss of the next micro-batch. */
  get nextScale(): number {
    return this.#count > 0 ? this.#scale : (this.lossScale?.scale ?? 1);
  }

  /** Begins a micro-batch. Throws, with nothing changed, if it is not its turn. */
  begin(parameters: readonly Parameter[], names: readonly string[]): void {
    if (this.#agreement || this.#count === this.accumulate) {
      throw new Error(
        `Optimizer.backward: the micro-batches of this update have come (${this.#count} of ${this.accumulate}); step, then zeroGrad`,
      );
    }
    this.#checkUntouched('backward', parameters, names);
    this.#scale = this.nextScale;
    if (this.#drops) this.#before = longLived(() => parameters.map(({ grad }) => grad?.copy() ?? null));
  }

  /** Ends a micro-batch of this loss, whose gradients have been added; drops it if it is not finite and says so. */
  end(parameters: readonly Parameter[], loss: number, weight: number): boolean {
    this.#count++;
    const isDropped = this.#drops && !(Number.isFinite(loss) && parameters.every(hasFiniteGrad));
    if (isDropped) {
      this.#dropped++;
      for (const [i, parameter] of parameters.entries()) parameter.replaceGrad(this.#before![i]);
    } else this.#weight += weight;
    this.#before = null;
    this.#versions = sumOfVersions(parameters);
    return isDropped;
  }

  /** Throws while micro-batches wait for their step: their gradients are in no state. */
  checkNone(caller: string): void {
    if (this.#count === 0) return;
    throw new Error(
      `Optimizer.${caller}: ${this.#count} of ${this.accumulate} micro-batches have come; step first, or zeroGrad({ discard: true })`,
    );
  }

  /** Forgets what has come. Throws, without `discard`, if micro-batches would be lost. */
  startAnew(discard: boolean): void {
    if (this.#count > 0 && !this.#agreement && !discard) {
      throw new Error(
        `Optimizer.zeroGrad: would lose ${this.#count} of ${this.accumulate} micro-batches; step first, or zeroGrad({ discard: true })`,
      );
    }
    this.#reset();
  }

  /** Makes the gradients whole. Throws, with nothing changed, if micro-batches are missing or others came in between. */
  async finish(meter: NormMeter, asked: Agreement, partial: boolean): Promise<Agreement> {
    if (this.#agreement) return asked.skip === null ? this.#agreement : asked;
    const { parameters, names } = meter;
    if (asked.skip === null) this.#checkCount(partial);
    if (this.#count > 0) this.#checkUntouched('step', parameters, names);
    const allDropped = this.#count > 0 && this.#dropped === this.#count;
    const own: ReplicaShare = {
      loss: asked.loss,
      skip: asked.skip ?? (allDropped && !this.#averaging ? 'no micro-batch was finite' : null),
      microBatches: this.#count - this.#dropped,
      weight: this.#weight,
    };
    const shares = (await this.#averaging?.sum(parameters, own)) ?? [own];
    this.#agreement = agreed(shares);
    const total = shares.reduce((sum, { weight }) => sum + weight, 0);
    if (total > 0) new Gradients(meter).scale(1 / (total * this.#scale));
    else if (this.#agreement.skip === null) {
      this.#agreement = { ...this.#agreement, skip: 'no micro-batch was finite' };
    }
    return this.#agreement;
  }

  /** Why the step must be skipped because a gradient overflowed under the loss scale, or null. */
  overflow(nonFinite: readonly string[]): string | null {
    if (!this.lossScale) return null;
    this.#overflowed = nonFinite.length > 0;
    return this.#overflowed ? `${gradientsAreNot(nonFinite)} under a loss scale of ${this.#scale}` : null;
  }

  /** Ends a step: the next micro-batch is the first of the next update. */
  endStep(): void {
    const [overflowed, scale] = [this.#overflowed, this.#scale];
    this.#reset();
    if (overflowed !== null) this.lossScale?.update(overflowed, { by: this, scale });
  }

  #reset(): void {
    [this.#count, this.#weight, this.#dropped, this.#scale] = [0, 0, 0, 1];
    this.#agreement = null;
    this.#overflowed = null;
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
    const isUntouched =
      this.#count === 0
        ? parameters.every(({ grad }) => grad === null)
        : sumOfVersions(parameters) === this.#versions;
    if (isUntouched) return;
    const [which, remedy] =
      this.#count === 0
        ? [
            `the gradient of ${names[parameters.findIndex(({ grad }) => grad !== null)]}`,
            'call zeroGrad() first',
          ]
        : ['a gradient', 'call zeroGrad({ discard: true }) and start the update again'];
    throw new Error(
      `Optimizer.${caller}: ${which} did not come from optimizer.backward(loss) alone; ${remedy}`,
    );
  }
}

function sumOfVersions(parameters: readonly Parameter[]): number {
  return parameters.reduce((sum, { grad }) => sum + (grad?.version ?? 0), 0);
}

function hasFiniteGrad({ grad }: Parameter): boolean {
  if (!grad) return true;
  const { data, offset } = grad.view();
  for (let i = offset; i < offset + grad.size; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

/** The loss of all shares together, and the first reason to skip. All replicas come to the same. */
function agreed(shares: readonly ReplicaShare[]): Agreement {
  if (shares.length === 1) return shares[0];
  const total = shares.reduce((sum, { weight }) => sum + weight, 0);
  const mean = shares.reduce((sum, { loss, weight }) => sum + (loss ?? Number.NaN) * weight, 0) / total;
  const skipping = shares.findIndex(({ skip }) => skip !== null);
  // One loss that is known not to be finite counts, even if other replicas do not know theirs.
  const broken = shares.find(({ loss }) => lossIsNot(loss) !== null)?.loss;
  return {
    loss: broken ?? (shares.some(({ loss }) => loss === null) ? null : mean),
    skip: skipping < 0 ? null : `replica ${skipping}: ${shares[skipping].skip}`,
  };
}
