import { describe, expect, it } from 'vitest';
import {
  concat,
  gatherRows,
  stack,
  type Tensor,
  tensor,
  variable,
  where,
  zeros,
} from '../../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const make = (values: Parameters<typeof tensor>[0]): Tensor => tensor(values, double);

describe('stack and concat', () => {
  it('stack makes an axis, concat lengthens one; both count axes from either end', () => {
    const [a, b] = [make([1, 2]), make([3, 4])];
    expect(stack([a, b]).value.toArray()).toEqual([
      [1, 2],
      [3, 4],
    ]);
    expect(stack([a, b], -1).value.toArray()).toEqual([
      [1, 3],
      [2, 4],
    ]);
    expect(concat([a, b], -1).value.toArray()).toEqual([1, 2, 3, 4]);
    expect(stack([make(1), make(2)]).value.toArray()).toEqual([1, 2]);
  });

  it('name themselves in errors', () => {
    expect(() => stack([zeros([2, 3]), zeros([2, 2])])).toThrow(
      'stack: shapes must be equal, got [2, 3], [2, 2]; to join along an axis, use concat',
    );
    expect(() => stack([zeros([2])], 2)).toThrow('stack: axis must be an integer in -2 … 1, got 2');
    expect(() => concat([])).toThrow('concat: at least one operand must be a Variable or a Tensor, got none');
    expect(() => stack([])).toThrow('stack: at least one operand must be a Variable or a Tensor, got none');
    expect(() => concat([zeros([1]), zeros([1], double)])).toThrow('concat: operands must share dtype');
  });
});

describe('gatherRows', () => {
  it('adds the gradients of a row that was picked twice', () => {
    const x = variable(
      make([
        [1, 2],
        [3, 4],
        [5, 6],
      ]),
    );
    gatherRows(x, [2, 0, 2])
      .mul(make([[1], [10], [100]]))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([
      [10, 10],
      [0, 0],
      [101, 101],
    ]);
  });

  it('keeps its rows: a buffer that is filled again for the next look-up changes no gradient', () => {
    const x = variable(make([1, 2, 3]));
    const buffer = Int32Array.of(0, 0);
    const first = gatherRows(x, buffer);
    buffer.fill(2);
    const second = gatherRows(x, buffer);
    buffer.fill(1);
    first.add(second.mul(10)).sum().backward();
    expect(x.grad!.toArray()).toEqual([2, 0, 20]);
  });

  it('refuses rows that are no integers instead of rounding them', () => {
    expect(() => gatherRows(zeros([3]), [0.5])).toThrow('gatherRows: rows must be 32-bit integers, got 0.5');
    expect(() => gatherRows(zeros([3]), [Number.NaN])).toThrow(
      'gatherRows: rows must be 32-bit integers, got NaN',
    );
    expect(() => gatherRows(zeros([3]), [2 ** 32])).toThrow(
      `gatherRows: rows must be 32-bit integers, got ${2 ** 32}`,
    );
    expect(() => gatherRows(zeros([3]), [3])).toThrow('gatherRows: rows must be in 0 … 2, got 3');
    expect(() => gatherRows(zeros([0]), [0])).toThrow('gatherRows: rows must be in 0 … -1, got 0');
  });
});

describe('where', () => {
  it('sends each gradient to the one that was taken; the other gets 0 even from ∞', () => {
    const [a, b] = [variable(make([1, 2])), variable(make([3, 4]))];
    const mask = variable(make([1, 0]));
    where(mask, a, b).backward({ grad: make([Infinity, Infinity]) });
    expect([a.grad!.toArray(), b.grad!.toArray(), mask.grad!.toArray()]).toEqual([
      [Infinity, 0],
      [0, Infinity],
      [0, 0],
    ]);
  });

  it('takes numbers for either side', () => {
    expect(where(make([1, 0]), 5, 6).value.toArray()).toEqual([5, 6]);
  });
});

describe('views', () => {
  it('of views: a slice of a transpose of a reshape sends gradients to the right elements', () => {
    const x = variable(make([0, 1, 2, 3, 4, 5]));
    const y = x
      .reshape([2, 3])
      .transpose()
      .slice([[null, null, -2], [1]]);
    expect(y.value.toArray()).toEqual([[5], [3]]);
    y.mul(make([[1], [10]]))
      .sum()
      .backward();
    expect(x.grad!.toArray()).toEqual([0, 0, 0, 10, 0, 1]);
  });

  it('broadcastTo sums its gradient back', () => {
    const x = variable(make([[1], [2]]));
    x.broadcastTo([3, 2, 4]).sum().backward();
    expect(x.grad!.toArray()).toEqual([[12], [12]]);
  });
});
