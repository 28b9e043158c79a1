/**
 * Gradients: what stands between backward and step. The gradients of an optimizer's parameters by name, the
 * measurements of them, computed once and kept until something changes them, and the only ways to change them.
 */

import type { Parameter } from '../autograd/index.js';
import { Tensor } from '../tensor/index.js';
import { told } from './checks.js';
import { combineNorms } from './host-norm.js';
import { clampInPlace, rangeOf, scaleRuns, type ValueRange } from './in-place.js';
import type { MeterDevice, NormMeter } from './norm-meter.js';
import { checkFinished } from './unfinished.js';

/** Everything about the gradients that a report tells: 2-norms, and where they were measured. */
export interface Measurement {
  readonly norm: number;
  readonly norms: Readonly<Record<string, number>>;
  readonly nonFinite: readonly string[];
  readonly device: MeterDevice;
}

/** Named gradients of a set of parameters; parameters without a gradient are left out. */
export class Gradients {
  /** The parameters that have a gradient, each once. */
  readonly parameters: readonly Parameter[];
  readonly #meter: NormMeter;
  /** Positions of `parameters` in the meter's list; null where they are the whole list. */
  readonly #positions: readonly number[] | null;
  readonly #measured = new Map<number, Float64Array>();
  #names: readonly string[] | null = null;
  #versions: number;
  #changed = false;
  #skipped: string | null = null;

  /**
   * `meter` measures a list of parameters, each once; the gradients they have now are the ones meant. Throws where one is
   * not whole, because an optimizer still collects its micro-batches or holds it scaled.
   */
  constructor(meter: NormMeter) {
    const { parameters } = meter;
    this.#meter = meter;
    this.#positions = positionsWithGradient(parameters);
    this.parameters = this.#positions?.map((position) => parameters[position]) ?? parameters;
    this.#versions = this.#sumOfVersions();
    checkFinished(this);
  }

  /** The meter's names of those that have a gradient. */
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
    return this.#changed;
  }

  /** Why the update is to be skipped, or null. */
  get skipped(): string | null {
    return this.#skipped;
  }

  /** One gradient, not to be written: changes go through `edit`. Throws an Error that lists the names. */
  get(name: string): Tensor {
    return this.#named('get', name).grad!;
  }

  /** All that a report tells, in one wait: a tiny step notices each. */
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

  /** The p-norm of each gradient, by name. */
  async norms(p = 2): Promise<ReadonlyMap<string, number>> {
    const norms = this.#measured.get(p) ?? (await this.#measure(p));
    return new Map(this.names.map((name, i) => [name, norms[i]]));
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
   * Multiplies every gradient by k; 1 changes not a bit. Where a float32 kernel multiplies, k itself is rounded to
   * float32 first: an element is k·g to two roundings, a norm is |k|·‖g‖ to float32 rounding. Throws where k is no number,
   * and for NaN unless a norm of these gradients was measured and is not finite: who forgets `await` divides by a promise.
   */
  scale(k: number): void {
    this.#checkFactor('scale', k);
    if (k !== 1) this.scaleEach(new Array<number>(this.parameters.length).fill(k));
  }

  /** Multiplies gradient i by ks[i], as `scale` does. What was measured is multiplied too, not measured again. */
  scaleEach(ks: readonly number[]): void {
    if (ks.length !== this.parameters.length) {
      throw new Error(`Gradients.scaleEach: needs ${this.parameters.length} factors, got ${ks.length}`);
    }
    for (let i = 0; i < ks.length; i++) this.#checkFactor('scaleEach', ks[i]);
    if (!scaleRuns(this.parameters, ks)) return;
    this.#changed = true;
    for (const [p, norms] of this.#measured) {
      for (let i = 0; i < norms.length; i++) norms[i] *= Math.abs(ks[i]);
      if (!norms.every(isSafe)) this.#measured.delete(p);
    }
  }

  /**
   * Bounds every element to [−limit, limit], or to [min, max] where min ≤ 0 ≤ max (left out: without bound), bounds
   * rounded to the gradient's dtype; NaN stays NaN. Returns how many elements were outside. Throws where bounds are none.
   */
  clamp(limit: number | ValueRange): number {
    const range = rangeOf('Gradients.clamp', limit);
    let outside = 0;
    for (const { grad } of this.parameters) outside += clampInPlace(grad!, range);
    if (outside > 0) this.#invalidate();
    return outside;
  }

  /** Replaces one gradient by `fn` of it: a tensor of the same shape. */
  edit(name: string, fn: (grad: Tensor) => Tensor): void {
    const parameter = this.#named('edit', name);
    const grad = parameter.grad!;
    const { version } = grad;
    const edited: unknown = fn(grad);
    if (!(edited instanceof Tensor)) {
      throw new Error(`Gradients.edit: the function must return a Tensor, got ${typeof edited}`);
    }
    if (edited !== grad) parameter.grad = edited.copy();
    this.#versions += grad.version - version;
    this.#invalidate();
  }

  /** Ends the chain of hooks: no update is made, and the state of later hooks and the optimizer stays as it is. */
  skip(reason: string): void {
    this.#skipped = reason;
  }

  /** Throws where a hook took a gradient away, gave one to a parameter that had none, or wrote one past these methods. */
  checkIntact(hook: string): void {
    const { parameters } = this.#meter;
    let count = 0;
    for (let i = 0; i < parameters.length; i++) if (parameters[i].grad) count++;
    const isWritten = count === this.parameters.length && this.#sumOfVersions() !== this.#versions;
    if (isWritten) {
      throw new Error(`hook '${hook}': wrote a gradient itself; change gradients by Gradients.edit, or skip`);
    }
    if (count === this.parameters.length) return;
    const name = this.#meter.names.find(
      (each, i) => (parameters[i].grad !== null) !== this.names.includes(each),
    );
    const did = count < this.parameters.length ? 'took away' : 'gave';
    throw new Error(
      `hook '${hook}': ${did} the gradient of ${name}; change gradients by Gradients.edit, or skip`,
    );
  }

  #checkFactor(caller: string, k: number): void {
    if (typeof k === 'number' && !Number.isNaN(k)) return;
    const norms = [...this.#measured.values()];
    if (typeof k === 'number' && norms.some((each) => !areFinite(each))) return;
    throw new Error(`Gradients.${caller}: factor must be a number, got ${told(k)}; is an await missing?`);
  }

  async #measure(p: number): Promise<Float64Array> {
    const all = await this.#meter.norms(p);
    const norms = this.#positions ? Float64Array.from(this.#positions, (position) => all[position]) : all;
    this.#measured.set(p, norms);
    return norms;
  }

  /** A version only grows: whatever is written to any gradient raises the sum. */
  #sumOfVersions(): number {
    let sum = 0;
    for (let i = 0; i < this.parameters.length; i++) sum += this.parameters[i].grad!.version;
    return sum;
  }

  #invalidate(): void {
    this.#changed = true;
    this.#measured.clear();
  }

  #named(caller: string, name: string): Parameter {
    const parameter = this.parameters[this.names.indexOf(name)];
    if (parameter) return parameter;
    throw new Error(
      `Gradients.${caller}: no gradient is named '${name}'; there are ${this.names.join(', ')}`,
    );
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

/**
 * Whether a norm that was multiplied is still that of the gradient: so large that elements may have overflowed, or so
 * small that they may have vanished, it must be measured again.
 */
function isSafe(norm: number): boolean {
  return norm === 0 || (norm > 2 ** -100 && norm < 2 ** 127);
}
