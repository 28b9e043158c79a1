/**
 * The backward pass: one loop over the graph from the loss to the leaves. It names no op, undoes broadcasting
 * once for all of them, and needs no recursion, so that a network unrolled over 10,000 steps does not overflow
 * the stack.
 */

import { checkAlike, checkFits } from '../tensor/checks.js';
import { formatShape, fullLike, ShapeError, sameShape, type Tensor } from '../tensor/index.js';
import { checkSum, watched } from './anomaly.js';
import { gradientOf, rulesOf } from './contract.js';
import { type GraphNode, Variable } from './variable.js';

/** Options of `backward`. */
export interface BackwardOptions {
  /** dLoss/dThis to start from; default 1, which needs a one-element value. */
  readonly grad?: Tensor;
  /** Called for every Variable of the graph once its gradient is complete, from the loss down. */
  readonly onNode?: (variable: Variable, grad: Tensor) => void;
}

/**
 * Adds d(root)/d(variable) to `grad` of every Variable that the root was computed from. Throws, before any
 * gradient is changed, if there is nothing to differentiate, if the graph was walked before, or if a parameter
 * was changed in place since the forward pass.
 */
export function backward(root: Variable, options: BackwardOptions = {}): void {
  const order: Variable[] = [];
  try {
    collectGraph(root, order);
    order.sort((a, b) => b.id - a.id);
    collect(root, startGradient(root, options.grad));
    for (const current of order) {
      const grad = current.pending!.grad!;
      checkSum(current, grad);
      if (current.node) passBack(current.node, grad, current.value);
      options.onNode?.(current, grad);
    }
    for (const { grad } of order) grad?.view(); // throws where there is no adding to it any more
    for (const current of order) {
      if (current.node) current.node.used = true;
      current.accumulateGrad(current.pending!.grad!);
    }
  } finally {
    for (const current of order) current.pending = null;
  }
}

/** Hands the gradient of a node's output to those of its inputs that need one. */
function passBack({ op, params, inputs, values }: GraphNode, grad: Tensor, output: Tensor): void {
  const rules = rulesOf(watched(op, inputs), grad, { inputs: values, output, params });
  for (let i = 0; i < inputs.length; i++) {
    if (inputs[i].requiresGrad) collect(inputs[i], unbroadcast(op.name, gradientOf(op, rules[i]), values[i]));
  }
}

/** Lists every Variable of the graph that needs a gradient, each once, checked to be walkable. */
function collectGraph(root: Variable, order: Variable[]): void {
  if (!root.requiresGrad) {
    throw new Error('backward: nothing to differentiate: no Parameter or variable() led to this value');
  }
  visit(root, order);
  for (const { node } of order) {
    if (!node) continue;
    if (node.used) {
      throw new Error(
        `backward: this graph was walked before (at '${node.op.name}'); run the forward pass again first`,
      );
    }
    for (let i = 0; i < node.inputs.length; i++) {
      const input = node.inputs[i];
      if (node.values[i].version !== node.versions[i]) {
        throw new Error(
          `backward: ${input} was changed in place after '${node.op.name}' used it; run the forward pass again first`,
        );
      }
      if (input.requiresGrad && input.pending?.pass !== order) visit(input, order);
    }
  }
}

function visit(variable: Variable, order: Variable[]): void {
  if (variable.pending) {
    throw new Error(
      `backward: this graph shares ${variable} with one that is being walked; call it after that pass has ended`,
    );
  }
  variable.pending = { pass: order, grad: null, owned: false };
  order.push(variable);
}

function startGradient(root: Variable, grad: Tensor | undefined): Tensor {
  if (grad) checkFits('backward', root.value, grad);
  if (!grad && root.value.size !== 1) {
    throw new Error(
      `backward: a loss has one element, got shape ${formatShape(root.shape)}; reduce it, or pass { grad }`,
    );
  }
  return grad ?? fullLike(root.value, 1);
}

function collect({ pending }: Variable, grad: Tensor): void {
  if (!pending!.grad) {
    pending!.grad = grad;
  } else if (pending!.owned) {
    pending!.grad.addInPlace(grad);
  } else {
    pending!.grad = pending!.grad.add(grad);
    pending!.owned = true;
  }
}

/** Sums a rule's result over the axes along which its input was broadcast; throws if it cannot be that input's. */
function unbroadcast(op: string, grad: Tensor, input: Tensor): Tensor {
  checkAlike(op, input, grad);
  if (sameShape(grad.shape, input.shape)) return grad;
  const lead = grad.rank - input.rank;
  if (lead < 0 || input.shape.some((length, axis) => length !== 1 && length !== grad.shape[lead + axis])) {
    throw new ShapeError(
      `backward: '${op}' gave a gradient of shape ${formatShape(grad.shape)} for an input of shape ${formatShape(input.shape)}`,
    );
  }
  const axes = [...grad.shape.keys()].filter((axis) => input.shape[axis - lead] !== grad.shape[axis]);
  return grad.sum({ axis: axes, keepDims: true }).reshape(input.shape);
}

declare module './variable.js' {
  interface Variable {
    /** Adds the derivative of this value to `grad` of all it was computed from; see `backward`. */
    backward(options?: BackwardOptions): void;
  }
}

Variable.prototype.backward = function (options) {
  backward(this, options);
};
