/** A buffer: numbers that a module keeps beside its parameters. Separate from Parameter because nothing trains it. */

import { checkCount, wrongKind } from '../tensor/arguments.js';
import { formatShape, longLived, type Shape, ShapeError, sameShape, Tensor } from '../tensor/index.js';

/**
 * What a module measures and keeps, as running statistics are: in a field of a Module it is saved, loaded and
 * converted with the parameters, under its path, but it is no parameter: no optimizer, clipper or count of parameters sees it.
 */
export class ModuleBuffer {
  #value: Tensor;

  /** Copies `value` into long-lived memory. */
  constructor(value: Tensor) {
    checkCount('ModuleBuffer', arguments.length, 1);
    if (!(value instanceof Tensor)) throw wrongKind('ModuleBuffer', 'value', 'a Tensor', value);
    this.#value = longLived(() => value.copy());
  }

  /** The numbers as they are now: `assign` writes into this memory. */
  get value(): Tensor {
    return this.#value;
  }

  get shape(): Shape {
    return this.#value.shape;
  }

  /** Copies new numbers in, converting dtype and backend. Throws ShapeError unless shapes agree. */
  assign(value: Tensor): void {
    checkCount('ModuleBuffer.assign', arguments.length, 1);
    if (!(value instanceof Tensor)) throw wrongKind('ModuleBuffer.assign', 'value', 'a Tensor', value);
    if (!sameShape(value.shape, this.shape)) {
      throw new ShapeError(
        `ModuleBuffer.assign: the buffer has shape ${formatShape(this.shape)}, got ${formatShape(value.shape)}`,
      );
    }
    this.#value.overwrite(value.to(this.#value.dtype, this.#value.backend));
  }

  /**
   * Takes a value of the same shape that may have another dtype or backend.
   * @internal
   */
  become(value: Tensor): void {
    this.#value = longLived(() => value.copy());
  }

  toString(): string {
    return `ModuleBuffer(${formatShape(this.shape)})`;
  }
}
