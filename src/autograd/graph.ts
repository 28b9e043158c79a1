/**
 * The graph: a Variable is a Tensor and how it was computed. It is made of nothing but these objects. A Variable that an
 * op made points to its node; the node points to the op, and to the Variables that the op read.
 */

import { checkCount, checkFunction, checkSynchronous, notANumber, wrongKind } from '../tensor/arguments.js';
import { checkFits } from '../tensor/checks.js';
import { describeTensor, inspect } from '../tensor/describe.js';
import { formatShape, longLived, type Shape, Tensor } from '../tensor/index.js';
import { type Keepable, keep, type Scope } from '../tensor/scope.js';

/**
 * What the graph needs of an op: its name, and the way back through it, from dLoss/dOutput to dLoss/dInput. These
 * derivatives of one number, the loss, are called gradients.
 */
export interface GraphOp {
  readonly name: string;
  /**
   * One function per input that computes its gradient, from the gradients of the outputs: null for an output that the
   * loss does not depend on. `note` leaves a tensor in `node.note`.
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
  /** Values of the inputs, as the op saw them. */
  readonly values: readonly Tensor[];
  readonly outputs: readonly Variable[];
  /** What forward saved. */
  readonly saved: readonly Tensor[];
  /** Versions of values, outputs and saved tensors, in this order; whoever writes one of them in place raises its version. */
  readonly versions: readonly number[];
  /** Set by backward: a graph is walked once, unless it is retained. */
  used: boolean;
  /** The pass that visited this node last. */
  pass: Pass | null;
  /** What backward computed besides: a recurrent op leaves ∂L/∂h of every step here. Null before backward. */
  note: Tensor | null;
}

/** One backward pass: the Variables that it visits. */
export type Pass = readonly Variable[];

/** The gradient that a pass is collecting at one Variable. */
export interface PendingGrad {
  readonly pass: Pass;
  grad: Tensor | null;
  /** Whether the pass made `grad` itself, as a sum, and so may add to it in place. */
  isSum: boolean;
}

let recording = true;
let created = 0;

/** Whether ops record how they computed their result. */
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
  /** Null for a leaf: a Variable that no op made. */
  readonly node: GraphNode | null;
  /** Order of creation: an op's outputs come after its inputs, one directly after the other. */
  readonly id = created++;
  /** What a backward pass has collected here so far; null unless one is under way. */
  pending: PendingGrad | null = null;
  /** The value; only Parameter ever replaces it. */
  protected stored: Tensor;
  #requiresGrad: boolean;
  #grad: Tensor | null = null;
  /** Version of a gradient whose memory may belong to others as well; −1 if it is this Variable's own. */
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
   * dLoss/dValue of the last backward passes, summed; null before the first. Shape of `value`. Its memory is its own, and
   * a later pass replaces it: whoever holds it keeps its numbers. (A Parameter's gradient is live instead.)
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
   * Adds to `grad`. Between ops one tensor may serve as the gradient of several Variables, for example of both operands
   * of an addition; it is copied as soon as somebody reads it here.
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

  #takeOver(shared: Tensor): void {
    if (shared.version !== this.#sharedVersion) {
      throw new Error(
        `Variable.grad: the gradient of ${this} shares memory with a tensor that was changed in place after backward; read it before that`,
      );
    }
    this.grad = shared;
  }

  /** Throws if the gradient may not be added to now; a Parameter overrides it. */
  checkFree(_caller: string): void {}

  /** The only element of a one-element value. */
  item(): number {
    return this.value.item();
  }

  /** The same value without history. */
  detach(): Variable {
    return new Variable(this.value);
  }

  /** What a scope that is ending hands on when this is returned from it: the value and its gradient, without the graph. */
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

/** A tensor whose memory lives as long as that of `value`, whatever scope is open. */
export function livingAsLong(value: Tensor, make: () => Tensor): Tensor {
  return value.isOuter ? longLived(make) : make();
}

/** A tool that looks over the engine's shoulder, as anomaly mode does: it may throw, but changes nothing. */
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

/** The one place where such a tool installs itself; null, unless one has. */
export let watcher: Watcher | null = null;

/** Runs `fn` with a watcher installed. */
export function watching<T>(installed: Watcher, fn: () => T): T {
  const before = watcher;
  watcher = installed;
  try {
    return fn();
  } finally {
    watcher = before;
  }
}
