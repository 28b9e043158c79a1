/**
 * Gradients: what a hook gets between backward and step. It holds the gradients of an optimizer's parameters, measures them
 * once and remembers the result until something changes them, and has the only methods that may change them.
 */

import { combineNorms } from '../../kernels/gpu/host.js';
import type { Parameter } from '../autograd/index.js';
import { wrongKind } from '../tensor/arguments.js';
import { Tensor } from '../tensor/index.js';
import { BEYOND_FLOAT64, described } from './checks.js';
import { clampInPlace, rangeOf, scaleRuns, type ValueRange } from './in-place.js';
import type { MeterDevice, NormMeter } from './norm-meter.js';
import { indexOf } from './subject.js';

/** What a report says about the gradients: 2-norms, and where they were measured. */
export interface Measurement {
  readonly norm: number;
  readonly norms: Readonly<Record<string, number>>;
  readonly nonFinite: readonly string[];
  readonly device: MeterDevice;
}

/** The gradients of a list of parameters; parameters without a gradient are left out. Numbers per parameter are arrays in the order of `parameters`. */
export class Gradients {
  /** The parameters that have a gradient, each once. */
  readonly parameters: readonly Parameter[];
  readonly #meter: NormMeter;
  /** Positions of `parameters` in the meter's list; null where they are the whole list. */
  readonly #positions: readonly number[] | null;
  readonly #measured = new Map<number, Float64Array>();
  #names: readonly string[] | null = null;
  #versions: number;
  #changes = 0;
  #zeroed: readonly string[] = [];
  /**
   * Whether they are the gradients of a loss that is not finite.
   * @internal
   */
  ofBrokenLoss = false;
  #skipped: string | null = null;

  /** `meter` measures a list of parameters, each once; it is about the gradients that they have now. */
  constructor(meter: NormMeter) {
    if (typeof meter?.norms !== 'function')
      throw wrongKind('Gradients', 'the argument', 'a NormMeter', meter);
    const { parameters } = meter;
    this.#meter = meter;
    this.#positions = positionsWithGradient(parameters);
    this.parameters = this.#positions?.map((position) => parameters[position]) ?? parameters;
    this.#versions = this.#sumOfVersions();
  }

  /** Names in the order of `parameters`, no two alike. */
  get names(): readonly string[] {
    this.#names ??= this.#positions?.map((i) => this.#meter.names[i]) ?? this.#meter.names;
    return this.#names;
  }

  /** Where the last measurement ran. */
  get device(): MeterDevice {
    return this.#meter.device;
  }

  /** Whether anything was scaled, clamped or edited. */
  get changed(): boolean {
    return this.#changes > 0;
  }

  /**
   * How many calls of `scale`, `scaleEach`, `clamp` and `edit` changed a number.
   * @internal
   */
  get changes(): number {
    return this.#changes;
  }

  /** Names of the gradients in which a policy `nonFinite: 'zero'` replaced NaN or infinite elements by 0. */
  get zeroed(): readonly string[] {
    return this.#zeroed;
  }

  /** Why the update is to be skipped, or null. */
  get skipped(): string | null {
    return this.#skipped;
  }

  /** One gradient by its place in `parameters` or its name, to read; `edit` changes it. Throws if no gradient has that name. */
  get(which: number | string): Tensor {
    return this.parameters[indexOf('Gradients.get', this, which)].grad!;
  }

  /** All that a report says, behind one await: each await costs a tiny step time. */
  async measure(): Promise<Measurement> {
    const norms = this.#measured.get(2) ?? (await this.#measure(2));
    return {
      norm: combineNorms(norms, 2),
      norms: recordOf(this.names, norms),
      nonFinite: areFinite(norms) ? [] : await this.nonFinite(),
      device: this.device,
    };
  }

  /** The p-norm of all gradients together, in float64: (Σ|g|^p)^(1/p); p > 0 or Infinity. */
  async norm(p = 2): Promise<number> {
    return combineNorms(this.#measured.get(p) ?? (await this.#measure(p)), p);
  }

  /** The p-norm of each gradient, in the order of `parameters`. */
  async norms(p = 2): Promise<number[]> {
    return Array.from(this.#measured.get(p) ?? (await this.#measure(p)));
  }

  /** The largest magnitude in any gradient. */
  maxAbs(): Promise<number> {
    return this.norm(Number.POSITIVE_INFINITY);
  }

  /** Names of the gradients that hold a NaN or an infinity. */
  async nonFinite(): Promise<readonly string[]> {
    const [known = await this.#measure(2)] = this.#measured.values();
    if (areFinite(known)) return [];
    // A norm of finite numbers may itself be too large for float64; their largest magnitude is not.
    const largest = this.#measured.get(Infinity) ?? (await this.#measure(Infinity));
    return this.names.filter((_, i) => !Number.isFinite(largest[i]));
  }

  /**
   * Whether a measurement so far shows that all are finite: known without waiting.
   * @internal
   */
  get isKnownFinite(): boolean {
    for (const norms of this.#measured.values()) if (areFinite(norms)) return true;
    return false;
  }

  /**
   * Multiplies every gradient by k; 1 changes not a bit. A float32 kernel rounds k itself to float32 first: an element is
   * k·g to two roundings, a norm is |k|·‖g‖ to float32 rounding. Throws if k is not a number; if it is NaN although every
   * measured norm is finite (a forgotten `await` does that); and if it is 0 because the norm of finite gradients is beyond
   * float64, which would erase them.
   */
  scale(k: number): void {
    this.#checkFactor('scale', k);
    if (k !== 1) this.#scale('scale', new Array<number>(this.parameters.length).fill(k));
  }

  /** Multiplies gradient i by ks[i], as `scale` does. What was measured is multiplied too, not measured again. */
  scaleEach(ks: ArrayLike<number>): void {
    if (ks?.length !== this.parameters.length) {
      throw new Error(
        `Gradients.scaleEach: needs ${this.parameters.length} factors, one for each gradient, got ${ks?.length ?? described(ks)}`,
      );
    }
    for (let i = 0; i < ks.length; i++) this.#checkFactor('scaleEach', ks[i]);
    this.#scale('scaleEach', ks);
  }

  #scale(caller: string, ks: ArrayLike<number>): void {
    this.#checkReach(caller, ks);
    if (!scaleRuns(this.parameters, ks)) return;
    this.#changes++;
    for (const [p, norms] of this.#measured) {
      for (let i = 0; i < norms.length; i++) norms[i] *= Math.abs(ks[i]);
      if (!norms.every(isSafe)) this.#measured.delete(p);
    }
  }

  /**
   * Bounds every element to [−bound, bound], or to [min, max] with min ≤ 0 ≤ max (left out: no bound), rounded to the
   * gradient's dtype; NaN stays NaN. Returns how many elements were outside. Throws if the bounds are wrong.
   */
  clamp(bound: number | ValueRange): number {
    const range = rangeOf('Gradients.clamp', 'bound', bound);
    let outside = 0;
    for (const { grad } of this.parameters) outside += clampInPlace(grad!, range);
    if (outside > 0) this.#invalidate();
    return outside;
  }

  /** Replaces one gradient, by its place or its name, by `fn` of it: a tensor of the same shape. */
  edit(which: number | string, fn: (grad: Tensor) => Tensor): void {
    const parameter = this.parameters[indexOf('Gradients.edit', this, which)];
    if (typeof fn !== 'function') {
      throw new Error(
        `Gradients.edit: needs a function of the gradient that returns a Tensor, got ${described(fn)}`,
      );
    }
    const grad = parameter.grad!;
    const { version } = grad;
    const edited: unknown = fn(grad);
    if (!(edited instanceof Tensor)) {
      throw new Error(`Gradients.edit: the function must return a Tensor, got ${described(edited)}`);
    }
    if (edited !== grad) parameter.replaceGrad(edited.copy());
    this.#versions += grad.version - version;
    this.#invalidate();
  }

  /** Ends the chain of hooks: no update is made, and the state of later hooks and the optimizer stays as it is. */
  skip(reason: string): void {
    if (typeof reason !== 'string') {
      throw new Error(`Gradients.skip: needs a reason, a string, got ${described(reason)}`);
    }
    this.#skipped = reason;
  }

  /**
   * Replaces NaN and infinite elements by 0: the policy `zero`.
   * @internal
   */
  zero(names: readonly string[]): void {
    this.#zeroed = [...this.#zeroed, ...names];
    // Only a finite element makes x − x equal to 0.
    for (const name of names) {
      this.edit(name, (grad) => grad.where(grad.sub(grad).binary('equal', 0), 0));
    }
  }

  /**
   * Throws if a hook wrote a gradient past these methods.
   * @internal
   */
  checkIntact(hook: string): void {
    if (this.#sumOfVersions() === this.#versions) return;
    throw new Error(
      `hook '${hook}': a gradient was written while it ran, but not by it through Gradients; use scale, scaleEach, clamp or edit`,
    );
  }

  #checkFactor(caller: string, k: number): void {
    if (typeof k === 'number' && !Number.isNaN(k)) return;
    const norms = [...this.#measured.values()];
    if (typeof k === 'number' && norms.some((each) => !areFinite(each))) return;
    throw new Error(
      `Gradients.${caller}: factor must be a number, got ${described(k)}; is an await missing?`,
    );
  }

  /** Throws if a factor of 0 comes from a norm that is infinite although the gradients are finite: it would erase them. */
  #checkReach(caller: string, ks: ArrayLike<number>): void {
    if (Array.prototype.indexOf.call(ks, 0) < 0) return;
    for (const [p, norms] of this.#measured) {
      if (combineNorms(norms, p) !== Infinity || !this.parameters.every(hasFiniteGradient)) continue;
      throw new Error(`Gradients.${caller}: ${BEYOND_FLOAT64}`);
    }
  }

  async #measure(p: number): Promise<Float64Array> {
    const all = await this.#meter.norms(p);
    const norms = this.#positions ? Float64Array.from(this.#positions, (position) => all[position]) : all;
    this.#measured.set(p, norms);
    return norms;
  }

  /** Versions only grow, so any write to any gradient raises the sum. */
  #sumOfVersions(): number {
    let sum = 0;
    for (let i = 0; i < this.parameters.length; i++) sum += this.parameters[i].grad!.version;
    return sum;
  }

  #invalidate(): void {
    this.#changes++;
    this.#measured.clear();
  }
}

/** Positions of the parameters that have a gradient; null where all have. */
function positionsWithGradient(parameters: readonly Parameter[]): readonly number[] | null {
  if (parameters.every(({ grad }) => grad !== null)) return null;
  return [...parameters.keys()].filter((position) => parameters[position].grad !== null);
}

function recordOf(names: readonly string[], numbers: Float64Array): Record<string, number> {
  const record: Record<string, number> = {};
  for (let i = 0; i < names.length; i++) record[names[i]] = numbers[i];
  return record;
}

function areFinite(numbers: Float64Array): boolean {
  for (let i = 0; i < numbers.length; i++) if (!Number.isFinite(numbers[i])) return false;
  return true;
}

function hasFiniteGradient({ grad }: Parameter): boolean {
  const { data, offset } = grad!.view();
  for (let i = offset; i < offset + grad!.size; i++) if (!Number.isFinite(data[i])) return false;
  return true;
}

/**
 * Whether a norm that was multiplied is still that of the gradient: so large that elements may have overflowed, or so
 * small that they may have vanished, it must be measured again.
 */
function isSafe(norm: number): boolean {
  return norm === 0 || (norm > 2 ** -100 && norm < 2 ** 127);
}
