/**
 * Updates: what an optimizer's rule did. Separate from Gradients because an update is known only once the
 * rule has run: it is the difference that the rule made.
 */

import { combineNorms, hostNorm } from '../../kernels/gpu/host.js';
import type { Parameter } from '../autograd/index.js';
import { longLived, type Tensor } from '../tensor/index.js';
import { described } from './checks.js';
import { indexOf } from './subject.js';

/**
 * What one step of an optimizer did to each parameter that had a gradient; weight decay is part of it. Read and changed as
 * `Gradients` are: numbers per parameter are arrays in the order of `parameters`.
 */
export class Updates {
  readonly parameters: readonly Parameter[];
  readonly names: readonly string[];
  readonly #before: readonly Tensor[];
  #changes = 0;

  /** `before`: the values that the parameters had; they hold the new ones now. */
  constructor(parameters: readonly Parameter[], names: readonly string[], before: readonly Tensor[]) {
    this.parameters = parameters;
    this.names = names;
    this.#before = before;
  }

  /** Whether any update was scaled. */
  get changed(): boolean {
    return this.#changes > 0;
  }

  /**
   * How many updates were scaled, each time they were.
   * @internal
   */
  get changes(): number {
    return this.#changes;
  }

  /** The update of one parameter, by its place in `parameters` or its name: value after − value before, a copy. */
  get(which: number | string): Tensor {
    const i = indexOf('Updates.get', this, which);
    return longLived(() => this.parameters[i].value.sub(this.#before[i]));
  }

  /** The value that one parameter had before the step, a copy. */
  before(which: number | string): Tensor {
    return longLived(() => this.#before[indexOf('Updates.before', this, which)].copy());
  }

  /** The p-norm of all updates together, in float64. */
  async norm(p = 2): Promise<number> {
    return combineNorms(await this.norms(p), p);
  }

  /** The p-norm of each update, in float64, in the order of `parameters`. */
  async norms(p = 2): Promise<number[]> {
    return this.#before.map((_, i) => {
      const update = this.get(i).data();
      return hostNorm(update, 0, update.length, p);
    });
  }

  /** Multiplies every update by k, a finite number; 1 changes not a bit. */
  scale(k: number): void {
    this.scaleEach(this.parameters.map(() => k));
  }

  /** Multiplies the update of parameter i by ks[i], each finite: value ← before + k · update. 1 changes not a bit. */
  scaleEach(ks: ArrayLike<number>): void {
    const factors = Array.from(ks ?? []);
    if (factors.length !== this.parameters.length || !factors.every(Number.isFinite)) {
      const got = Array.isArray(ks) ? `[${ks}]` : described(ks);
      throw new Error(
        `Updates.scaleEach: needs ${this.parameters.length} finite factors, one for each update, got ${got}`,
      );
    }
    longLived(() => {
      for (const [i, k] of factors.entries()) {
        if (k === 1) continue;
        const before = this.#before[i];
        this.parameters[i].replaceValue(k === 0 ? before : before.add(this.get(i).mul(k)));
        this.#changes++;
      }
    });
  }

  /** Puts every value back. */
  undo(): void {
    for (const [i, parameter] of this.parameters.entries()) parameter.replaceValue(this.#before[i]);
  }
}
