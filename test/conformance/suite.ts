/**
 * What every backend must do: the suite runs its kernels and every op's samples in float32 and compares them with
 * the reference backend in float64. Elements around an output view must stay as they were.
 */

import { describe, expect, it } from 'vitest';
import type { Backend, BinaryName, ReduceName, UnaryName } from '../../src/extend.js';
import {
  full,
  mul,
  ones,
  Random,
  type Shape,
  scope,
  stack,
  type Tensor,
  tensor,
  uniform,
  variable,
  zeros,
} from '../../src/index.js';
import { reference } from '../../src/tensor/backends/reference.js';
import { drawInputs, table } from '../autograd/samples.js';
import { expectClose, forAll, randomShape } from './compare.js';
import { runFused } from './fused.js';
import { type Draw, type Layout, randomLayout } from './layouts.js';

/** Domain in which each function is compared, and by how many float32 units in the last place it may differ. */
const unaries: Readonly<Record<UnaryName, readonly [low: number, high: number, units: number]>> = {
  neg: [-9, 9, 0],
  abs: [-9, 9, 0],
  sign: [-9, 9, 0],
  exp: [-80, 80, 4],
  log: [0, 50, 4],
  log1p: [-0.99, 50, 4],
  sqrt: [0, 50, 1],
  reciprocal: [-9, 9, 1],
  tanh: [-10, 10, 4],
  sigmoid: [-80, 80, 4],
  relu: [-9, 9, 0],
  erf: [-5, 5, 8],
  sin: [-20, 20, 4],
  cos: [-20, 20, 4],
};

const binaries: Readonly<Record<BinaryName, readonly [low: number, high: number, units: number]>> = {
  add: [-9, 9, 0],
  sub: [-9, 9, 0],
  mul: [-9, 9, 0],
  div: [-9, 9, 1],
  max: [-9, 9, 0],
  min: [-9, 9, 0],
  pow: [0.1, 4, 16],
  greater: [-2, 2, 0],
  greaterEqual: [-2, 2, 0],
  equal: [-2, 2, 0],
};

const reductions: readonly ReduceName[] = ['sum', 'max'];
const special = [
  0,
  -0,
  1,
  -1,
  0.5,
  1e-45,
  -1e-45,
  1e-30,
  1e30,
  3.4e38,
  -3.4e38,
  Infinity,
  -Infinity,
  Number.NaN,
];

/** Sines and cosines cross 0 where no relative error can be small: there 2⁻¹⁰ is the measure. */
const floors: Partial<Record<string, number>> = { sin: 2 ** -10, cos: 2 ** -10 };

/** Runs a kernel on the backend in float32 and on the reference in float64, into the same strided output. */
function bothWays(
  backend: Backend,
  inputs: readonly Layout[],
  output: Layout,
  kernel: (on: Backend, inputs: readonly Tensor[], out: Tensor) => void,
): readonly [got: Tensor, want: Tensor] {
  const [got, want] = (
    [
      [backend, 'float32'],
      [reference, 'float64'],
    ] as const
  ).map(([on, dtype]) => {
    const { base, view } = output.on(on, dtype);
    kernel(
      on,
      inputs.map((input) => input.on(on, dtype).view),
      view,
    );
    return base;
  });
  return [got!, want!];
}

/** Registers the whole suite for a backend. */
export function runConformance(backend: Backend): void {
  const outFor = (shape: Shape, draw: Draw) => randomLayout(shape, draw, () => 7, false);

  describe(`${backend.name}: element-wise kernels over any strides`, () => {
    it.each(Object.entries(unaries))('%s', (name, [low, high, units]) => {
      forAll(40, (draw, next) => {
        const shape = randomShape(draw);
        const x = randomLayout(shape, draw, next(low, high));
        const [got, want] = bothWays(backend, [x], outFor(shape, draw), (on, [a], out) =>
          on.unary(name as UnaryName, a!.view(), out.view()),
        );
        expectClose(got, want, units, floors[name], name);
      });
    });

    it.each(Object.entries(binaries))('%s', (name, [low, high, units]) => {
      forAll(40, (draw, next) => {
        const shape = randomShape(draw);
        const operands = [0, 1].map(() => randomLayout(shape, draw, next(low, high)));
        const [got, want] = bothWays(backend, operands, outFor(shape, draw), (on, [a, b], out) =>
          on.binary(name as BinaryName, a!.view(), b!.view(), out.view()),
        );
        expectClose(got, want, units, 0, name);
      });
    });

    it.each(Object.keys(unaries))('%s at ±0, subnormals, ±∞ and NaN', (name) => {
      // Reducing a huge angle in float32 is not asked of a backend.
      const values = special.filter((x) => !(name in floors) || !(Math.abs(x) > 1e5 && Number.isFinite(x)));
      const x = (on: Backend, dtype: 'float32' | 'float64') =>
        tensor(Float32Array.from(values), { dtype, backend: on.name }).unary(name as UnaryName);
      expectClose(x(backend, 'float32'), x(reference, 'float64'), 4, 0, name);
    });

    it.each(Object.keys(binaries))('%s of every pair of ±0, ±∞, NaN and far numbers', (name) => {
      const values = name === 'pow' ? special.filter((x) => Math.abs(x) > 1e-40 || x === 0) : special;
      const both = (on: Backend, dtype: 'float32' | 'float64') => {
        const x = tensor(Float32Array.from(values), { dtype, backend: on.name });
        return x.reshape([-1, 1]).binary(name as BinaryName, x);
      };
      expectClose(both(backend, 'float32'), both(reference, 'float64'), 16, 0, name);
    });

    it('binary may write over its first operand', () => {
      forAll(20, (draw, next) => {
        const shape = randomShape(draw);
        const target = randomLayout(shape, draw, next(-9, 9), false);
        const other = randomLayout(shape, draw, next(-9, 9));
        const [got, want] = bothWays(backend, [other], target, (on, [b], out) =>
          on.binary('add', out.view(), b!.view(), out.view()),
        );
        expectClose(got, want, 0);
      });
    });

    it('where', () => {
      forAll(40, (draw, next) => {
        const shape = randomShape(draw);
        const mask = randomLayout(shape, draw, () => draw(0, 1));
        const operands = [mask, ...[0, 1].map(() => randomLayout(shape, draw, next(-9, 9)))];
        const [got, want] = bothWays(backend, operands, outFor(shape, draw), (on, [c, a, b], out) =>
          on.where(c!.view(), a!.view(), b!.view(), out.view()),
        );
        expectClose(got, want, 0);
      });
    });

    it('copy', () => {
      forAll(60, (draw, next) => {
        const shape = randomShape(draw);
        const x = randomLayout(shape, draw, next(-9, 9));
        const [got, want] = bothWays(backend, [x], outFor(shape, draw), (on, [a], out) =>
          on.copy(a!.view(), out.view()),
        );
        expectClose(got, want, 0);
      });
    });
  });

  describe(`${backend.name}: sums of many terms`, () => {
    it.each([2_000, 20_000, 70_000])('a product with an inner dimension of %i keeps its digits', (k) => {
      const filled = (shape: Shape, dtype: 'float32' | 'float64', on: Backend) =>
        full(shape, Math.fround(0.1), { dtype, backend: on.name });
      const exact = k * Math.fround(0.1) ** 2;
      for (const [m, n] of [
        [1, 1],
        [1, 9],
        [9, 1],
        [5, 9],
      ]) {
        const product = filled([m, k], 'float32', backend).matmul(filled([k, n], 'float32', backend));
        // A single running sum is off by 1e-4.
        for (const value of product.data()) expect(Math.abs(value / exact - 1)).toBeLessThan(2e-6);
      }
    });

    it('a row that is scattered to a hundred thousand times keeps its digits', () => {
      const count = 100_000;
      const target = zeros([2, 3], { backend: backend.name });
      target.scatterAddRows(full([count, 3], 0.1, { backend: backend.name }), new Int32Array(count).fill(1));
      const [untouched, summed] = target.toArray() as number[][];
      expect(untouched).toEqual([0, 0, 0]);
      for (const value of summed) expect(value / (count * Math.fround(0.1))).toBeCloseTo(1, 6);
    });
  });

  describe(`${backend.name}: reductions`, () => {
    it.each(reductions)('%s over any axes of any strides', (name) => {
      forAll(80, (draw, next) => {
        const shape = randomShape(draw);
        const axes = shape.flatMap((length, axis) =>
          draw(0, 1) === 1 && (name === 'sum' || length > 0) ? [axis] : [],
        );
        const kept = shape.map((length, axis) => (axes.includes(axis) ? 1 : length));
        const x = randomLayout(shape, draw, next(-9, 9));
        const [got, want] = bothWays(backend, [x], outFor(kept, draw), (on, [a], out) =>
          on.reduce(name, a!.view(), axes, out.view()),
        );
        expectClose(got, want, name === 'sum' ? 4 : 0, 9 * shape.reduce((n, length) => n * length, 1), name);
      });
    });

    it('max is NaN wherever one element is, sum too; −∞ and ∞ meet as NaN', () => {
      for (const position of [0, 1, 5, 8]) {
        const values = Array.from({ length: 9 }, (_, i) => (i === position ? Number.NaN : i));
        const x = tensor(values, { backend: backend.name });
        expect([x.max().item(), x.sum().item()]).toEqual([Number.NaN, Number.NaN]);
      }
      const both = tensor([Infinity, -Infinity, 1], { backend: backend.name });
      expect([both.max().item(), both.sum().item()]).toEqual([Infinity, Number.NaN]);
    });

    it('long sums keep seven digits', () => {
      const x = uniform([100_003], new Random(5), 0, 1, { backend: backend.name });
      const exact = x.to('float64', reference).sum().item();
      expect(Math.abs(x.sum().item() / exact - 1)).toBeLessThan(1e-6);
    });
  });

  describe(`${backend.name}: matmul`, () => {
    const sizes: readonly (readonly [n: number, k: number, m: number])[] = [
      [1, 1, 1],
      [1, 64, 1],
      [64, 1, 64],
      [1, 33, 40],
      [40, 33, 1],
      [5, 128, 3],
      [3, 0, 4],
      [0, 3, 2],
      [2, 3, 0],
      [17, 9, 33],
      [32, 32, 32],
      [70, 65, 67],
    ];
    it.each(sizes)('%i × %i × %i, transposed, strided, batched, broadcast', (n, k, m) => {
      forAll(n * k * m > 50_000 ? 4 : 16, (draw, next) => {
        const batch = [[], [], [3], [2, 2], [0]][draw(0, 4)];
        const a = randomLayout([...batch, n, k], draw, next(-2, 2));
        const b = randomLayout([...batch, k, m], draw, next(-2, 2));
        const [got, want] = bothWays(
          backend,
          [a, b],
          outFor([...batch, n, m], draw),
          (on, [left, right], out) => on.matmul(left!.view(), right!.view(), out.view()),
        );
        expectClose(got, want, 4, 4 * k, 'matmul');
      });
    });

    it('NaN and ∞ · 0 propagate', () => {
      const options = { backend: backend.name };
      const x = tensor([[Infinity, 1, 2, 3, 4]], options);
      expect(x.matmul(tensor([[0], [1], [1], [1], [1]], options)).item()).toBeNaN();
      expect(x.matmul(ones([5, 1], options)).item()).toBe(Infinity);
    });
  });

  describe(`${backend.name}: rows`, () => {
    const rowsCase = (draw: Draw) => {
      const inner = Array.from({ length: draw(0, 2) }, () => draw(0, 9));
      const count = draw(1, 12);
      const picks = Int32Array.from({ length: draw(0, 20) }, () => draw(0, count - 1));
      return { inner, count, picks };
    };

    it('gather', () => {
      forAll(40, (draw, next) => {
        const { inner, count, picks } = rowsCase(draw);
        const x = randomLayout([count, ...inner], draw, next(-9, 9));
        const [got, want] = bothWays(backend, [x], outFor([picks.length, ...inner], draw), (on, [a], out) =>
          on.gather(a!.view(), picks, out.view()),
        );
        expectClose(got, want, 0);
      });
    });

    it('scatterAdd, repeated rows in order', () => {
      forAll(40, (draw, next) => {
        const { inner, count, picks } = rowsCase(draw);
        const rows = randomLayout([picks.length, ...inner], draw, next(-9, 9));
        const target = randomLayout([count, ...inner], draw, next(-9, 9), false);
        const [got, want] = bothWays(backend, [rows], target, (on, [a], out) =>
          on.scatterAdd(a!.view(), picks, out.view()),
        );
        expectClose(got, want, 4, 9 * picks.length);
      });
    });
  });

  describe(`${backend.name}: every op’s samples, forward and backward`, () => {
    it.each(table)('$name', ({ rule, call }) => {
      rule.samples.forEach((sample, k) => {
        const inputs = drawInputs(sample, 100 + k, 'float32', backend.name);
        const results = [inputs, inputs.map((input) => input.to('float64', reference))].map((on) => {
          const leaves = on.map((each) => variable(each));
          const outputs = call(leaves, sample.params);
          const losses = outputs.map((output) => {
            const weights = uniform(output.shape, new Random(k), 0.5, 1.5, { backend: backend.name });
            return mul(output, weights.to(output.value.dtype, output.value.backend)).sum();
          });
          stack(losses).sum().backward();
          return [...outputs.map(({ value }) => value), ...leaves.map((leaf) => leaf.grad!)];
        });
        results[0].forEach((got, i) => {
          expect(got.backend).toBe(backend);
          expectClose(got, results[1][i], 64, 1, `result ${i} of outputs and gradients`);
        });
      });
    });
  });

  describe(`${backend.name}: memory`, () => {
    it('a scope changes no bit, and what it returns outlives it', () => {
      const x = uniform([9, 7], new Random(1), -1, 1, { backend: backend.name });
      const compute = () => x.matmul(x.T).unary('tanh').sum({ axis: 0 });
      const outside = compute();
      const inside = scope(compute);
      for (let k = 0; k < 3; k++) scope(() => ones([1000], { backend: backend.name }).add(k));
      expect(inside.data()).toEqual(outside.data());
    });

    it('nested scopes leave what the outer one holds alone', () => {
      const options = { backend: backend.name };
      const sums = scope(() => {
        const mine = uniform([37], new Random(2), -1, 1, options);
        const before = mine.data();
        for (let k = 0; k < 5; k++) scope(() => ones([64], options).add(k).sum());
        expect(mine.data()).toEqual(before);
        return mine;
      });
      expect(sums.size).toBe(37);
    });
  });

  runFused(backend);
}
