import { describe, expect, it } from 'vitest';
import { UNARY } from '../../../kernels/simd/kernels.js';
import { relaxedSimd } from '../../../kernels/simd/load.js';
import { cos, erf, exp, log, log1p, sin, tanh } from '../../../src/tensor/math.js';
import { Arena, expectSameBits, ulpError } from './arena.js';

/** Each function in float64, and the error allowed, in units in the last place; 0.5 is exact. */
const functions: Record<keyof typeof UNARY, [(x: number) => number, number]> = {
  neg: [(x) => -x, 0],
  abs: [Math.abs, 0],
  sign: [Math.sign, 0],
  exp: [exp, 1.02],
  log: [log, 0.77],
  log1p: [log1p, 0.76],
  sqrt: [Math.sqrt, 0.5],
  reciprocal: [(x) => 1 / x, 0.5],
  tanh: [tanh, 2.01],
  sigmoid: [(x) => 1 / (1 + exp(-x)), 2.23],
  relu: [(x) => (x > 0 ? x : x * 0 === 0 || x < 0 ? 0 : x), 0],
  erf: [erf, 1.1],
  sin: [sin, 0.501],
  cos: [cos, 0.501],
};
const names = Object.keys(functions) as (keyof typeof UNARY)[];

/** Functions whose results are 0 where they would be subnormal. */
const madeNormal: ReadonlySet<string> = new Set(['exp', 'tanh', 'sigmoid', 'erf']);
const SMALLEST_NORMAL = 2 ** -126;
const variants = [false, ...(relaxedSimd() ? [true] : [])];

/** Arguments where something changes: zeros, subnormals, limits of overflow and underflow, reduction boundaries. */
const special = [
  ...[0, -0, NaN, Infinity, -Infinity, 1, -1, 0.5, -0.5, 2, -2, 1e-45, -1e-45, 1.1754942e-38, -1.1754944e-38],
  ...[
    3.4028235e38, -3.4028235e38, 88.722839, 88.72284, 88.8, 89, 90, 128, 1000, -87.3, -87.4, -103.9, -104,
    -150,
  ],
  ...[
    9,
    -9,
    9.0109,
    9.2,
    -18,
    22,
    0.34657359,
    0.3465736,
    -0.17328679,
    Math.SQRT1_2 - 1e-7,
    Math.SQRT1_2,
    Math.SQRT2,
    1.4142137,
  ],
  ...[
    0.41421354, -0.29289323, -0.99999994, 1e-7, -1e-7, 5.9e-8, 1e10, 0.92773438, 0.9277344, 3.9, 4, 4.1, -6,
  ],
  ...[Math.PI / 2, Math.PI, 1e5, 999999, 1e6, 1000001, 16367173, 1e22, 3.3e38, 1.9, 1.999999, 0.25, 1e-30],
];

describe('functions of one operand', () => {
  for (const relaxed of variants) {
    it(`stay within their stated error everywhere${relaxed ? ', fused' : ''}`, () => {
      const arena = new Arena(1, { relaxed });
      const bits = new Uint32Array(1);
      const value = new Float32Array(bits.buffer);
      // Every 130,003rd float32, and a dense band where networks live.
      const inputs = [...special];
      for (let b = 0; b < 2 ** 32; b += 130_003) {
        bits[0] = b;
        inputs.push(value[0]!);
      }
      for (let x = -20; x < 20; x += 0.00371) inputs.push(x);
      const [x, out] = [arena.of(inputs), arena.empty(inputs.length)];
      for (const name of names) {
        const [truth, allowed] = functions[name];
        arena.kernels.unary(UNARY[name], out.at, x.at, inputs.length);
        for (let i = 0; i < inputs.length; i++) {
          const full = truth(x.data[i]!);
          const exact = madeNormal.has(name) && Math.abs(full) < SMALLEST_NORMAL ? 0 : full;
          const rounded = Math.fround(exact);
          const got = out.data[i]!;
          // At the edge it may be 0: erf x, 1.13 x there, is 0 where x is subnormal.
          if (madeNormal.has(name) && got === 0 && Math.abs(full) < 1.13 * SMALLEST_NORMAL) continue;
          const same = Object.is(got, rounded) || (got === 0 && rounded === 0);
          const near = Number.isFinite(rounded) && ulpError(got, exact) <= allowed;
          if (!same && !near) expect.fail(`${name}(${x.data[i]}): got ${got}, wanted ${exact}`);
        }
      }
      arena.checkGuards();
    });
  }

  it('keep the sign of zero where Math does', () => {
    const arena = new Arena(2);
    const [x, out] = [arena.of([0, -0]), arena.empty(2)];
    for (const name of ['neg', 'abs', 'sign', 'log1p', 'sqrt', 'reciprocal', 'tanh', 'erf', 'sin'] as const) {
      arena.kernels.unary(UNARY[name], out.at, x.at, 2);
      expectSameBits(out.data, [functions[name][0](0), functions[name][0](-0)], name);
    }
    arena.kernels.unary(UNARY.relu, out.at, x.at, 2);
    expectSameBits(out.data, [0, 0], 'relu');
  });

  it('do not depend on length, alignment or place in the run, and work in place', () => {
    const arena = new Arena(3);
    for (const name of names) {
      for (let n = 0; n < 14; n++) {
        arena.reset();
        const x = arena.block(n, 5);
        const [whole, single] = [arena.empty(n), arena.empty(n)];
        arena.kernels.unary(UNARY[name], whole.at, x.at, n);
        for (let i = 0; i < n; i++) arena.kernels.unary(UNARY[name], single.at + 4 * i, x.at + 4 * i, 1);
        expectSameBits(single.data, whole.data, name);
        arena.kernels.unary(UNARY[name], x.at, x.at, n);
        expectSameBits(x.data, whole.data, name);
        arena.checkGuards();
      }
    }
  });
});
