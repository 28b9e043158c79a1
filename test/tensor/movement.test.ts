import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { sizeOf } from '../../src/extend.js';
import type { SliceRange as Range, Tensor } from '../../src/index.js';
import { zeros } from '../../src/index.js';
import { check, counting, flatten, type Model, modelOf, positions } from './support.js';

type Pair = readonly [Tensor, Model];

const lengths = fc.array(fc.integer({ min: 0, max: 4 }), { maxLength: 4 });
const bound = fc.option(fc.integer({ min: -6, max: 6 }));
const step = fc.constantFrom(-3, -2, -1, 1, 2, 3);

function transposed([x, model]: Pair, order: readonly number[]): Pair {
  const at = (index: readonly number[]) => {
    const source = new Array<number>(order.length);
    order.forEach((axis, i) => {
      source[axis] = index[i];
    });
    return model.at(source);
  };
  return [x.transpose(order), { shape: order.map((axis) => model.shape[axis]), at }];
}

function sliced([x, model]: Pair, ranges: readonly (Range | null)[]): Pair {
  const picks = model.shape.map((length, axis) => {
    const [from = null, to = null, by = 1] = ranges[axis] ?? [];
    return positions(length, from, to, by);
  });
  const at = (index: readonly number[]) => model.at(index.map((i, axis) => picks[axis][i]));
  return [x.slice(ranges), { shape: picks.map((pick) => pick.length), at }];
}

function stretched([x, model]: Pair, shape: readonly number[]): Pair {
  const lead = shape.length - model.shape.length;
  const at = (index: readonly number[]) =>
    model.at(index.slice(lead).map((i, axis) => (model.shape[axis] === 1 ? 0 : i)));
  return [x.broadcastTo(shape), { shape, at }];
}

function reshaped([x, model]: Pair, shape: readonly number[]): Pair {
  return [x.reshape(shape), modelOf(flatten(model), shape)];
}

/** One random movement that is valid for the pair's shape. */
function move(pair: Pair, draw: fc.GeneratorValue): Pair {
  const { shape } = pair[1];
  const axes = shape.map((_, axis) => axis);
  switch (draw(fc.constantFrom, 'transpose', 'slice', 'broadcast', 'reshape')) {
    case 'transpose':
      return transposed(pair, draw(fc.shuffledSubarray, axes, { minLength: axes.length }));
    case 'slice':
      return sliced(
        pair,
        axes.map(() => draw(() => fc.option(fc.tuple(bound, bound, step)))),
      );
    case 'broadcast': {
      const target = shape.map((length) => (length === 1 ? draw(fc.integer, { min: 0, max: 3 }) : length));
      return stretched(pair, shape.length < 4 ? [draw(fc.integer, { min: 1, max: 2 }), ...target] : target);
    }
    default:
      return reshaped(pair, draw(fc.constantFrom, [sizeOf(shape)], [1, ...shape], [...shape, 1]));
  }
}

describe('movement against tensors as functions of an index', () => {
  it('any chain of transposes, slices, broadcasts and reshapes gives the elements that the model gives', () => {
    check(
      fc.property(lengths, fc.integer({ min: 1, max: 5 }), fc.gen(), (shape, moves, draw) => {
        let pair: Pair = counting(shape);
        for (let k = 0; k < moves; k++) pair = move(pair, draw);
        const [x, model] = pair;
        expect(x.shape).toEqual(model.shape);
        expect(Array.from(x.data())).toEqual(flatten(model));
        expect(Array.from(x.neg().data())).toEqual(flatten(model).map((value) => -value));
        expect(x.copy().toArray()).toEqual(x.toArray());
        if (sizeOf(model.shape) > 0) expect(x.sum().item()).toBe(flatten(model).reduce((a, b) => a + b, 0));
      }),
      600,
    );
  });

  it('moves nothing: transposes, slices, broadcasts and reshapes of contiguous data share its memory', () => {
    const [x] = counting([3, 4]);
    const { data } = x.view();
    const moved = [x.transpose(), x.T, x.slice([[1, 3]]), x.broadcastTo([2, 3, 4]), x.reshape([6, 2])];
    for (const y of moved) expect(y.view().data).toBe(data);
    expect(x.transpose().reshape([12]).view().data).not.toBe(data);
  });

  it('T swaps the last two axes only', () => {
    const [x] = counting([2, 3, 4]);
    expect(x.T.shape).toEqual([2, 4, 3]);
    expect(x.T.toArray()).toEqual(x.transpose([0, 2, 1]).toArray());
    expect(counting([3])[0].T.shape).toEqual([3]);
    expect(counting([])[0].T.shape).toEqual([]);
  });

  it('reshape fills in one -1', () => {
    const [x] = counting([2, 6]);
    expect(x.reshape([3, -1]).shape).toEqual([3, 4]);
    expect(zeros([0, 3]).reshape([-1, 3]).shape).toEqual([0, 3]);
  });
});

describe('movement refuses what does not fit', () => {
  const x = zeros([2, 3]);
  it.each([
    ['reshape', () => x.reshape([4]), 'reshape: 6 elements do not fit shape [4]'],
    ['reshape', () => x.reshape([-1, -1]), 'reshape: 6 elements do not fit shape [-1, -1]'],
    ['reshape', () => x.reshape([-1, 4]), 'reshape: 6 elements do not fit shape [-1, 4]'],
    ['reshape', () => zeros([0]).reshape([-1, 0]), 'reshape: 0 elements do not fit shape [-1, 0]'],
    ['transpose', () => x.transpose([0]), 'transpose: must name all 2 axes, got [0] for shape [2, 3]'],
    ['transpose', () => x.transpose([0, 0]), 'transpose: each axis may be named once, got [0, 0]'],
    ['transpose', () => x.transpose([0, 2]), 'transpose: axis must be an integer in -2 … 1, got 2'],
    ['broadcastTo', () => x.broadcastTo([3]), 'broadcastTo: [2, 3] does not stretch to [3]'],
    [
      'broadcastTo',
      () => x.broadcastTo([2, 4]),
      'broadcastTo: shapes must broadcast (equal or 1, aligned right), got [2, 3] and [2, 4]',
    ],
    [
      'broadcastTo',
      () => zeros([1]).broadcastTo([-2]),
      'broadcastTo: lengths must be integers ≥ 0, got [-2]',
    ],
    [
      'slice',
      () => x.slice([null, null, [0, 1]]),
      'slice: at most one range per axis, got 3 for shape [2, 3]',
    ],
    ['slice', () => x.slice([[0, 1, 0]]), 'slice: step must be a non-zero integer, got 0'],
    ['slice', () => x.slice([[0.5]]), 'slice: start and stop must be integers, or null for the end, got 0.5'],
  ])('%s', (_, call, message) => {
    expect(call).toThrow(message);
  });
});
