/** The simd backend's fused kernels: addresses and sizes for calls that do the work of several. */

import { ACTIVATION, OPTIM } from '../../../kernels/simd/kernels.js';
import type { FusedKernels } from '../backend.js';
import { sizeOf } from '../shape.js';
import type { FloatArray, View } from '../view.js';
import { addressOf } from './simd-memory.js';
import type { SimdOperands } from './simd-operands.js';
import { recurrentKernels } from './simd-recurrent.js';

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
      const { lr, stepSize, correction, betas, eps, weightDecay } = options;
      const flags = (options.maximize ? OPTIM.maximize : 0) | (options.decoupled ? OPTIM.decoupled : 0);
      find().kernels.adam(
        at(values, start),
        at(grads, start),
        at(first, start),
        at(second, start),
        largest ? at(largest, start) : 0,
        wholeVectors(end - start),
        flags,
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

type LayerKernels = Pick<FusedKernels, 'affine' | 'activationBackward' | 'layerNorm' | 'layerNormBackward'>;

function layerKernels(find: () => SimdOperands): LayerKernels {
  return {
    affine(x, weight, bias, out) {
      const operands = find();
      const mark = operands.mark();
      const [input, w, b] = [operands.resident(x), operands.resident(weight), operands.contiguous(bias)];
      const target = operands.landing(out);
      const [rows, columns] = out.shape;
      operands.product(
        addressOf(target),
        addressOf(b),
        addressOf(input),
        input.stride[0],
        input.stride[1],
        addressOf(w),
        w.stride[1],
        w.stride[0],
        rows,
        columns,
        x.shape[1],
      );
      operands.deliver(target, out, mark);
    },
    layerNorm(x, weight, bias, eps, out) {
      eachRow(find(), x, out, (operands, to, from, rows, n) => {
        const [w, b] = [operands.contiguousAddress(weight), operands.contiguousAddress(bias)];
        operands.kernels.layerNormForward(to, from, w, b, rows, n, eps);
      });
    },
    layerNormBackward(grad, x, weight, eps, dx, shares) {
      const operands = find();
      const mark = operands.mark();
      const [toInput, toWeight] = [operands.landing(dx), operands.landing(shares)];
      const [dy, from, w] = [grad, x, weight].map((view) => operands.contiguousAddress(view));
      const [rows, n] = x.shape;
      const { kernels } = operands;
      kernels.layerNormBackward(addressOf(toInput), addressOf(toWeight), dy, from, w, rows, n, eps);
      if (toInput !== dx) operands.copy(toInput, dx);
      operands.deliver(toWeight, shares, mark);
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

type LossKernels = Pick<
  FusedKernels,
  'softmaxRows' | 'logSoftmaxRows' | 'causalSoftmaxRows' | 'crossEntropy' | 'crossEntropyBackward'
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
    causalSoftmaxRows(x, out) {
      eachRow(find(), x, out, (operands, to, from, rows, n) =>
        operands.kernels.causalSoftmaxRows(to, from, rows, n),
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
