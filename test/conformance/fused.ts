/**
 * Every fused kernel of a backend, on random shapes and layouts in float32, against what it stands for: the composition
 * that the reference backend runs in float64, or a plain loop.
 */

import { describe, expect, it } from 'vitest';
import { activationGrad } from '../../src/autograd/ops/activation.js';
import { affineOf } from '../../src/autograd/ops/affine.js';
import { layerNormGrads, layerNormOf } from '../../src/autograd/ops/layer-norm.js';
import { gruGrads, gruTrace } from '../../src/autograd/ops/recurrent/gru.js';
import { lstmGrads, lstmTrace } from '../../src/autograd/ops/recurrent/lstm.js';
import { recurrentGrads, recurrentStates } from '../../src/autograd/ops/recurrent/rnn.js';
import {
  causalSoftmaxOf,
  crossEntropyGrad,
  crossEntropyOf,
  logSoftmaxOf,
  softmaxOf,
} from '../../src/autograd/ops/softmax.js';
import type { Backend, FusedKernels } from '../../src/extend.js';
import {
  Adam,
  type DType,
  Parameter,
  Random,
  SGD,
  type Shape,
  type Tensor,
  uniform,
} from '../../src/index.js';
import { reference } from '../../src/tensor/backends/reference.js';
import { expectClose, forAll, UNIT } from './compare.js';
import { type Draw, randomLayout } from './layouts.js';

const activations = ['identity', 'relu', 'tanh', 'sigmoid'] as const;

type Next = Parameters<Parameters<typeof forAll>[1]>[1];
/** Makes an operand of a shape, its numbers in a range. */
type Make = (shape: Shape, low?: number, high?: number) => Tensor;

/** Computes the same on the backend in float32 and on the reference in float64, from the same numbers and layouts. */
function compare(
  backend: Backend,
  draw: Draw,
  next: Next,
  units: number,
  scale: number,
  compute: (make: Make) => readonly Tensor[],
): void {
  const layouts: ReturnType<typeof randomLayout>[] = [];
  const [got, want] = (
    [
      [backend, 'float32'],
      [reference, 'float64'],
    ] as readonly [Backend, DType][]
  ).map(([on, dtype]) => {
    let made = 0;
    return compute((shape, low = -1, high = 1) => {
      layouts[made] ??= randomLayout(shape, draw, next(low, high));
      return layouts[made++]!.on(on, dtype).view;
    });
  });
  got!.forEach((tensor, k) => {
    expect(tensor.backend).toBe(backend);
    expectClose(tensor, want![k]!, units, scale, `result ${k}`);
  });
}

/** Shapes of a recurrence, and its operands: weights small enough that no state grows. */
function recurrenceOf(draw: Draw) {
  const [steps, batch, inputs, hidden] = [draw(1, 6), draw(1, 5), draw(1, 5), draw(1, 19)];
  const operands = (make: Make): [Tensor, Tensor, Tensor, Tensor, Tensor] => [
    make([steps, batch, inputs]),
    make([hidden, inputs]),
    make([hidden]),
    make([hidden, hidden], -1 / hidden, 1 / hidden),
    make([batch, hidden]),
  ];
  return { operands, all: [steps, batch, hidden], last: [batch, hidden] };
}

/** The same for a cell with so many gates. */
function gatedOf(draw: Draw, gates: number) {
  const [steps, batch, inputs, hidden] = [draw(1, 6), draw(1, 5), draw(1, 5), draw(1, 19)];
  const width = gates * hidden;
  const weight = (make: Make): Tensor => make([width, hidden], -1 / hidden, 1 / hidden);
  const operands = (make: Make) => ({
    x: make([steps, batch, inputs]),
    weightIh: make([width, inputs]),
    bias: make([width]),
    weightHh: weight(make),
    otherBias: make([width]),
    start: make([batch, hidden]),
    otherStart: make([batch, hidden]),
  });
  return {
    operands,
    weight,
    all: [steps, batch, hidden],
    cell: [batch, hidden],
    wide: [steps, batch, width],
  };
}

/** A run of a block in the backend's memory, the numbers in it, and those around it. */
function blockOf(backend: Backend, draw: Draw, next: () => number) {
  const size = 8 * draw(1, 20);
  const block = backend.memory.allocateBlock('float32', size);
  for (let i = 0; i < size; i++) block[i] = next();
  const start = draw(0, size - 1);
  const end = draw(start, size);
  return { block, start, end, before: [...block] };
}

type Check = (backend: Backend, draw: Draw, next: Next) => void | Promise<void>;

const checks: Readonly<Record<Exclude<keyof FusedKernels, 'sgd' | 'adam'>, Check>> = {
  affine(backend, draw, next) {
    const [rows, inputs, outputs] = [draw(0, 9), draw(1, 40), draw(1, 20)];
    compare(backend, draw, next, 4, 4 * inputs, (make) => [
      affineOf(make([rows, inputs]), make([outputs, inputs]), make([outputs])),
    ]);
  },
  activationBackward(backend, draw, next) {
    const shape = Array.from({ length: draw(0, 3) }, () => draw(0, 9));
    for (const name of activations) {
      compare(backend, draw, next, 8, 1, (make) => [activationGrad(name, make(shape), make(shape))]);
    }
  },
  recurrentForward(backend, draw, next) {
    const { operands } = recurrenceOf(draw);
    for (const name of activations) {
      compare(backend, draw, next, 64, 8, (make) => [recurrentStates(name, ...operands(make))]);
    }
  },
  recurrentBackward(backend, draw, next) {
    const { all, last } = recurrenceOf(draw);
    const hidden = last[1]!;
    for (const name of activations) {
      const upstream = draw(0, 1) === 1 ? all : last;
      compare(backend, draw, next, 64, 8, (make) => {
        const weight = make([hidden, hidden], -1 / hidden, 1 / hidden);
        const { dh, dpre } = recurrentGrads(name, make(upstream), make(all, 0.1, 0.9), weight);
        return [dh, dpre];
      });
    }
  },
  layerNorm(backend, draw, next) {
    const shape = Array.from({ length: draw(1, 3) }, () => draw(1, 20));
    const size = shape.slice(-1);
    compare(backend, draw, next, 64, 1, (make) => [
      layerNormOf(make(shape, -20, 20), make(size), make(size), 0.1),
    ]);
  },
  layerNormBackward(backend, draw, next) {
    const shape = Array.from({ length: draw(1, 3) }, () => draw(1, 20));
    compare(backend, draw, next, 64, 4, (make) => {
      const { dx, shares } = layerNormGrads(make(shape), make(shape), make(shape.slice(-1)), 0.1);
      return [dx, shares];
    });
  },
  lstmForward(backend, draw, next) {
    const { operands } = gatedOf(draw, 4);
    compare(backend, draw, next, 64, 8, (make) => {
      const { x, weightIh, bias, weightHh, start, otherStart } = operands(make);
      return Object.values(lstmTrace(x, weightIh, bias, weightHh, start, otherStart));
    });
  },
  lstmBackward(backend, draw, next) {
    const { all, cell, wide, weight } = gatedOf(draw, 4);
    const upstream = draw(0, 1) === 1 ? all : cell;
    compare(backend, draw, next, 64, 8, (make) => {
      const trace = { gates: make(wide, 0.1, 0.9), cells: make(all), states: make(all) };
      return Object.values(lstmGrads(make(upstream), make(cell), trace, weight(make), make(cell)));
    });
  },
  gruForward(backend, draw, next) {
    const { operands } = gatedOf(draw, 3);
    compare(backend, draw, next, 64, 8, (make) => {
      const { x, weightIh, bias, weightHh, otherBias, start } = operands(make);
      return Object.values(gruTrace(x, weightIh, bias, weightHh, otherBias, start));
    });
  },
  gruBackward(backend, draw, next) {
    const { all, cell, wide, weight } = gatedOf(draw, 3);
    const upstream = draw(0, 1) === 1 ? all : cell;
    compare(backend, draw, next, 64, 8, (make) => {
      const trace = { gates: make(wide, 0.1, 0.9), inner: make(all), states: make(all) };
      return Object.values(gruGrads(make(upstream), trace, weight(make), make(cell)));
    });
  },
  softmaxRows(backend, draw, next) {
    const shape = Array.from({ length: draw(1, 3) }, () => draw(1, 20));
    compare(backend, draw, next, 16, 2 ** -20, (make) => [softmaxOf(make(shape, -20, 20), -1)]);
  },
  logSoftmaxRows(backend, draw, next) {
    const shape = Array.from({ length: draw(1, 3) }, () => draw(1, 20));
    compare(backend, draw, next, 8, 40, (make) => [logSoftmaxOf(make(shape, -20, 20), -1)]);
  },
  causalSoftmaxRows(backend, draw, next) {
    const n = draw(1, 20);
    const shape = [...Array.from({ length: draw(0, 2) }, () => draw(1, 4)), n, n];
    compare(backend, draw, next, 16, 2 ** -20, (make) => [causalSoftmaxOf(make(shape, -20, 20))]);
  },
  crossEntropy(backend, draw, next) {
    const [rows, classes] = [draw(0, 20), draw(1, 30)];
    const targets = Int32Array.from({ length: rows }, () => draw(0, classes - 1));
    compare(backend, draw, next, 8, 40 * Math.max(rows, 1), (make) => [
      crossEntropyOf(make([rows, classes], -20, 20), targets).loss,
    ]);
    compare(backend, draw, next, 16, 2 ** -20, (make) => [
      crossEntropyOf(make([rows, classes], -20, 20), targets).probabilities,
    ]);
  },
  crossEntropyBackward(backend, draw, next) {
    const [rows, classes] = [draw(0, 20), draw(1, 30)];
    const targets = Int32Array.from({ length: rows }, () => draw(0, classes - 1));
    compare(backend, draw, next, 4, 1, (make) => [
      crossEntropyGrad(make([rows, classes], 0, 1), targets, make([], -2, 2)),
    ]);
  },
  scaleBlock(backend, draw, next) {
    const { block, start, end, before } = blockOf(backend, draw, next(-9, 9));
    const factor = [0.37, -2, 0, 1e-40][draw(0, 3)]!;
    backend.fused.scaleBlock!(block, start, end, factor);
    before.forEach((x, i) => {
      const want = i >= start && i < end ? Math.fround(x * factor) : x;
      expect(Math.abs(block[i]! - want)).toBeLessThanOrEqual(UNIT * Math.abs(want) + 2 ** -149);
    });
  },
  sumSquares(backend, draw, next) {
    const size = [1, 1e30, 1e-40][draw(0, 2)]!;
    const { block, start, end, before } = blockOf(backend, draw, () => size * next(-9, 9)());
    const want = before.slice(start, end).reduce((sum, x) => sum + x * x, 0);
    expect(Math.abs(backend.fused.sumSquares!(block, start, end) - want)).toBeLessThanOrEqual(1.8e-7 * want);
  },
  maxAbs(backend, draw, next) {
    const { block, start, end, before } = blockOf(backend, draw, next(-9, 9));
    const want = before.slice(start, end).reduce((top, x) => Math.max(top, Math.abs(x)), 0);
    expect(backend.fused.maxAbs!(block, start, end)).toBe(want);
    if (end === start) return;
    block[start] = Number.NaN;
    expect(backend.fused.maxAbs!(block, start, end)).toBeNaN();
  },
};

/** Values after four steps on gradients of the same numbers, by an optimizer of whatever options. */
async function trained(
  on: Backend,
  dtype: DType,
  sizes: readonly number[],
  make: (parameters: Parameter[]) => SGD | Adam,
): Promise<Tensor[]> {
  const random = new Random(7);
  const draw = (size: number): Tensor =>
    uniform([size], random, -1, 1, { backend: reference.name }).to(dtype, on);
  const parameters = sizes.map((size) => new Parameter(draw(size)));
  const optimizer = make(parameters);
  for (let step = 0; step < 4; step++) {
    for (const parameter of parameters) parameter.grad = draw(parameter.value.size);
    await optimizer.step();
  }
  return parameters.map(({ value }) => value);
}

const optimizers: Readonly<Record<'sgd' | 'adam', ((parameters: Parameter[]) => SGD | Adam)[]>> = {
  sgd: [
    (p) => new SGD(p, { lr: 0.1 }),
    (p) => new SGD(p, { lr: 0.1, momentum: 0.9, dampening: 0.3, weightDecay: 0.01 }),
    (p) => new SGD(p, { lr: 0.1, momentum: 0.8, nesterov: true, maximize: true }),
  ],
  adam: [
    (p) => new Adam(p, { lr: 0.01 }),
    (p) => new Adam(p, { lr: 0.01, betas: [0.5, 0.9], weightDecay: 0.1, maximize: true }),
  ],
};

/** Registers the comparison of every fused kernel; one that the backend has not shows as skipped. */
export function runFused(backend: Backend): void {
  describe(`${backend.name}: fused kernels equal what they stand for`, () => {
    for (const [name, check] of Object.entries(checks)) {
      const has = backend.fused[name as keyof FusedKernels] !== undefined;
      it.skipIf(!has)(name, () => forAll(40, (draw, next) => check(backend, draw, next)));
    }
    for (const [name, variants] of Object.entries(optimizers)) {
      const has = backend.fused[name as keyof FusedKernels] !== undefined;
      it.skipIf(!has)(name, async () => {
        for (const make of variants) {
          for (const sizes of [[1], [7, 64, 3], [130]]) {
            const got = await trained(backend, 'float32', sizes, make);
            const want = await trained(reference, 'float64', sizes, make);
            got.forEach((value, k) => {
              expectClose(value, want[k]!, 16, 1, `${name} ${k}`);
            });
          }
        }
      });
    }
  });
}
