import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { packParameters } from '../../src/autograd/parameter.js';
import { sizeOf } from '../../src/extend.js';
import {
  ones,
  Parameter,
  Random,
  type Shape,
  ShapeError,
  scope,
  tensor,
  uniform,
  zeros,
} from '../../src/index.js';
import { check } from '../tensor/support.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const single = { dtype: 'float32', backend: 'reference' } as const;

function draw(shape: Shape, seed = 1): Parameter {
  return new Parameter(uniform(shape, new Random(seed), -1, 1, single), `p${seed}`);
}

describe('Parameter', () => {
  it('copies its value, and lives on when the scope it was made in ends', () => {
    const source = tensor([1, 2], single);
    const w = new Parameter(source, 'w');
    source.addInPlace(ones([2], single));
    expect([w.value.toArray(), w.name, w.requiresGrad]).toEqual([[1, 2], 'w', true]);
    expect(scope(() => new Parameter(tensor([3]))).value.toArray()).toEqual([3]);
    expect(new Parameter(tensor([[1, 2]]).T).value.view().stride).toEqual([1, 1]);
  });

  it('assign copies numbers in place and raises the version', () => {
    const w = draw([2]);
    const memory = w.value.view().data;
    w.assign(tensor([5, 6], double));
    expect([w.value.toArray(), w.version, w.value.dtype]).toEqual([[5, 6], 1, 'float32']);
    expect(w.value.view().data).toBe(memory);
    w.markChanged();
    expect(w.version).toBe(2);
  });

  it('assign refuses other shapes and changes nothing', () => {
    const w = new Parameter(tensor([1, 2]), 'rnn.bias');
    expect(() => w.assign(zeros([3]))).toThrow(ShapeError);
    expect(() => w.assign(zeros([3]))).toThrow("Parameter.assign: 'rnn.bias' has shape [2], got [3]");
    expect([w.value.toArray(), w.version]).toEqual([[1, 2], 0]);
  });

  it('grad: null before the first, copied when set, null again when cleared', () => {
    const w = draw([2]);
    expect(w.grad).toBeNull();
    const given = tensor([1, 2], single);
    w.grad = given;
    given.addInPlace(ones([2], single));
    expect(w.grad!.toArray()).toEqual([1, 2]);
    w.accumulateGrad(tensor([10, 20], single));
    expect(w.grad.toArray()).toEqual([11, 22]);
    w.grad = null;
    expect(w.grad).toBeNull();
    w.accumulateGrad(tensor([3, 4], single));
    expect(w.grad!.toArray()).toEqual([3, 4]);
  });

  it('a gradient that does not fit is refused, and the one before stays', () => {
    const w = new Parameter(tensor([1, 2], single), 'w');
    w.grad = tensor([5, 6], single);
    const set =
      (grad: Parameters<typeof tensor>[0], options = single as typeof single | typeof double) =>
      () => {
        w.grad = tensor(grad, options);
      };
    expect(set([1, 2, 3])).toThrow("Parameter.grad: 'w' has shape [2], got [3]");
    expect(set([1, 2], double)).toThrow('Parameter.grad: operands must share dtype and backend');
    expect(() => w.accumulateGrad(ones([1], single))).toThrow("Parameter.grad: 'w' has shape [2], got [1]");
    expect(w.grad.toArray()).toEqual([5, 6]);
  });

  it('a gradient may be strided', () => {
    const w = draw([2, 3]);
    w.grad = tensor(
      [
        [1, 2],
        [3, 4],
        [5, 6],
      ],
      single,
    ).T;
    expect(w.grad!.toArray()).toEqual([
      [1, 3, 5],
      [2, 4, 6],
    ]);
  });
});

describe('packParameters', () => {
  const shapes = fc.array(fc.array(fc.integer({ min: 0, max: 5 }), { maxLength: 3 }), {
    minLength: 1,
    maxLength: 5,
  });

  it('keeps values, gradients and identity; offsets are multiples of 8; the padding is zero', () => {
    check(
      fc.property(shapes, fc.gen(), (list, random) => {
        const parameters = list.map((shape, k) => draw(shape, k + 1));
        for (const p of parameters) if (random(fc.boolean)) p.grad = p.value.mul(2);
        const before = parameters.map((p) => [p.value.toArray(), p.grad?.toArray()]);
        packParameters(parameters);
        expect(parameters.map((p) => [p.value.toArray(), p.grad?.toArray()])).toEqual(before);
        const { block } = parameters[0].place!;
        expect(block.parameters).toEqual(parameters);
        const [values, grads] = [block.values, block.grads];
        const used = new Set<number>();
        for (const { place, value, grad } of parameters) {
          expect(place!.block).toBe(block);
          expect(place!.offset % 8).toBe(0);
          value.data().forEach((x, i) => {
            expect(values[place!.offset + i]).toBe(x);
            if (grad) expect(grads[place!.offset + i]).toBe(grad.data()[i]);
            expect(used.has(place!.offset + i)).toBe(false);
            used.add(place!.offset + i);
          });
        }
        values.forEach((x, i) => {
          if (!used.has(i)) expect([x, grads[i]]).toEqual([0, 0]);
        });
        expect(used.size).toBe(list.reduce((sum, shape) => sum + sizeOf(shape), 0));
        expect(values.length).toBe(list.reduce((sum, shape) => sum + Math.ceil(sizeOf(shape) / 8) * 8, 0));
      }),
      60,
    );
  });

  it('leaves packed parameters where they are, and packs one that is listed twice once', () => {
    const [a, b] = [draw([3], 1), draw([9], 2)];
    packParameters([a, a]);
    const place = a.place!;
    expect(place.block.parameters).toEqual([a]);
    packParameters([a, b]);
    expect(a.place).toBe(place);
    expect(b.place!.block).not.toBe(place.block);
    expect(b.place!.block.parameters).toEqual([b]);
    packParameters([a, b]);
    expect(b.place!.block.parameters).toEqual([b]);
    packParameters([]);
  });

  it('gives each dtype a block of its own', () => {
    const list = [draw([3], 1), new Parameter(ones([2], double)), draw([4], 2)];
    packParameters(list);
    const [a, b, c] = list.map((p) => p.place!.block);
    expect(a).toBe(c);
    expect(b).not.toBe(a);
    expect(a!.values).toBeInstanceOf(Float32Array);
    expect(b!.values).toBeInstanceOf(Float64Array);
  });

  it('may happen inside a scope: the block lives on', () => {
    const a = draw([3]);
    scope(() => packParameters([a]));
    expect(a.value.size).toBe(3);
    expect(a.place!.block.values).toHaveLength(8);
  });

  it('gradients of backward land in the block, and what the block says is what they are', () => {
    const w = draw([2], 1);
    const b = draw([2], 2);
    packParameters([w, b]);
    scope(() => w.mul(3).add(b).sum().backward());
    expect(Array.from(w.place!.block.grads)).toEqual([3, 3, 0, 0, 0, 0, 0, 0, 1, 1, 0, 0, 0, 0, 0, 0]);
    w.place!.block.grads[0] = 7;
    expect(w.grad!.toArray()).toEqual([7, 3]);
    scope(() => w.mul(3).sum().backward());
    expect(w.grad!.toArray()).toEqual([10, 6]);
  });

  it('training goes on as if nothing had happened', () => {
    const run = (packAt: number): number[] => {
      const w = new Parameter(uniform([3, 1], new Random(1), -1, 1, double));
      const x = uniform([5, 3], new Random(2), -1, 1, double);
      for (let step = 0; step < 10; step++) {
        if (step === packAt) packParameters([w]);
        scope(() => {
          w.grad = null;
          w.mul(1)
            .matmul(ones([1, 1], double))
            .sub(1)
            .square()
            .mean()
            .add(x.sum().item())
            .backward();
          w.assign(w.value.sub(w.grad!.mul(0.1)));
        });
      }
      return Array.from(w.value.data());
    };
    expect(run(4)).toEqual(run(-1));
  });

  it('does not age a graph: it can be walked after packing, and not after a change', () => {
    const w = draw([2]);
    const loss = w.square().sum();
    packParameters([w]);
    loss.backward();
    expect(w.grad!.toArray()).toEqual(w.value.mul(2).toArray());
  });
});
