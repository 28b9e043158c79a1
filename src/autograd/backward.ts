/**
 * The backward pass: one loop over the graph from the loss to the leaves. It names no op, undoes broadcasting
 * once for all of them, and needs no recursion, so that a network unrolled over 10,000 steps does not overflow
 * the stack.
 */

import { checkCount, wrongKind } from '../tensor/arguments.js';
import { checkAlike, checkFits } from '../tensor/checks.js';
import { formatShape, fullLike, ShapeError, sameShape, Tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { type GraphNode, livingAsLong, Variable, watcher } from './graph.js';
import { checkGradient } from './op.js';

/** Options of `backward`. */
export interface BackwardOptions {
  /** dLoss/dThis to start from; default 1, which needs a one-element value. */
  readonly grad?: Tensor;
  /** Called for every Variable of the graph once its gradient is complete, from the loss down, with a copy of it. */
  readonly onNode?: (variable: Variable, grad: Tensor) => void;
  /** Leaves the graph walkable, so that another loss can pass through what it shares with this one. Default false. */
  readonly retainGraph?: boolean;
}

/**
 * Adds d(root)/d(variable) to `grad` of every Variable that the root was computed from. Throws, before any gradient is
 * changed, if there is nothing to differentiate, if the graph was walked before and not retained, or if anything that an
 * op read, made or saved was changed in place since.
 */
export function backward(root: Variable, options: BackwardOptions = {}): void {
  checkCount('backward', arguments.length, 2);
  if (!(root instanceof Variable)) throw wrongKind('backward', 'the loss', 'a Variable', root);
  checkNames('backward', options, ['grad', 'onNode', 'retainGraph']);
  const order: Variable[] = [];
  const leaves: Variable[] = [];
  const notes: (readonly [GraphNode, Tensor])[] = [];
  let walked: GraphNode | null = null;
  const note = (tensor: Tensor): unknown => notes.push([walked!, tensor]);
  try {
    reach(root, order, leaves);
    sortNewestFirst(order);
    collect(root, startGradient(root, options.grad));
    for (const variable of order) {
      complete(variable, options);
      // Outputs of one node follow one another, after all that read them: at the first one, all have collected.
      if (variable.node === walked) continue;
      walked = variable.node!;
      passBack(walked, note);
    }
    for (const leaf of leaves) complete(leaf, options);
    for (const variable of order) {
      variable.node!.used = options.retainGraph !== true;
      variable.accumulateGrad(variable.pending!.grad!);
    }
    for (const leaf of leaves) leaf.accumulateGrad(leaf.pending!.grad!);
    for (const [node, tensor] of notes) leaveNote(node, tensor);
  } finally {
    for (const variable of order) variable.pending = null;
    for (const leaf of leaves) leaf.pending = null;
  }
}

/** Tells those who watch that the gradient of a Variable is complete. */
function complete(variable: Variable, { onNode }: BackwardOptions): void {
  const grad = variable.pending!.grad!;
  watcher?.completed(variable, grad);
  onNode?.(variable, grad.copy());
}

/** Puts every Variable after all that were computed from it. A chain of ops is found in this order. */
function sortNewestFirst(order: Variable[]): void {
  for (let i = 1; i < order.length; i++) {
    if (order[i - 1].id < order[i].id) {
      order.sort((a, b) => b.id - a.id);
      return;
    }
  }
}

/**
 * Lists every Variable of the graph that needs a gradient, each once, those that an op made apart from the leaves; and
 * checks that the graph can be walked.
 */
function reach(root: Variable, order: Variable[], leaves: Variable[]): void {
  if (!root.requiresGrad) {
    throw new Error('backward: nothing to differentiate: no Parameter or variable() led to this value');
  }
  visit(root, order, leaves);
  for (const variable of order) {
    const node = variable.node!;
    if (node.pass === order) continue;
    node.pass = order;
    if (node.used) {
      throw new Error(
        `backward: this graph was walked before (at '${node.op.name}'); run the forward pass again first, or pass { retainGraph: true } the first time`,
      );
    }
    checkUnchanged(node);
    for (const input of node.inputs) {
      if (input.requiresGrad && input.pending?.pass !== order) visit(input, order, leaves);
    }
  }
}

function visit(variable: Variable, order: Variable[], leaves: Variable[]): void {
  if (variable.pending) {
    throw new Error(
      `backward: this graph shares ${variable} with one that is being walked; call it after that pass has ended`,
    );
  }
  variable.checkFree('backward');
  variable.pending = { pass: order, grad: null, isSum: false };
  (variable.node ? order : leaves).push(variable);
}

/** Throws if a tensor that backward may read again does not hold the numbers of the forward pass any more. */
function checkUnchanged({ op, inputs, values, outputs, saved, versions }: GraphNode): void {
  const made = values.length;
  const kept = made + outputs.length;
  for (let k = 0; k < versions.length; k++) {
    const tensor = k < made ? values[k] : k < kept ? outputs[k - made].value : saved[k - kept];
    if (tensor.version === versions[k]) continue;
    const what = inputs[k] ?? outputs[k - made] ?? `a tensor ${formatShape(tensor.shape)} that it saved`;
    throw new Error(
      `backward: ${what} was changed in place after '${op.name}' used it; run the forward pass again first`,
    );
  }
}

function startGradient(root: Variable, grad: Tensor | undefined): Tensor {
  if (grad !== undefined && !(grad instanceof Tensor)) throw wrongKind('backward', 'grad', 'a Tensor', grad);
  if (grad) checkFits('backward', root.value, grad);
  if (!grad && root.value.size !== 1) {
    throw new Error(
      `backward: a loss has one element, got shape ${formatShape(root.shape)}; reduce it, or pass { grad }`,
    );
  }
  return grad?.copy() ?? fullLike(root.value, 1);
}

/** Adds one part to the gradient of a Variable. The first part may be shared with others, a sum is the pass's own. */
function collect({ pending }: Variable, part: Tensor): void {
  if (!pending!.grad) {
    pending!.grad = part;
  } else if (pending!.isSum) {
    pending!.grad.addInPlace(part);
  } else {
    pending!.grad = pending!.grad.add(part);
    pending!.isSum = true;
  }
}

/** Hands the gradients of a node's outputs to those of its inputs that need one. */
function passBack(node: GraphNode, note: (tensor: Tensor) => void): void {
  const { op, inputs, values, outputs } = node;
  const grads = outputs.map(({ pending }) => pending?.grad ?? null);
  const rules = op.backward(grads, node, note);
  for (let i = 0; i < inputs.length; i++) {
    if (!inputs[i].requiresGrad) continue;
    const grad = checkGradient(op.name, rules[i]());
    watcher?.passedBack(node, i, grad, grads);
    collect(inputs[i], unbroadcast(op.name, grad, values[i]));
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

/** Like a gradient, a note sums over passes and lives as long as what the node made. */
function leaveNote(node: GraphNode, tensor: Tensor): void {
  const { value } = node.outputs[0];
  const before = node.note;
  if (!before && !value.isOuter) node.note = tensor;
  else node.note = livingAsLong(value, () => before?.add(tensor) ?? tensor.copy());
}
