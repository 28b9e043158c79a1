/**
 * The backward pass: one loop over the graph from the loss to the leaves. It names no op, undoes broadcasting
 * once for all of them, and needs no recursion, so that a network unrolled over 10,000 steps does not overflow
 * the stack.
 */

import { checkAlike } from '../tensor/checks.js';
import { formatShape, fullLike, ShapeError, sameShape, type Tensor } from '../tensor/index.js';
import { Variable } from './variable.js';

/** Options of `backward`. */
export interface BackwardOptions {
  /** dLoss/dThis to start from; default 1, which needs a one-element value. */
  readonly grad?: Tensor;
  /** Called for every Variable of the graph once its gradient is complete, from the loss down. */
  readonly onNode?: (variable: Variable, grad: Tensor) => void;
}

/** Gradients being summed; `owned` where the sum is ours and may be added to in place. */
interface Pending {
  grad: Tensor;
  owned: boolean;
}

/**
 * Adds d(root)/d(variable) to `grad` of every Variable that the root was computed from. Throws, before any
 * gradient is changed, if there is nothing to differentiate, if the graph was walked before, or if a parameter
 * was changed in place since the forward pass.
 */
export function backward(root: Variable, options: BackwardOptions = {}): void {
  const order = sortedGraph(root);
  const pending = new Map<Variable, Pending>([
    [root, { grad: startGradient(root, options.grad), owned: false }],
  ]);
  for (const current of order) {
    const { grad } = pending.get(current)!;
    const node = current.node;
    if (node) {
      const inputs = node.inputs.map((input) => input.value);
      const rules = node.op.backward(grad, { inputs, output: current.value, params: node.params });
      node.inputs.forEach((input, i) => {
        if (input.requiresGrad) collect(pending, input, unbroadcast(node.op.name, rules[i]!(), input.value));
      });
    }
    options.onNode?.(current, grad);
  }
  for (const current of order) {
    if (current.node) current.node.used = true;
    current.accumulateGrad(pending.get(current)!.grad);
  }
}

/** Every Variable of the graph that needs a gradient, latest first, checked to be walkable. */
function sortedGraph(root: Variable): Variable[] {
  if (!root.requiresGrad) {
    throw new Error('backward: nothing to differentiate: no Parameter or variable() led to this value');
  }
  const found = new Set<Variable>([root]);
  for (const current of found) {
    const node = current.node;
    if (!node) continue;
    if (node.used) {
      throw new Error(
        `backward: this graph was walked before (at '${node.op.name}'); run the forward pass again first`,
      );
    }
    node.inputs.forEach((input, i) => {
      if (input.version !== node.versions[i]) {
        throw new Error(
          `backward: ${input} was changed in place after '${node.op.name}' used it; run the forward pass again first`,
        );
      }
      if (input.requiresGrad) found.add(input);
    });
  }
  return [...found].sort((a, b) => b.id - a.id);
}

function startGradient(root: Variable, grad: Tensor | undefined): Tensor {
  if (grad && !sameShape(grad.shape, root.shape)) {
    throw new Error(
      `backward: grad must have the value's shape ${formatShape(root.shape)}, got ${formatShape(grad.shape)}`,
    );
  }
  if (!grad && root.value.size !== 1) {
    throw new Error(
      `backward: a loss has one element, got shape ${formatShape(root.shape)}; reduce it, or pass { grad }`,
    );
  }
  if (grad) checkAlike('backward', root.value, grad);
  return grad ?? fullLike(root.value, 1);
}

function collect(pending: Map<Variable, Pending>, target: Variable, grad: Tensor): void {
  const entry = pending.get(target);
  if (!entry) {
    pending.set(target, { grad, owned: false });
  } else if (entry.owned) {
    entry.grad.addInPlace(grad);
  } else {
    pending.set(target, { grad: entry.grad.add(grad), owned: true });
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
  const axes = grad.shape
    .map((_, axis) => axis)
    .filter((axis) => axis < lead || (input.shape[axis - lead] === 1 && grad.shape[axis] !== 1));
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
