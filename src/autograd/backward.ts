/**
 * The backward pass: one loop over the graph, from the loss to the leaves, by the chain rule: each node turns the gradients
 * of its outputs into those of its inputs. The loop names no op, undoes broadcasting for all of them, and does not call
 * itself, so that a network of 10,000 steps does not overflow the stack.
 */

import { checkCount, wrongKind } from '../tensor/arguments.js';
import { checkAlike, checkFits } from '../tensor/checks.js';
import { formatShape, fullLike, ShapeError, sameShape, Tensor } from '../tensor/index.js';
import { checkNames } from '../tensor/options.js';
import { type GraphNode, type GraphOp, livingAsLong, type Pass, Variable, watcher } from './graph.js';
import { checkGradient } from './op.js';

/** Options of `backward`. */
export interface BackwardOptions {
  /** The gradient to start from, dLoss/dRoot; default 1, if the root is the loss itself and has one element. */
  readonly grad?: Tensor;
  /** Called with every Variable and a copy of its gradient, once that is complete: from the root down, the leaves last. */
  readonly onNode?: (variable: Variable, grad: Tensor) => void;
  /** Whether a graph may be walked again, by another loss that shares a part of it. Default false. */
  readonly retainGraph?: boolean;
}

/**
 * Adds dLoss/dVariable to `grad` of every Variable that needs one and that the root was computed from. Throws, before any is
 * changed, if there is nothing to differentiate, if the graph was walked before and not retained, or if anything that an
 * op read, made or saved was changed in place since.
 */
export function backward(root: Variable, options: BackwardOptions = {}): void {
  checkCount('backward', arguments.length, 2);
  if (!(root instanceof Variable)) throw wrongKind('backward', 'the loss', 'a Variable', root);
  checkNames('backward', options, ['grad', 'onNode', 'retainGraph']);
  const pass: Pass = { made: [], leaves: [] };
  const { made, leaves } = pass;
  // What ops note down is handed out at the end: if a pass fails, nothing has changed.
  const notes: (readonly [GraphNode, Tensor])[] = [];
  let node: GraphNode | null = null;
  const note = (tensor: Tensor): unknown => notes.push([node!, tensor]);
  try {
    reach(root, pass);
    sortNewestFirst(made);
    collect(root, startGradient(root, options.grad));
    for (const variable of made) {
      complete(variable, options);
      // Newest first: all that was computed from a Variable comes before it, so its gradient is complete here. Outputs of one
      // node are neighbours, and none is computed from another: at the first, all are complete, and the node runs, once.
      if (variable.node === node) continue;
      node = variable.node!;
      passBack(node, note);
    }
    for (const leaf of leaves) complete(leaf, options);
    for (const variable of made) {
      variable.node!.used = options.retainGraph !== true;
      variable.accumulateGrad(variable.pending!.grad!);
    }
    for (const leaf of leaves) leaf.accumulateGrad(leaf.pending!.grad!);
    for (const [noted, tensor] of notes) leaveNote(noted, tensor);
  } finally {
    for (const variable of made) variable.pending = null;
    for (const leaf of leaves) leaf.pending = null;
  }
}

/** Finds every Variable of the graph that needs a gradient, each once, and checks that the graph can be walked. */
function reach(root: Variable, pass: Pass): void {
  if (!root.requiresGrad) {
    throw new Error('backward: nothing to differentiate: no Parameter or variable() led to this value');
  }
  visit(root, pass);
  // The list grows while it is walked, until no Variable is new.
  for (const variable of pass.made) {
    const node = variable.node!;
    if (node.pass === pass) continue;
    node.pass = pass;
    if (node.used) {
      throw new Error(
        `backward: this graph was walked before (at '${node.op.name}'); run the forward pass again first, or pass { retainGraph: true } the first time`,
      );
    }
    checkUnchanged(node);
    for (const input of node.inputs) {
      if (input.requiresGrad && input.pending?.pass !== pass) visit(input, pass);
    }
  }
}

function visit(variable: Variable, pass: Pass): void {
  if (variable.pending) {
    throw new Error(
      `backward: this graph shares ${variable} with one that is being walked; call it after that pass has ended`,
    );
  }
  variable.checkFree('backward');
  variable.pending = { pass, grad: null, isSum: false };
  (variable.node ? pass.made : pass.leaves).push(variable);
}

/** Throws if a tensor that backward may read again does not hold the numbers of the forward pass any more. */
function checkUnchanged({ op, inputs, values, outputs, saved, versions }: GraphNode): void {
  let k = 0;
  for (let i = 0; i < values.length; i++) checkVersion(op, values[i], versions[k++], inputs[i]);
  for (let i = 0; i < outputs.length; i++) checkVersion(op, outputs[i].value, versions[k++], outputs[i]);
  for (let i = 0; i < saved.length; i++) checkVersion(op, saved[i], versions[k++], null);
}

function checkVersion({ name }: GraphOp, tensor: Tensor, version: number, variable: Variable | null): void {
  if (tensor.version === version) return;
  const what = variable ?? `a tensor ${formatShape(tensor.shape)} that it saved`;
  throw new Error(
    `backward: ${what} was changed in place after '${name}' used it; run the forward pass again first`,
  );
}

/** Sorts by age; the Variables of a chain of ops are found in this order, and need no sorting. */
function sortNewestFirst(variables: Variable[]): void {
  if (variables.some(({ id }, i) => i > 0 && id > variables[i - 1].id)) variables.sort((a, b) => b.id - a.id);
}

/** Tells those who asked that the gradient of a Variable is complete. */
function complete(variable: Variable, { onNode }: BackwardOptions): void {
  const grad = variable.pending!.grad!;
  watcher?.completed(variable, grad);
  onNode?.(variable, grad.copy());
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

/** Adds one part to the gradient of a Variable. The first part may be another Variable's too; a sum is the pass's own. */
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

/**
 * Sums a gradient that has the shape to which its input was broadcast over the broadcast axes, so that it gets the shape of
 * the input. Throws if that is impossible.
 */
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

/** Notes of several passes are summed, as gradients are, and live as long as what the node made. */
function leaveNote(node: GraphNode, tensor: Tensor): void {
  const { value } = node.outputs[0];
  const before = node.note;
  if (!before && !value.isOuter) node.note = tensor;
  else node.note = livingAsLong(value, () => before?.add(tensor) ?? tensor.copy());
}
