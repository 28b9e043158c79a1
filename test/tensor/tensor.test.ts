import { inspect } from 'node:util';
import fc from 'fast-check';
import ndarray from 'ndarray';
import { describe, expect, it } from 'vitest';
import { ones, type Shape, ShapeError, Tensor, tensor, zeros } from '../../src/index.js';
import { check, counting, flatten, indicesOf, type Model, plain } from './support.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const single = { dtype: 'float32', backend: 'reference' } as const;
const lengths = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });

describe('scijs ndarrays', () => {
  it.each([
    ['float64', Float64Array],
    ['float32', Float32Array],
    ['int8', Int8Array],
    ['int16', Int16Array],
    ['int32', Int32Array],
    ['uint8', Uint8Array],
    ['uint16', Uint16Array],
    ['uint32', Uint32Array],
    ['uint8_clamped', Uint8ClampedArray],
  ])('Tensor.from copies %s, strides and all', (dtype, Type) => {
    const array = ndarray(Type.from([0, 1, 2, 3, 4, 5]) as Float64Array, [2, 3])
      .transpose(1, 0)
      .step(-1, 1);
    expect(array.dtype).toBe(dtype);
    const x = Tensor.from(array);
    expect(x.toArray()).toEqual([
      [2, 5],
      [1, 4],
      [0, 3],
    ]);
    expect(x.dtype).toBe(dtype === 'float64' ? 'float64' : 'float32');
    array.set(0, 0, 9);
    expect(x.toArray()).toEqual([
      [2, 5],
      [1, 4],
      [0, 3],
    ]);
  });

  it('Tensor.from reads plain arrays, big integers, scalars and empty ones', () => {
    expect(Tensor.from(ndarray([1, 2]), 'float64').toArray()).toEqual([1, 2]);
    expect(Tensor.from(ndarray(BigInt64Array.of(3n) as unknown as Float64Array)).toArray()).toEqual([3]);
    expect(Tensor.from(ndarray([7], [])).item()).toBe(7);
    expect(Tensor.from(ndarray(new Float32Array(0), [0, 2])).shape).toEqual([0, 2]);
  });

  it('ndarray() and data() copy, view() does not', () => {
    const x = tensor([1, 2, 3], double);
    x.ndarray().set(0, 9);
    x.data()[1] = 9;
    expect(x.toArray()).toEqual([1, 2, 3]);
    x.view().set(0, 9);
    expect(x.toArray()).toEqual([9, 2, 3]);
  });

  it('round trip: from(x.ndarray()) and from(x.T.view())', () => {
    check(
      fc.property(lengths, (shape) => {
        const [x] = counting(shape);
        expect(Tensor.from(x.ndarray()).toArray()).toEqual(x.toArray());
        expect(Tensor.from(x.T.view()).toArray()).toEqual(x.T.toArray());
        expect(x.T.ndarray().stride).toEqual(x.T.copy().view().stride);
      }),
    );
  });
});

describe('reading', () => {
  it('shape, rank, size, toArray, item', () => {
    const x = tensor([[1, 2, 3]], double);
    expect([x.shape, x.rank, x.size]).toEqual([[1, 3], 2, 3]);
    expect(x.toArray()).toEqual([[1, 2, 3]]);
    expect(zeros([2, 0]).toArray()).toEqual([[], []]);
    expect(zeros([0, 2]).toArray()).toEqual([]);
    expect(tensor(5, double).toArray()).toBe(5);
    expect(x.slice([null, [-1]]).item()).toBe(3);
    expect(() => x.item()).toThrow('Tensor.item: needs exactly one element, got shape [1, 3]');
    expect(() => zeros([0]).item()).toThrow('Tensor.item: needs exactly one element, got shape [0]');
  });

  it('to converts, and is the tensor itself where nothing would change', () => {
    const x = tensor([0.1, 0.2], double);
    expect(x.to('float64')).toBe(x);
    expect(x.to('float32').data()).toEqual(Float32Array.of(0.1, 0.2));
    expect(x.to('float32').to('float64').toArray()).toEqual([Math.fround(0.1), Math.fround(0.2)]);
    expect(
      tensor([[1, 2]], double)
        .T.to('float32')
        .toArray(),
    ).toEqual([[1], [2]]);
  });

  it('to takes a backend by its name', () => {
    const there = ones([2], single).to('float32', 'simd');
    expect([there.backend.name, plain(there.data())]).toEqual(['simd', [1, 1]]);
    expect(() => there.to('float32', 'cuda')).toThrow("backend: must be one of simd, reference, got 'cuda'");
  });

  it('copy shares nothing', () => {
    const x = tensor([1, 2], double);
    const y = x.copy();
    y.addInPlace(x);
    expect([x.toArray(), y.toArray()]).toEqual([
      [1, 2],
      [2, 4],
    ]);
  });
});

describe('element-wise', () => {
  it('operands broadcast as the model says', () => {
    check(
      fc.property(lengths, fc.gen(), (shape, draw) => {
        const thin = (from: number): Shape => shape.slice(from).map((n) => (draw(fc.boolean) ? 1 : n));
        const [a, first] = counting(draw(fc.boolean) ? shape : thin(0));
        const [b, second] = counting(thin(draw(fc.integer, { min: 0, max: shape.length })));
        const out = a.sub(b);
        const pick = (model: Model, index: readonly number[]) =>
          model.at(
            index.slice(index.length - model.shape.length).map((i, k) => (model.shape[k] === 1 ? 0 : i)),
          );
        const expected = indicesOf(out.shape).map((index) => pick(first, index) - pick(second, index));
        expect(Array.from(out.data())).toEqual(expected);
      }),
    );
  });

  it('numbers take the dtype of the tensor', () => {
    expect(tensor([1], single).add(0.1).dtype).toBe('float32');
    expect(tensor([1], double).add(0.1).toArray()).toEqual([1.1]);
    expect(tensor([1, 2], double).like(3).shape).toEqual([]);
  });

  it('functions of one operand are methods, too, and square', () => {
    const x = tensor([0.25, 4], double);
    expect(x.sqrt().toArray()).toEqual([0.5, 2]);
    expect(x.sub(1).abs().neg().toArray()).toEqual([-0.75, -3]);
    expect(x.square().toArray()).toEqual([0.0625, 16]);
    expect(x.exp().data()).toEqual(x.unary('exp').data());
  });

  it('where takes from one or the other, broadcasting all three', () => {
    const mask = tensor([1, 0, 2], double);
    const x = tensor([[1], [2]], double);
    expect(x.where(mask, -1).toArray()).toEqual([
      [1, -1, 1],
      [2, -1, 2],
    ]);
    expect(x.where(mask, tensor([7, 8, 9], double)).toArray()).toEqual([
      [1, 8, 1],
      [2, 8, 2],
    ]);
  });

  it('addInPlace writes through views', () => {
    const x = zeros([2, 3], double);
    x.slice([null, [null, null, -2]]).addInPlace(
      tensor(
        [
          [1, 2],
          [3, 4],
        ],
        double,
      ),
    );
    expect(x.toArray()).toEqual([
      [2, 0, 1],
      [4, 0, 3],
    ]);
  });

  it('NaN and ∞ are neither lost nor invented', () => {
    const x = tensor([Number.NaN, Infinity, -Infinity, 0], double);
    expect(x.binary('max', 0).toArray()).toEqual([Number.NaN, Infinity, 0, 0]);
    expect(x.binary('min', 0).toArray()).toEqual([Number.NaN, 0, -Infinity, 0]);
    expect(x.binary('greater', 0).toArray()).toEqual([0, 1, 0, 0]);
    expect(x.binary('equal', x).toArray()).toEqual([0, 1, 1, 1]);
    expect(x.unary('abs').toArray()).toEqual([Number.NaN, Infinity, Infinity, 0]);
    expect(x.unary('sign').toArray()).toEqual([Number.NaN, 1, -1, 0]);
    expect(x.max().item()).toBeNaN();
    expect(x.sum().item()).toBeNaN();
    expect(
      x
        .slice([[1, 4]])
        .max()
        .item(),
    ).toBe(Infinity);
    expect(tensor([-Infinity, -Infinity], double).max().item()).toBe(-Infinity);
    const selected = ones([4], double).where(tensor([1, 1, 1, 1], double), x);
    expect(selected.toArray()).toEqual([1, 1, 1, 1]);
    expect(tensor([3.5e38], single).item()).toBe(Infinity);
  });
});

describe('reductions', () => {
  it('over any axes, kept or dropped, of any strides, as the model says', () => {
    check(
      fc.property(lengths, fc.boolean(), fc.boolean(), fc.gen(), (lengthsOf, keepDims, flipped, draw) => {
        const [base, model] = counting(lengthsOf);
        const x = flipped ? base.transpose() : base;
        const at = flipped ? (index: readonly number[]) => model.at(index.toReversed()) : model.at;
        const axis = x.shape.flatMap((_, i) =>
          draw(fc.boolean) ? [i - (draw(fc.boolean) ? x.rank : 0)] : [],
        );
        const reduced = new Set(axis.map((i) => (i + x.rank) % x.rank));
        const kept = x.shape.map((n, i) => (reduced.has(i) ? 1 : n));
        const groups = indicesOf(kept).map((group) =>
          indicesOf(x.shape.map((n, i) => (reduced.has(i) ? n : 1))).map((inner) =>
            at(group.map((k, i) => k + inner[i])),
          ),
        );
        const sum = x.sum({ axis, keepDims });
        expect(sum.shape).toEqual(keepDims ? kept : x.shape.filter((_, i) => !reduced.has(i)));
        expect(Array.from(sum.data())).toEqual(groups.map((group) => group.reduce((a, b) => a + b, 0)));
        if (axis.every((i) => x.shape.at(i)! > 0)) {
          expect(Array.from(x.max({ axis, keepDims }).data())).toEqual(
            groups.map((group) => Math.max(...group)),
          );
        }
      }),
    );
  });

  it('the sum of nothing is 0, the maximum of nothing an error', () => {
    expect(zeros([0, 2], double).sum({ axis: 0 }).toArray()).toEqual([0, 0]);
    expect(zeros([0, 2], double).max({ axis: 1 }).shape).toEqual([0]);
    expect(() => zeros([0, 2]).max({ axis: 0 })).toThrow(
      'max: an empty axis has no maximum, got shape [0, 2]',
    );
    expect(() => zeros([0]).max()).toThrow('max: an empty axis has no maximum, got shape [0]');
    expect(() => zeros([2]).sum({ axis: 1 })).toThrow('sum: axis must be an integer in -1 … 0, got 1');
  });
});

describe('matmul', () => {
  it('batched, broadcast and transposed, as the model says', () => {
    const length = fc.integer({ min: 0, max: 4 });
    check(
      fc.property(length, length, length, fc.gen(), (n, k, m, draw) => {
        const batch = draw(() => fc.array(fc.integer({ min: 0, max: 3 }), { maxLength: 2 }));
        const thin = () =>
          batch.slice(draw(fc.nat, { max: batch.length })).map((l) => (draw(fc.boolean) ? 1 : l));
        const operand = (shape: Shape): [Tensor, Model] => {
          if (!draw(fc.boolean)) return counting(shape);
          const swapped = [...shape.slice(0, -2), shape.at(-1)!, shape.at(-2)!];
          const [x, model] = counting(swapped);
          const at = (index: readonly number[]) =>
            model.at([...index.slice(0, -2), index.at(-1)!, index.at(-2)!]);
          return [x.T, { shape, at }];
        };
        const [a, first] = operand([...batch, n, k]);
        const [b, second] = operand([...thin(), k, m]);
        for (const [left, right, out] of [[a, b, a.matmul(b)] as const]) {
          expect(out.shape).toEqual([...batch, left.shape.at(-2), right.shape.at(-1)]);
        }
        const expected = indicesOf([...batch, n, m]).map((index) => {
          const [i, j] = index.slice(-2);
          const lead = index.slice(0, -2);
          const own = lead.slice(lead.length - (b.rank - 2)).map((p, axis) => (b.shape[axis] === 1 ? 0 : p));
          let sum = 0;
          for (let p = 0; p < k; p++) sum += first.at([...lead, i!, p]) * second.at([...own, p, j!]);
          return sum;
        });
        expect(Array.from(a.matmul(b).data())).toEqual(expected);
      }),
    );
  });

  it('an empty inner dimension gives zeros; NaN and ∞ · 0 propagate', () => {
    expect(
      zeros([2, 0], double)
        .matmul(zeros([0, 2], double))
        .toArray(),
    ).toEqual([
      [0, 0],
      [0, 0],
    ]);
    const x = tensor([[Infinity, 1]], double);
    expect(x.matmul(tensor([[0], [1]], double)).item()).toBeNaN();
    expect(x.matmul(tensor([[1], [1]], double)).item()).toBe(Infinity);
  });

  it.each<[Shape, Shape, string]>([
    [[2, 3], [4, 5], 'matmul: inner dimensions must agree, got [2, 3] × [4, 5]'],
    [[3], [3, 2], 'matmul: operands need at least two axes, got [3] × [3, 2]'],
    [[2, 3], [], 'matmul: operands need at least two axes, got [2, 3] × []'],
    [[2, 1, 3], [3, 3, 1], 'matmul: shapes must broadcast (equal or 1, aligned right), got [2] and [3]'],
  ])('refuses %j × %j', (a, b, message) => {
    expect(() => zeros(a).matmul(zeros(b))).toThrow(ShapeError);
    expect(() => zeros(a).matmul(zeros(b))).toThrow(message);
  });
});

describe('rows', () => {
  const x = tensor(
    [
      [1, 2],
      [3, 4],
      [5, 6],
    ],
    double,
  );

  it('gatherRows picks, scatterAddRows adds, repeats included', () => {
    expect(x.gatherRows(Int32Array.of(2, 0, 2)).toArray()).toEqual([
      [5, 6],
      [1, 2],
      [5, 6],
    ]);
    expect(x.T.gatherRows(Int32Array.of(1)).toArray()).toEqual([[2, 4, 6]]);
    expect(x.gatherRows(new Int32Array(0)).shape).toEqual([0, 2]);
    const sum = zeros([3, 2], double);
    sum.scatterAddRows(ones([3, 2], double), Int32Array.of(2, 0, 2));
    expect(sum.toArray()).toEqual([
      [1, 1],
      [0, 0],
      [2, 2],
    ]);
  });

  it.each([
    [() => x.gatherRows(Int32Array.of(3)), 'gatherRows: rows must be in 0 … 2, got 3'],
    [() => x.gatherRows(Int32Array.of(-1)), 'gatherRows: rows must be in 0 … 2, got -1'],
    [() => tensor(1).gatherRows(Int32Array.of(0)), 'gatherRows: a scalar has no rows'],
    [
      () => x.copy().scatterAddRows(ones([2, 2], double), Int32Array.of(0)),
      'scatterAddRows: shapes must be equal, got [2, 2] and [1, 2]',
    ],
    [
      () => x.copy().scatterAddRows(ones([1, 2], single), Int32Array.of(0)),
      'scatterAddRows: operands must share dtype and backend',
    ],
  ])('refuses %#', (call, message) => {
    expect(call).toThrow(message);
  });
});

describe('mixed dtypes are refused, never converted silently', () => {
  const a = ones([2, 2], single);
  const b = ones([2, 2], double);
  const got = 'operands must share dtype and backend, got float32 on reference and float64 on reference';
  it.each([
    ['add', () => a.add(b)],
    ['greater', () => a.binary('greater', b)],
    ['matmul', () => a.matmul(b)],
    ['where', () => a.where(a, b)],
    ['where', () => a.where(b, a)],
    ['addInPlace', () => a.addInPlace(b)],
  ])('%s', (name, call) => {
    expect(call).toThrow(`${name}: ${got}; convert one with .to('float`);
    expect(plain(a.data())).toEqual([1, 1, 1, 1]);
  });

  it('addInPlace does not broadcast', () => {
    expect(() => a.addInPlace(ones([2], single))).toThrow(
      'addInPlace: shapes must be equal, got [2, 2] and [2]',
    );
  });

  it('shapes that do not broadcast are refused', () => {
    expect(() => ones([2, 3]).mul(ones([2]))).toThrow(
      'mul: shapes must broadcast (equal or 1, aligned right), got [2, 3] and [2]',
    );
    expect(() => ones([2]).where(ones([3]), 0)).toThrow(
      'where: shapes must broadcast (equal or 1, aligned right), got [2] and [3]',
    );
  });
});

it('flatten and data agree on a scalar', () => {
  const [x, model] = counting([]);
  expect(Array.from(x.data())).toEqual(flatten(model));
});

it('has a precision that there is', () => {
  const dtype = 'int32' as 'float32';
  expect(() => tensor([1], { dtype })).toThrow("tensor: dtype must be float32 or float64, got 'int32'");
});

describe('a tensor as text', () => {
  it('says shape, dtype, backend and the first numbers, in messages and on the console', () => {
    const x = tensor(
      [
        [1, 2.5],
        [Number.NaN, -1e-7],
      ],
      { backend: 'reference' },
    );
    expect(String(x)).toBe('Tensor [2, 2] float32 on reference\n[[    1,   2.5],\n [  NaN, -1e-7]]');
    expect(inspect(x)).toBe(String(x));
    expect(String(zeros([20]))).toMatch(/: 0(, 0){11}, …$/);
  });
});

describe('a tensor on its way out of the program', () => {
  it('is its numbers in JSON, and refused if JSON cannot hold them', () => {
    const state = { weight: tensor([[0.1, -2]]), step: tensor(3), none: tensor([], { shape: [0] }) };
    const read = JSON.parse(JSON.stringify(state)) as Record<string, number[][]>;
    expect(read).toEqual({ weight: [[Math.fround(0.1), -2]], step: 3, none: [] });
    expect(tensor(read.weight).data()).toEqual(state.weight.data());
    expect(() => JSON.stringify({ w: tensor([1, Number.NaN]) })).toThrow(
      'Tensor.toJSON: JSON holds finite numbers only, got NaN; save tensors with encodeSafetensors(model.stateDict())',
    );
  });

  it('cannot be cloned into a worker, and the error says what to send', () => {
    expect(() => structuredClone({ w: tensor([1]) })).toThrow(
      'a Tensor: send { data: t.data(), shape: t.shape } instead, and make tensor(data, { shape }) of it there',
    );
    const { data, shape } = structuredClone({ data: tensor([[1, 2]]).data(), shape: [1, 2] });
    expect(tensor(data, { shape }).toArray()).toEqual([[1, 2]]);
  });
});
