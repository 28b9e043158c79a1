/**
 * Parameter: a Variable that a model owns and an optimizer changes. Its value and gradient outlive every scope and are
 * written in place; each write raises the version, so that backward refuses a graph from before. An optimizer moves the
 * parameters that it updates into a block, one stretch of memory for all, which its kernels walk in one loop.
 */

import { checkCount, wrongKind } from '../tensor/arguments.js';
import { paddedSize } from '../tensor/backend.js';
import { checkAlike } from '../tensor/checks.js';
import { describeTensor, inspect } from '../tensor/describe.js';
import {
  type Backend,
  type FloatArray,
  formatShape,
  longLived,
  type Shape,
  ShapeError,
  sameShape,
  Tensor,
} from '../tensor/index.js';
import { freeNow, freeWithOwner } from '../tensor/lost-memory.js';
import { type Changes, Scope } from '../tensor/scope.js';
import { rowMajorView } from '../tensor/view.js';
import { Variable } from './graph.js';

/** Who has a parameter to itself for a while: nobody else may write its value or gradient until that ends. */
export interface ParameterHolder {
  /** As messages name it: `SGD.step()`. */
  readonly owner: string;
  /** What to do first: `await it`. */
  readonly remedy: string;
}

/** A leaf that a model owns and an optimizer changes. */
export class Parameter extends Variable {
  /** Path in the model, such as `rnn.weightHh`; empty until a Module is asked for its parameters. */
  name: string;
  /**
   * Who has this parameter to itself, such as a step that runs; null: nobody.
   * @internal
   */
  holder: ParameterHolder | null = null;
  /** The memory of the gradient, which is kept for the next one while `#hasGrad` is false. */
  #gradStorage: Tensor | null = null;
  #hasGrad = false;
  /** Count the writes into value and gradient, wherever these lie: their versions. */
  readonly #changes: Changes;
  readonly #gradChanges: Changes = { count: 0 };
  #place: BlockPlace | null = null;

  /** Copies `value` into long-lived memory. */
  constructor(value: Tensor, name = '') {
    checkCount('Parameter', arguments.length, 2);
    if (!(value instanceof Tensor)) throw wrongKind('Parameter', 'value', 'a Tensor', value);
    if (typeof name !== 'string') throw wrongKind('Parameter', 'name', 'a string', name);
    const changes = { count: 0 };
    super(counted(value, changes), true);
    this.#changes = changes;
    this.name = name;
  }

  override toString(): string {
    return `Parameter(${this.name ? `'${this.name}', ` : ''}${formatShape(this.shape)})`;
  }
  override [inspect](): string {
    return describeTensor(this.value, this.name ? `Parameter '${this.name}'` : 'Parameter');
  }

  /** Where value and gradient lie in a block, or null while they have memory of their own. */
  get place(): BlockPlace | null {
    return this.#place;
  }

  /**
   * dLoss/dValue, summed over the backward passes since it was last null. Every pass and every gradient hook writes into
   * the same tensor: take `grad.copy()` to keep its numbers. Null means that there is none, which is not the same as zero.
   */
  override get grad(): Tensor | null {
    return this.#hasGrad ? this.#gradStorage : null;
  }
  /** Copies a gradient of the value's shape. Throws an Error if the parameter is frozen. */
  override set grad(grad: Tensor | null) {
    if (this.holder) this.checkFree('Parameter.grad');
    this.replaceGrad(grad);
  }

  /**
   * Sets the gradient, also while somebody holds this parameter: for the holder.
   * @internal
   */
  replaceGrad(grad: Tensor | null): void {
    if (grad) this.#checkGrad(grad);
    this.#hasGrad = false;
    if (grad) this.#addGrad(grad);
  }

  override accumulateGrad(grad: Tensor): void {
    if (this.holder) this.checkFree('Parameter.accumulateGrad');
    this.#checkGrad(grad);
    this.#addGrad(grad);
  }

  /** Throws if somebody has this parameter to itself: a step, a clip, or a sum of micro-batches that is not whole yet. */
  override checkFree(caller: string): void {
    if (!this.holder) return;
    const { owner, remedy } = this.holder;
    const which = this.name ? `'${this.name}'` : `of shape ${formatShape(this.shape)}`;
    throw new Error(`${caller}: the parameter ${which} belongs to ${owner}; ${remedy}`);
  }

  #addGrad(grad: Tensor): void {
    if (this.#hasGrad) this.#gradStorage!.addInPlace(grad);
    else if (this.#gradStorage) this.#gradStorage.overwrite(grad);
    else this.#gradStorage = counted(grad, this.#gradChanges);
    this.#hasGrad = true;
  }

  /** Copies new numbers into the value. Throws ShapeError unless shapes agree. */
  assign(value: Tensor): void {
    if (this.holder) this.checkFree('Parameter.assign');
    this.replaceValue(value);
  }

  /**
   * As `assign`, also while somebody holds this parameter: for the holder.
   * @internal
   */
  replaceValue(value: Tensor): void {
    if (!(value instanceof Tensor)) throw wrongKind('Parameter.assign', 'value', 'a Tensor', value);
    this.#checkShape('assign', value.shape);
    this.stored.overwrite(value.to(this.stored.dtype, this.stored.backend));
  }

  /**
   * Takes a value of the same shape that may have another dtype or backend; the gradient becomes null.
   * @internal
   */
  become(value: Tensor): void {
    this.markChanged();
    this.stored = counted(value, this.#changes);
    this.#gradStorage = null;
    this.#hasGrad = false;
  }

  /**
   * Says that the value was written in place; graphs recorded before can no longer be walked.
   * @internal
   */
  markChanged(): void {
    this.#changes.count++;
  }

  /**
   * Moves value and gradient into a block's memory.
   * @internal
   */
  moveTo(place: BlockPlace): void {
    const { values, grads, backend, life } = place.block;
    const slot = (block: FloatArray, changes: Changes): Tensor => {
      const { data, offset } = backend.memory.locate(block);
      const view = rowMajorView(data, this.shape, offset + place.offset);
      return new Tensor(view, backend, life, changes);
    };
    const grad = this.grad;
    const value = this.stored;
    this.#place = place;
    this.stored = slot(values, this.#changes);
    backend.copy(value.view(), this.stored.view());
    this.#gradStorage = slot(grads, this.#gradChanges);
    if (grad) this.replaceGrad(grad);
  }

  /**
   * Moves value and gradient out of their block, into memory of their own.
   * @internal
   */
  leaveBlock(): void {
    const { grad } = this;
    this.stored = counted(this.stored, this.#changes);
    this.#gradStorage = grad && counted(grad, this.#gradChanges);
    this.#place = null;
  }

  #checkShape(caller: string, shape: Shape): void {
    if (sameShape(shape, this.shape)) return;
    throw new ShapeError(
      `Parameter.${caller}: '${this.name}' has shape ${formatShape(this.shape)}, got ${formatShape(shape)}`,
    );
  }

  #checkGrad(grad: Tensor): void {
    if (!this.requiresGrad) {
      throw new Error(
        `Parameter.grad: '${this.name}' is frozen and takes no gradient; set requiresGrad = true first`,
      );
    }
    this.#checkShape('grad', grad.shape);
    checkAlike('Parameter.grad', this.value, grad);
  }
}

/** A long-lived copy that counts how often it is changed in place. */
function counted(value: Tensor, changes: Changes): Tensor {
  const copy = longLived(() => value.copy());
  return new Tensor(copy.view(), copy.backend, null, changes);
}

/** Where a parameter lies in a block: `offset` elements from its start. */
export interface BlockPlace {
  readonly block: ParameterBlock;
  readonly offset: number;
}

/** The values of several parameters in one stretch of memory, and their gradients in another. */
export class ParameterBlock {
  /** Parameter k lies at its offset and is padded with zeros to a multiple of 8. */
  readonly values: FloatArray;
  readonly grads: FloatArray;
  /** Where they live, and where optimizer state that is addressed alike must live. */
  readonly backend: Backend;
  readonly parameters: readonly Parameter[];
  /** What the tensors that lie here belong to, as others belong to a scope: once it has ended they cannot be read. */
  readonly life = new Scope('an optimizer gave its memory back; read the value of the parameter again');
  readonly #memory: FloatArray;
  #users = 0;

  /** Moves parameters of one dtype and backend, which lie in no block, into a new one. */
  constructor(parameters: readonly Parameter[]) {
    const { backend, dtype } = parameters[0].value;
    let size = 0;
    const offsets = parameters.map((parameter) => {
      const offset = size;
      size += paddedSize(parameter.value.size);
      return offset;
    });
    this.#memory = backend.memory.allocateBlock(dtype, 2 * size);
    // Every tensor that lies here holds the life of the block: while one can be read, the memory stays.
    freeWithOwner(this.life, backend.memory, this.#memory);
    this.values = this.#memory.subarray(0, size);
    this.grads = this.#memory.subarray(size);
    this.backend = backend;
    this.parameters = parameters;
    for (const [i, parameter] of parameters.entries()) parameter.moveTo({ block: this, offset: offsets[i] });
  }

  /** Counts one more optimizer that updates what lies here. */
  enter(): void {
    this.#users++;
  }

  /** Counts one less; when none is left the parameters move out and the memory is free again. */
  leave(): void {
    this.#users--;
    if (this.#users > 0) return;
    for (const parameter of this.parameters) parameter.leaveBlock();
    this.life.end();
    freeNow(this.backend.memory, this.#memory);
  }
}

/** Whether the blocks that `packParameters` would make leave enough of every backend's memory for a step. */
export function hasRoomFor(parameters: readonly Parameter[]): boolean {
  const needed = new Map<Backend, number>();
  for (const { place, value } of new Set(parameters)) {
    if (place) continue;
    needed.set(value.backend, (needed.get(value.backend) ?? 0) + 2 * paddedSize(value.size));
  }
  return [...needed].every(([{ memory }, size]) => memory.hasRoom?.(size) ?? true);
}

/** Moves the parameters that lie in no block yet into a new one each dtype and backend; returns the blocks of all. */
export function packParameters(parameters: readonly Parameter[]): ReadonlySet<ParameterBlock> {
  const loose = new Set(parameters.filter((parameter) => !parameter.place));
  for (const first of loose) {
    const alike = [...loose].filter(
      ({ value }) => value.dtype === first.value.dtype && value.backend === first.value.backend,
    );
    new ParameterBlock(alike);
    for (const parameter of alike) loose.delete(parameter);
  }
  return new Set(parameters.map(({ place }) => place!.block));
}
