/**
 * Gradients: what stands between backward and step. The gradients of an optimizer's parameters by name, the
 * measurements of them, computed once and kept until something changes them, and the only ways to change them.
 */

import type { Parameter } from '../autograd/index.js';
import type { Tensor } from '../tensor/index.js';
import { checkThreshold } from './hook.js';
import { combineNorms } from './host-norm.js';
import type { MeterDevice, NormMeter } from './norm-meter.js';

/** Named gradients of a set of parameters; parameters without a gradient are left out. */
export class Gradients {
  /** The parameters that have a gradient, each once. */
  readonly parameters: readonly Parameter[];
  readonly #names: ReadonlyMap<string, Parameter>;
  readonly #meter: NormMeter;
  /** Positions of `parameters` in the meter's list. */
  readonly #positions: readonly number[];
  readonly #measured = new Map<number, Float64Array>();
  #changed = false;
  #skipped: string | null = null;

  /** `meter` measures a list of parameters, each once; the gradients they have now are the ones meant. */
  constructor(meter: NormMeter) {
    this.#meter = meter;
    const present = [...meter.parameters.entries()].filter(([, parameter]) => parameter.grad !== null);
    this.#positions = present.map(([position]) => position);
    this.parameters = present.map(([, parameter]) => parameter);
    this.#names = namesOf(present);
  }

  /**
   * Names in the order of the parameters, no two alike. An unnamed parameter is called `parameter 3` by its position,
   * and the second of one name `weight (parameter 3)`: two models may both have a `weight`.
   */
  get names(): readonly string[] {
    return [...this.#names.keys()];
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

  /** The p-norm of all gradients together, in float64: (Σ|g|^p)^(1/p); p > 0 or Infinity. */
  async norm(p = 2): Promise<number> {
    return combineNorms(await this.#norms(p), p);
  }

  /** The p-norm of each gradient, by name. */
  async norms(p = 2): Promise<ReadonlyMap<string, number>> {
    const norms = await this.#norms(p);
    return new Map(this.names.map((name, i) => [name, norms[i]]));
  }

  /** The largest magnitude in any gradient. */
  maxAbs(): Promise<number> {
    return this.norm(Number.POSITIVE_INFINITY);
  }

  /** Names of the gradients that hold a NaN or an infinity. */
  async nonFinite(): Promise<readonly string[]> {
    let norms = await this.#norms(this.#measured.keys().next().value ?? 2);
    // A norm of finite numbers may itself be too large for float64; their largest magnitude is not.
    if (!norms.every(Number.isFinite)) norms = await this.#norms(Number.POSITIVE_INFINITY);
    return this.names.filter((_, i) => !Number.isFinite(norms[i]));
  }

  /** Multiplies every gradient by k, computed in float64 and rounded once; 1 changes not a bit. */
  scale(k: number): void {
    this.scaleEach(this.parameters.map(() => k));
  }

  /** Multiplies gradient i by ks[i]. */
  scaleEach(ks: readonly number[]): void {
    if (ks.length !== this.parameters.length) {
      throw new Error(`Gradients.scaleEach: needs ${this.parameters.length} factors, got ${ks.length}`);
    }
    for (const [i, parameter] of this.parameters.entries()) {
      if (ks[i] === 1) continue;
      this.#changed = true;
      scaleInPlace(parameter, ks[i]);
    }
    for (const [p, norms] of this.#measured) {
      const isKnown = norms.map((norm, i) => norm * Math.abs(ks[i])).every(isSafe);
      if (isKnown) for (let i = 0; i < norms.length; i++) norms[i] *= Math.abs(ks[i]);
      else if (ks.some((k) => k !== 1)) this.#measured.delete(p);
    }
  }

  /**
   * Bounds every element to [−limit, limit], the limit rounded to the gradient's dtype; NaN stays NaN. Returns how many
   * elements were outside. Throws unless limit ≥ 0.
   */
  clamp(limit: number): number {
    checkThreshold('Gradients.clamp', limit);
    let outside = 0;
    for (const parameter of this.parameters) outside += clampInPlace(parameter.grad!, limit);
    if (outside > 0) this.#invalidate();
    return outside;
  }

  /** Replaces one gradient by `fn` of it: a tensor of the same shape. */
  edit(name: string, fn: (grad: Tensor) => Tensor): void {
    const parameter = this.#named('edit', name);
    const edited = fn(parameter.grad!);
    if (edited !== parameter.grad) parameter.grad = edited.copy();
    this.#invalidate();
  }

  /** Ends the chain of hooks: no update is made, and the state of later hooks and the optimizer stays as it is. */
  skip(reason: string): void {
    this.#skipped = reason;
  }

  async #norms(p: number): Promise<Float64Array> {
    let norms = this.#measured.get(p);
    if (!norms) {
      const all = await this.#meter.norms(p);
      norms = Float64Array.from(this.#positions, (position) => all[position]);
      this.#measured.set(p, norms);
    }
    return norms;
  }

  #invalidate(): void {
    this.#changed = true;
    this.#measured.clear();
  }

  #named(caller: string, name: string): Parameter {
    const parameter = this.#names.get(name);
    if (parameter) return parameter;
    throw new Error(
      `Gradients.${caller}: no gradient is named '${name}'; there are ${this.names.join(', ')}`,
    );
  }
}

/** The name of a parameter, or what stands for it at position `position` of its list. */
export function nameOf(parameter: Parameter, position: number): string {
  return parameter.name || `parameter ${position}`;
}

function namesOf(present: readonly (readonly [number, Parameter])[]): ReadonlyMap<string, Parameter> {
  const names = new Map<string, Parameter>();
  for (const [position, parameter] of present) {
    const name = nameOf(parameter, position);
    names.set(names.has(name) ? `${name} (parameter ${position})` : name, parameter);
  }
  return names;
}

/**
 * Whether a norm that was multiplied is still that of the gradient: so large that elements may have overflowed, or so
 * small that they may have vanished, it must be measured again.
 */
function isSafe(norm: number): boolean {
  return norm === 0 || (norm > 2 ** -100 && norm < 2 ** 127);
}

/** A parameter's gradient is one run of its own memory, or of a block that kernels reach. */
function scaleInPlace({ grad, place }: Parameter, k: number): void {
  const { data, offset } = grad!.view();
  const end = offset + grad!.size;
  const { scaleBlock } = grad!.backend.fused;
  if (place && scaleBlock) scaleBlock(data, offset, end, k);
  else for (let i = offset; i < end; i++) data[i] *= k;
}

function clampInPlace(grad: Tensor, limit: number): number {
  const { data, offset } = grad.view();
  // Rounded first: the float32 nearest to 0.1 lies above 0.1, and would be found outside again and again.
  const bound = grad.dtype === 'float32' ? Math.fround(limit) : limit;
  let outside = 0;
  for (let i = offset; i < offset + grad.size; i++) {
    if (Math.abs(data[i]) > bound) {
      data[i] = data[i] > 0 ? bound : -bound;
      outside++;
    }
  }
  return outside;
}
