/** The simd backend's fused kernels: addresses and sizes for calls that do the work of several. */

import { ACTIVATION, OPTIM } from '../../../kernels/simd/kernels.js';
import type { FusedKernels } from '../backend.js';
import { sizeOf } from '../shape.js';
import type { FloatArray, View } from '../view.js';
import { addressOf } from './simd-memory.js';
import type { SimdOperands } from './simd-operands.js';

/** Between these, float32 holds a factor to one rounding. */
const SMALLEST_NORMAL = 2 ** -126;
const LARGEST = (2 - 2 ** -23) * 2 ** 127;
/** Steps towards a factor outside. */
const DOWN = 2 ** -102;
const UP = 2 ** 127;

/** The fused kernels over the operands that `find` gives: asked for at each call, since memory is reserved late. */
export function fusedKernels(find: () => SimdOperands): FusedKernels {
  return { ...blockKernels(find), ...recurrentKernels(find), ...lossKernels(find), ...layerKernels(find) };
}

type BlockKernels = Pick<FusedKernels, 'scaleBlock' | 'sumSquares' | 'maxAbs' | 'sgd' | 'adam'>;

/** Blocks lie in the kernels' memory and are padded to multiples of 8: a run may be rounded up to whole vectors. */
function blockKernels(find: () => SimdOperands): BlockKernels {
  return {
    scaleBlock(block, start, end, factor) {
      const { kernels } = find();
      const [address, n] = [at(block, start), end - start];
      let rest = factor;
      // Steps by powers of two, which round nothing: DOWN leaves a rest below 2^-24, so that an element that a step
      // rounds ends as zero; UP leaves a rest above 1, so that one that a step overflows ends as infinite.
      for (; Math.abs(rest) < SMALLEST_NORMAL && rest !== 0; rest /= DOWN)
        kernels.scaleBlock(address, n, DOWN);
      for (; Math.abs(rest) > LARGEST && Number.isFinite(rest); rest /= UP)
        kernels.scaleBlock(address, n, UP);
      kernels.scaleBlock(address, n, rest);
    },
    sumSquares: (block, start, end) => find().kernels.sumSquares(at(block, start), end - start),
    maxAbs: (block, start, end) => find().kernels.maxAbs(at(block, start), end - start),
    sgd({ values, grads, start, end }, velocity, first, options) {
      const flags =
        (options.maximize ? OPTIM.maximize : 0) |
        (options.nesterov ? OPTIM.nesterov : 0) |
        (first ? OPTIM.first : 0);
      const { lr, momentum, dampening, weightDecay } = options;
      const state = velocity ? at(velocity, start) : 0;
      const n = wholeVectors(end - start);
      find().kernels.sgd(
        at(values, start),
        at(grads, start),
        state,
        n,
        flags,
        lr,
        momentum,
        dampening,
        weightDecay,
      );
    },
    adam({ values, grads, start, end }, { first, second, largest }, options) {
      const { lr, stepSize, correction, betas, eps, weightDecay, maximize } = options;
      find().kernels.adam(
        at(values, start),
        at(grads, start),
        at(first, start),
        at(second, start),
        largest ? at(largest, start) : 0,
        wholeVectors(end - start),
        maximize ? OPTIM.maximize : 0,
        stepSize,
        betas[0],
        betas[1],
        eps,
        correction,
        lr,
        weightDecay,
      );
    },
  };
}

type LayerKernels = Pick<FusedKernels, 'affine' | 'activationBackward'>;

function layerKernels(find: () => SimdOperands): LayerKernels {
  return {
    affine(x, weight, bias, out) {
      const operands = find();
      const mark = operands.mark();
      const [input, w, b] = [operands.resident(x), operands.resident(weight), operands.contiguous(bias)];
      const target = operands.landing(out);
      const [rows, columns] = out.shape;
      const { memory, kernels, matmulScratch } = operands;
      kernels.matmul(
        addressOf(target),
        columns,
        addressOf(b),
        0,
        addressOf(input),
        input.stride[0],
        input.stride[1],
        addressOf(w),
        w.stride[1],
        w.stride[0],
        0,
        rows,
        columns,
        x.shape[1],
        ACTIVATION.identity,
        memory.scratch(matmulScratch),
      );
      operands.deliver(target, out, mark);
    },
    activationBackward(name, grad, output, out) {
      const operands = find();
      const mark = operands.mark();
      const target = operands.landing(out);
      const [dy, y] = [operands.contiguousAddress(grad), operands.contiguousAddress(output)];
      operands.kernels.activationBackward(ACTIVATION[name], addressOf(target), dy, y, sizeOf(out.shape));
      operands.deliver(target, out, mark);
    },
  };
}

type RecurrentKernels = Pick<FusedKernels, 'recurrentForward' | 'recurrentBackward'>;

function recurrentKernels(find: () => SimdOperands): RecurrentKernels {
  return {
    recurrentForward(name, states, weight, h0) {
      const operands = find();
      const mark = operands.mark();
      const [steps, batch, hidden] = states.shape;
      const target = operands.contiguous(states);
      const [w, start] = [operands.contiguousAddress(weight), h0 ? operands.contiguousAddress(h0) : 0];
      const scratch = operands.memory.scratch(operands.kernels.recurrentScratchBytes(hidden));
      operands.kernels.recurrentForward(
        addressOf(target),
        start,
        w,
        steps,
        batch,
        hidden,
        0,
        batch,
        ACTIVATION[name],
        scratch,
      );
      operands.deliver(target, states, mark);
    },
    recurrentBackward(name, upstream, states, weight, dh, dpre) {
      const operands = find();
      const mark = operands.mark();
      const [steps, batch, hidden] = states.shape;
      const [toState, toPre] = [operands.landing(dh), operands.landing(dpre)];
      const [grad, h] = [operands.contiguousAddress(upstream), operands.contiguousAddress(states)];
      const w = operands.contiguousAddress(weight);
      const scratch = operands.memory.scratch(operands.kernels.recurrentScratchBytes(hidden));
      operands.kernels.recurrentBackward(
        addressOf(toState),
        addressOf(toPre),
        grad,
        upstream.shape.length === 2 ? 1 : 0,
        h,
        w,
        steps,
        batch,
        hidden,
        0,
        batch,
        ACTIVATION[name],
        scratch,
      );
      if (toState !== dh) operands.copy(toState, dh);
      operands.deliver(toPre, dpre, mark);
    },
  };
}

type LossKernels = Pick<
  FusedKernels,
  'softmaxRows' | 'logSoftmaxRows' | 'crossEntropy' | 'crossEntropyBackward'
>;

function lossKernels(find: () => SimdOperands): LossKernels {
  return {
    softmaxRows(x, out) {
      eachRow(find(), x, out, (operands, to, from, rows, n) =>
        operands.kernels.softmaxRows(to, n, from, n, rows, n),
      );
    },
    logSoftmaxRows(x, out) {
      eachRow(find(), x, out, (operands, to, from, rows, n) =>
        operands.kernels.logSoftmaxRows(to, n, from, n, rows, n, operands.memory.scratch(4 * n)),
      );
    },
    crossEntropy(x, targets, probabilities) {
      let total = 0;
      eachRow(find(), x, probabilities, (operands, to, from, rows, n) => {
        total = operands.kernels.crossEntropyForward(to, from, n, operands.indexList(targets), rows, n);
      });
      return total;
    },
    crossEntropyBackward(probabilities, targets, scale, out) {
      eachRow(find(), probabilities, out, (operands, to, from, rows, n) =>
        operands.kernels.crossEntropyBackward(to, n, from, operands.indexList(targets), rows, n, scale),
      );
    },
  };
}

/** Runs a kernel over the rows of a matrix. */
function eachRow(
  operands: SimdOperands,
  x: View,
  out: View,
  run: (operands: SimdOperands, to: number, from: number, rows: number, n: number) => void,
): void {
  const mark = operands.mark();
  const target = operands.landing(out);
  run(operands, addressOf(target), operands.contiguousAddress(x), x.shape[0], x.shape[1]);
  operands.deliver(target, out, mark);
}

function at(array: FloatArray, element: number): number {
  return array.byteOffset + 4 * element;
}

function wholeVectors(n: number): number {
  return (n + 3) & ~3;
}
