/**
 * Variable: a tensor and how it was computed. The graph is nothing but these objects: a Variable that an op made
 * points to its node, the node to the op and its input Variables. Methods that chain are added by methods.ts.
 */

import { checkFits } from '../tensor/checks.js';
import { describeTensor, inspect } from '../tensor/describe.js';
import { formatShape, longLived, type Shape, Tensor } from '../tensor/index.js';
import { type Keepable, keep, type Scope } from '../tensor/scope.js';
import type { OpRule } from './op.js';

/** How a Variable was computed. */
export interface GraphNode {
  readonly op: OpRule;
  readonly params: unknown;
  readonly inputs: readonly Variable[];
  /** Values of the inputs, as the op saw them. */
  readonly values: readonly Tensor[];
  /** Versions of these values when the op ran; one whose memory was changed since then has a higher one. */
  readonly versions: readonly number[];
  /** Set by backward: a graph is walked once. */
  used: boolean;
}

/** A gradient being summed; `owned` where the sum is the engine's own and may be added to in place. */
export interface PendingGrad {
  /** The backward pass that sums it: all that it visits. */
  readonly pass: readonly Variable[];
  grad: Tensor | null;
  owned: boolean;
}

let recording = true;
let created = 0;

/** Whether ops record how they computed their result. */
export function isRecording(): boolean {
  return recording;
}

/** Runs `fn` without recording a graph: for evaluation and measurements. It does not change layers' mode. */
export function noGrad<T>(fn: () => T): T {
  const before = recording;
  recording = false;
  try {
    return fn();
  } finally {
    recording = before;
  }
}

/** A tensor and how it was computed; after `backward()` it carries dLoss/dValue in `grad`. */
export class Variable implements Keepable {
  readonly requiresGrad: boolean;
  readonly node: GraphNode | null;
  /** Order of creation: an op's output is always later than its inputs. */
  readonly id = created++;
  /** What a backward pass has collected here so far; null unless one is under way. */
  pending: PendingGrad | null = null;
  /** The value; only Parameter ever replaces it. */
  protected stored: Tensor;
  #grad: Tensor | null = null;

  constructor(value: Tensor, requiresGrad = false, node: GraphNode | null = null) {
    this.stored = value;
    this.requiresGrad = requiresGrad;
    this.node = node;
  }

  get value(): Tensor {
    return this.stored;
  }

  /** dLoss/dValue of the last backward passes, summed; null before the first. Shape of `value`. */
  get grad(): Tensor | null {
    return this.#grad;
  }
  set grad(grad: Tensor | null) {
    if (grad) checkFits('Variable.grad', this.value, grad);
    this.#grad = grad;
  }

  get shape(): Shape {
    return this.value.shape;
  }

  /** Raised whenever the value is changed in place, here or through a parameter whose memory it shares. */
  get version(): number {
    return this.value.version;
  }

  /** Adds to `grad`, which lives as long as a leaf's value does. */
  accumulateGrad(grad: Tensor): void {
    this.#grad =
      this.node === null && this.value.isOuter
        ? longLived(() => this.#grad?.add(grad) ?? grad.copy())
        : (this.#grad?.add(grad) ?? grad);
  }

  /** The only element of a one-element value. */
  item(): number {
    return this.value.item();
  }

  /** The same value without history. */
  detach(): Variable {
    return new Variable(this.value);
  }

  [keep](ending: Scope): Variable {
    const value = this.value[keep](ending);
    const grad = this.grad?.[keep](ending) ?? null;
    const kept = value === this.value ? this : new Variable(value, this.requiresGrad && this.node === null);
    if (grad !== kept.grad) kept.grad = grad;
    return kept;
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
  return new Variable(value, true);
}

/** What an op accepts: a Variable, a constant Tensor, or a number of the other operand's dtype. */
export type Operand = Variable | Tensor | number;

/** The first `count` operands as Variables; numbers take dtype and backend of the first tensor among them. */
export function asVariables(caller: string, operands: readonly unknown[], count: number): Variable[] {
  if (count === 0) model(caller, operands);
  const variables: Variable[] = [];
  for (let i = 0; i < count; i++) {
    const operand = operands[i];
    if (operand instanceof Variable) variables.push(operand);
    else if (operand instanceof Tensor) variables.push(new Variable(operand));
    else if (typeof operand === 'number') variables.push(new Variable(model(caller, operands).like(operand)));
    else {
      const got = operand === null ? 'null' : typeof operand;
      throw new Error(`${caller}: operands must be Variables, Tensors or numbers, got ${got}`);
    }
  }
  return variables;
}

/** The first tensor among operands. */
function model(caller: string, operands: readonly unknown[]): Tensor {
  for (const operand of operands) {
    if (operand instanceof Variable) return operand.value;
    if (operand instanceof Tensor) return operand;
  }
  const got = operands.length > 0 ? 'numbers only' : 'none';
  throw new Error(`${caller}: at least one operand must be a Variable or a Tensor, got ${got}`);
}
