import { describe, expect, it } from 'vitest';
import { matmul, Random, type Tensor, uniform, variable } from '../../../src/index.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const random = new Random(1);
const draw = (...shape: number[]): Tensor => uniform(shape, random, -1, 1, double);

describe('matmul', () => {
  it('gives a weight shared by a batch the sum of its gradients', () => {
    const [x, w, seed] = [draw(5, 2, 3), variable(draw(3, 4)), draw(5, 2, 4)];
    matmul(x, w).backward({ grad: seed });
    const flat = x.reshape([10, 3]).T.matmul(seed.reshape([10, 4]));
    expect(w.grad!.shape).toEqual([3, 4]);
    const gap = w.grad!.sub(flat).unary('abs').max().item();
    expect(gap).toBeLessThan(1e-14);
  });

  it('differentiates transposed operands: (AᵀBᵀ) as (BA)ᵀ', () => {
    const [a, b] = [draw(3, 2), draw(4, 3)];
    const [left, right] = [variable(a), variable(b)];
    matmul(left.transpose(), right.transpose()).sum().backward();
    const [p, q] = [variable(a), variable(b)];
    matmul(q, p).sum().backward();
    expect(left.grad!.sub(p.grad!).unary('abs').max().item()).toBeLessThan(1e-15);
    expect(right.grad!.sub(q.grad!).unary('abs').max().item()).toBeLessThan(1e-15);
  });

  it('names itself where shapes do not fit', () => {
    expect(() => matmul(draw(2, 3), draw(4, 5))).toThrow(
      'matmul: inner dimensions must agree, got [2, 3] × [4, 5]',
    );
  });
});
