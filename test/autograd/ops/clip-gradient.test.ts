import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import {
  allBackends,
  clipGradientAt,
  type GradientLimit,
  gradcheck,
  matmul,
  type Tensor,
  tensor,
  variable,
} from '../../../src/index.js';
import { norm2 } from '../../clip/support.js';

const double = { dtype: 'float64', backend: 'reference' } as const;
const { NaN: nan, POSITIVE_INFINITY: inf } = Number;

/** What comes back through the point when `grad` goes in. */
function back(grad: Tensor, limit: GradientLimit): number[] {
  const x = variable(grad.mul(0));
  clipGradientAt(x, limit).backward({ grad });
  return [...x.grad!.data()];
}

describe.each(allBackends().map(({ name }) => name))('clipGradientAt on %s', (backend) => {
  const make = (values: readonly number[]): Tensor => tensor(values, { backend });

  it('is the identity forward, whatever the limit', () => {
    const x = make([-7, 0, 1e30, nan]);
    for (const limit of [0, 1, { norm: 0 }])
      expect([...clipGradientAt(x, limit).value.data()]).toEqual([...x.data()]);
  });

  it('bounds the gradient element by element; NaN passes, ∞ is bounded', () => {
    expect(back(make([-3, 0.5, 2, nan, -inf]), 2)).toEqual([-2, 0.5, 2, nan, -2]);
    expect(back(make([-3, 4]), 0).map(Math.abs)).toEqual([0, 0]);
  });

  it('or by its norm: on the limit and of the same direction, below it not one bit changed', () => {
    const array = fc.array(fc.integer({ min: -1000, max: 1000 }), { minLength: 1, maxLength: 30 });
    fc.assert(
      fc.property(
        array,
        fc.integer({ min: -30, max: 30 }),
        fc.double({ min: 0.01, max: 3, noNaN: true }),
        (whole, exponent, ratio) => {
          const grad = make(whole.map((x) => x * 10 ** exponent));
          const before = [...grad.data()];
          const norm = norm2(before);
          const after = back(grad, { norm: norm * ratio });
          if (norm === 0 || ratio > 1 + 1e-6) expect(after).toEqual(before);
          if (norm === 0 || ratio > 1 - 1e-6) return;
          const want = before.map((x) => (x / norm) * norm * ratio);
          expect(Math.max(...after.map((x, i) => Math.abs(x - want[i])))).toBeLessThan(1e-6 * norm);
        },
      ),
      { seed: 3, numRuns: 60 },
    );
    expect(back(make([3, 4]), { norm: 5 })).toEqual([3, 4]);
    expect(back(make([3, inf]), { norm: 5 })).toEqual([3, inf]);
    expect(back(make([]), { norm: 5 })).toEqual([]);
  });
});

describe('clipGradientAt', () => {
  it('chains, and clips at its own point alone', () => {
    const [x, w] = [variable(tensor([[2, 3]], double)), variable(tensor([[10], [20]], double))];
    matmul(x, w).clipGradientAt(0.5).mul(100).sum().backward();
    expect(w.grad!.toArray()).toEqual([[1], [1.5]]);
    expect(x.grad!.toArray()).toEqual([[5, 10]]);
  });

  it('is exact below the limit, and no gradient of the loss above it', () => {
    const x = tensor([0.3, -0.7], double);
    expect(gradcheck((v) => v.clipGradientAt({ norm: 100 }).square().sum(), [x])).toBeLessThan(1e-7);
    expect(() => gradcheck((v) => v.clipGradientAt(0.1).square().sum(), [x])).toThrow('gradcheck: ');
  });

  it('refuses a limit that is none', () => {
    for (const limit of [-1, nan, { norm: -1 }, { norm: nan }]) {
      expect(() => clipGradientAt(tensor([1], double), limit)).toThrow(
        /^clipGradientAt: the limit must be a number ≥ 0, or \{ norm \} of one, got (-1|NaN)$/,
      );
    }
  });
});
