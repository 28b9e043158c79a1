/**
 * Parameter: a Variable that a model owns. Its value and gradient live long, in memory of their own or in a block
 * shared with others, and change in place; every change raises `version`, so a stale graph is noticed.
 */

import { checkAlike } from '../tensor/checks.js';
import {
  type Backend,
  type FloatArray,
  formatShape,
  fullLike,
  longLived,
  makeView,
  rowMajorStrides,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
} from '../tensor/index.js';
import { Variable } from './variable.js';

/** A Variable that a model owns and an optimizer changes. */
export class Parameter extends Variable {
  /** Path in the model, `rnn.weightHh`; empty until a Module is walked. */
  name: string;
  #gradStorage: Tensor | null = null;
  #hasGrad = false;
  #version = 0;
  #place: BlockPlace | null = null;

  /** Copies `value` into long-lived memory. */
  constructor(value: Tensor, name = '') {
    super(
      longLived(() => value.copy()),
      true,
    );
    this.name = name;
  }

  override get version(): number {
    return this.#version;
  }

  /** Where the value lies in a block, or null while it has memory of its own. */
  get place(): BlockPlace | null {
    return this.#place;
  }

  override get grad(): Tensor | null {
    return this.#hasGrad ? this.#gradStorage : null;
  }

  /** Copies a gradient of the value's shape; null means none, which is not the same as zero. */
  override set grad(grad: Tensor | null) {
    if (grad) this.#checkGrad(grad);
    this.#hasGrad = false;
    if (grad) this.accumulateGrad(grad);
  }

  override accumulateGrad(grad: Tensor): void {
    this.#checkGrad(grad);
    this.#gradStorage ??= longLived(() => fullLike(this.stored, 0));
    if (this.#hasGrad) this.#gradStorage.addInPlace(grad);
    else this.stored.backend.copy(grad.view(), this.#gradStorage.view());
    this.#hasGrad = true;
  }

  /** Copies new numbers into the value. Throws ShapeError unless shapes agree. */
  assign(value: Tensor): void {
    this.#checkShape('assign', value.shape);
    const source = value.to(this.stored.dtype, this.stored.backend);
    this.stored.backend.copy(source.view(), this.stored.view());
    this.markChanged();
  }

  /** Says that the value was written in place; graphs recorded before can no longer be walked. */
  markChanged(): void {
    this.#version++;
  }

  /** Moves value and gradient into a block's memory. */
  moveTo(place: BlockPlace): void {
    const { values, grads } = place.block;
    const slot = (memory: FloatArray): Tensor =>
      new Tensor(
        makeView(memory, this.shape, rowMajorStrides(this.shape), place.offset),
        place.block.backend,
        null,
      );
    const grad = this.grad;
    const value = this.stored;
    this.#place = place;
    this.stored = slot(values);
    this.stored.backend.copy(value.view(), this.stored.view());
    this.#gradStorage = slot(grads);
    if (grad) this.grad = grad;
  }

  #checkShape(caller: string, shape: Shape): void {
    if (sameShape(shape, this.shape)) return;
    throw new ShapeError(
      `Parameter.${caller}: '${this.name}' has shape ${formatShape(this.shape)}, got ${formatShape(shape)}`,
    );
  }

  #checkGrad(grad: Tensor): void {
    this.#checkShape('grad', grad.shape);
    checkAlike('Parameter.grad', this.value, grad);
  }
}

/** Where a parameter lies in a block: `offset` elements from its start. */
export interface BlockPlace {
  readonly block: ParameterBlock;
  readonly offset: number;
}

/** Values and gradients of several parameters, each in one stretch of memory. */
export interface ParameterBlock {
  /** Parameter k lies at its offset and is padded with zeros to a multiple of 8. */
  readonly values: FloatArray;
  readonly grads: FloatArray;
  /** Where they live, and where optimizer state that is addressed alike must live. */
  readonly backend: Backend;
  readonly parameters: readonly Parameter[];
}

const PADDING = 8;

/** Moves the parameters that lie in no block yet into a new one each dtype and backend. */
export function packParameters(parameters: readonly Parameter[]): void {
  const loose = new Set(parameters.filter((parameter) => !parameter.place));
  for (const first of loose) {
    const alike = [...loose].filter(
      ({ value }) => value.dtype === first.value.dtype && value.backend === first.value.backend,
    );
    packAlike(alike);
    for (const parameter of alike) loose.delete(parameter);
  }
}

function packAlike(parameters: readonly Parameter[]): void {
  let size = 0;
  const offsets = parameters.map((parameter) => {
    const offset = size;
    size += Math.ceil(parameter.value.size / PADDING) * PADDING;
    return offset;
  });
  const { backend, dtype } = parameters[0].value;
  const memory = (): FloatArray => backend.memory.allocateBlock(dtype, size);
  const block: ParameterBlock = { values: memory(), grads: memory(), backend, parameters };
  for (const [i, parameter] of parameters.entries()) parameter.moveTo({ block, offset: offsets[i] });
}
