/**
 * The graph. An op computes Tensors from Tensors, such as a sum or a matrix product. A Variable is a Tensor and how it was
 * computed: it points to its node, one call of an op, and the node points to the Variables that the op read. That is all
 * a graph is made of. Backward (in backward.ts) follows these pointers from the loss, the number that training
 * minimizes, and computes the derivative of the loss with respect to every Variable: its gradient, dLoss/dVariable.
 */

import { checkCount, checkFunction, checkSynchronous, notANumber, wrongKind } from '../tensor/arguments.js';
import { checkFits } from '../tensor/checks.js';
import { describeTensor, inspect } from '../tensor/describe.js';
import { formatShape, longLived, type Shape, Tensor } from '../tensor/index.js';
import { type Keepable, keep, type Scope } from '../tensor/scope.js';

/** What the graph needs of an op: its name, and the way back through it. */
export interface GraphOp {
  readonly name: string;
  /**
   * One function per input, which computes its gradient. `grads` are those of the outputs, null for an output that the
   * loss does not depend on. A tensor that is given to `note` can be read from `node.note` after the pass.
   */
  backward(
    grads: readonly (Tensor | null)[],
    node: GraphNode,
    note: (tensor: Tensor) => void,
  ): readonly (() => Tensor)[];
}

/** One call of an op: what it read, what it made, and what it keeps for the way back. */
export interface GraphNode {
  readonly op: GraphOp;
  readonly params: unknown;
  readonly inputs: readonly Variable[];
  /** Values of the inputs, as the op saw them: a Parameter may get another one later. */
  readonly values: readonly Tensor[];
  readonly outputs: readonly Variable[];
  /** Tensors that the op computed on the way and keeps for its backward. */
  readonly saved: readonly Tensor[];
  /**
   * What the versions of values, outputs and saved tensors were, in this order. A write in place raises the version of a
   * tensor, and tells backward that the numbers it needs are gone.
   */
  readonly versions: readonly number[];
  /** Whether a pass has walked it: a graph is walked once, unless it is retained. */
  used: boolean;
  /** The pass that reached this node last. */
  pass: Pass | null;
  /** What backward computed besides gradients of inputs: a recurrent op leaves ∂L/∂h of every step here. */
  note: Tensor | null;
}

/** One backward pass: the Variables that it reaches. A leaf is one that no op made. */
export interface Pass {
  readonly made: Variable[];
  readonly leaves: Variable[];
}

/** The gradient that a pass is collecting at one Variable: the sum of a part from each op that read it. */
export interface PendingGrad {
  readonly pass: Pass;
  grad: Tensor | null;
  /** Whether `grad` is a sum that the pass made itself, and so may add to in place. */
  isSum: boolean;
}

let recording = true;
let created = 0;

/** Whether ops record how they computed their result, and so make a graph. */
export function isRecording(): boolean {
  checkCount('isRecording', arguments.length, 0);
  return recording;
}

/**
 * Runs `fn` without recording a graph: for evaluation and measurements. It does not change layers' mode. Throws an Error
 * if `fn` returns a Promise: what runs after its first `await` would be recorded.
 */
export function noGrad<T>(fn: () => T): T {
  checkCount('noGrad', arguments.length, 1);
  checkFunction('noGrad', 'the argument', fn);
  const before = recording;
  recording = false;
  try {
    const result = fn();
    checkSynchronous('noGrad', result, 'await first, then call noGrad');
    return result;
  } finally {
    recording = before;
  }
}

/** A tensor and how it was computed; after `backward()` it carries dLoss/dValue in `grad`. */
export class Variable implements Keepable {
  /** Null for a leaf. */
  readonly node: GraphNode | null;
  /** Order of creation: the outputs of an op come after its inputs, and one directly after the other. */
  readonly id = created++;
  /** What a backward pass has collected here so far; null outside of one. */
  pending: PendingGrad | null = null;
  /** The value; only a Parameter ever replaces it. */
  protected stored: Tensor;
  #requiresGrad: boolean;
  #grad: Tensor | null = null;
  /** If another Variable may have the same tensor as its gradient, the version that it had; else −1. */
  #sharedVersion = -1;

  constructor(value: Tensor, requiresGrad = false, node: GraphNode | null = null) {
    if (!(value instanceof Tensor)) throw wrongKind('Variable', 'value', 'a Tensor', value);
    this.stored = value;
    this.#requiresGrad = requiresGrad;
    this.node = node;
  }

  get value(): Tensor {
    return this.stored;
  }

  /** Whether backward computes a gradient here. Set it to false to freeze a leaf: its gradient becomes null. */
  get requiresGrad(): boolean {
    return this.#requiresGrad;
  }
  set requiresGrad(requiresGrad: boolean) {
    if (typeof requiresGrad !== 'boolean') {
      throw new Error(`Variable.requiresGrad: must be true or false, got ${requiresGrad}`);
    }
    if (this.node) {
      throw new Error(
        `Variable.requiresGrad: can be set on leaves only, got the output of '${this.node.op.name}'; use detach()`,
      );
    }
    if (!requiresGrad) this.grad = null;
    this.#requiresGrad = requiresGrad;
  }

  /**
   * dLoss/dValue, summed over the backward passes so far; null before the first. Shape of `value`. A later pass replaces
   * the tensor, so one that you hold keeps its numbers. (A Parameter's gradient is written in place instead.)
   */
  get grad(): Tensor | null {
    if (this.#sharedVersion >= 0) this.#takeOver(this.#grad!);
    return this.#grad;
  }
  /** Copies a gradient of the value's shape, dtype and backend. */
  set grad(grad: Tensor | null) {
    if (grad) checkFits('Variable.grad', this.value, grad);
    this.#grad = grad && livingAsLong(this.value, () => grad.copy());
    this.#sharedVersion = -1;
  }

  get shape(): Shape {
    return this.value.shape;
  }

  /** Raised whenever the value is changed in place, here or through a tensor whose memory it shares. */
  get version(): number {
    return this.value.version;
  }

  /**
   * Adds to `grad`. One tensor may be the gradient of several Variables, as of both operands of an addition. Few of these
   * gradients are ever read, so it is copied when one is, not here. A leaf copies at once.
   */
  accumulateGrad(grad: Tensor): void {
    if (this.#grad) {
      const before = this.grad!;
      this.#grad = livingAsLong(this.value, () => before.add(grad));
    } else if (this.node && !this.value.isOuter) {
      this.#grad = grad;
      this.#sharedVersion = grad.version;
    } else {
      this.grad = grad;
    }
  }

  /** Makes the gradient this Variable's own. */
  #takeOver(shared: Tensor): void {
    if (shared.version !== this.#sharedVersion) {
      throw new Error(
        `Variable.grad: the gradient of ${this} shares memory with a tensor that was changed in place after backward; read it before that`,
      );
    }
    this.grad = shared;
  }

  /** Throws if the gradient may not be added to now, as that of a Parameter during a step. */
  checkFree(_caller: string): void {}

  /** The only element of a one-element value. */
  item(): number {
    return this.value.item();
  }

  /** The same value without history. */
  detach(): Variable {
    return new Variable(this.value);
  }

  /** A copy of value and gradient, without the graph, that outlives the memory scope from which this is returned. */
  [keep](ending: Scope): Variable {
    const value = this.value[keep](ending);
    const grad = this.grad?.[keep](ending) ?? null;
    const kept = value === this.value ? this : new Variable(value, this.requiresGrad && this.node === null);
    if (grad !== kept.grad) kept.grad = grad;
    return kept;
  }

  /** Throws an Error: a Variable in an expression of JavaScript (`total += loss`, `w * 2`) is a mistake. */
  valueOf(): never {
    throw notANumber('Variable');
  }

  /** Shape and the op it came from, for messages; a Parameter gives its name. Consoles show numbers too. */
  toString(): string {
    return `Variable(${formatShape(this.shape)}, ${this.node ? this.node.op.name : 'leaf'})`;
  }
  [inspect](): string {
    return describeTensor(this.value, `Variable (${this.node ? this.node.op.name : 'leaf'})`);
  }
}

/** A leaf that collects a gradient: `variable(tensor([1, 2]))`. */
export function variable(value: Tensor): Variable {
  checkCount('variable', arguments.length, 1);
  if (!(value instanceof Tensor)) throw wrongKind('variable', 'value', 'a Tensor', value);
  return new Variable(value, true);
}

/**
 * Makes a tensor whose memory lives as long as that of `value`. What is computed inside `scope(…)` is released at its end;
 * a value from outside, such as a Parameter's, needs a gradient that stays.
 */
export function livingAsLong(value: Tensor, make: () => Tensor): Tensor {
  return value.isOuter ? longLived(make) : make();
}

/** A tool that watches ops and passes, as anomaly mode does: it may throw, but changes nothing. */
export interface Watcher {
  /** An op was computed; `node` is null if that was not recorded. */
  computed(
    op: GraphOp,
    inputs: readonly Variable[],
    outputs: readonly Tensor[],
    node: GraphNode | null,
  ): void;
  /** The gradient of a Variable is complete. */
  completed(variable: Variable, grad: Tensor): void;
  /** A node computed the gradient of its input `i` from those of its outputs. */
  passedBack(node: GraphNode, i: number, grad: Tensor, grads: readonly (Tensor | null)[]): void;
}

/** The tool that watches now, or null. */
export let watcher: Watcher | null = null;

/** Runs `fn` while a tool watches. */
export function watching<T>(installed: Watcher, fn: () => T): T {
  const before = watcher;
  watcher = installed;
  try {
    return fn();
  } finally {
    watcher = before;
  }
}
