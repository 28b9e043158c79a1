import { describe, expect, it } from 'vitest';
import { BINARY } from '../../../kernels/simd/kernels.js';
import { power } from '../../../src/tensor/math.js';
import { Arena, type Block, expectSameBits } from './arena.js';

const functions: Record<keyof typeof BINARY, (a: number, b: number) => number> = {
  add: (a, b) => a + b,
  sub: (a, b) => a - b,
  mul: (a, b) => a * b,
  div: (a, b) => a / b,
  max: Math.max,
  min: Math.min,
  greater: (a, b) => (a > b ? 1 : 0),
  greaterEqual: (a, b) => (a >= b ? 1 : 0),
  equal: (a, b) => (a === b ? 1 : 0),
  pow: power,
};
const names = Object.keys(functions) as (keyof typeof BINARY)[];

interface Operand {
  readonly block: Block;
  readonly row: number;
  readonly step: number;
}

type Form = 'matrix' | 'scalar' | 'row' | 'column' | 'transposed' | 'strided' | 'reversed';
const forms: Form[] = ['matrix', 'scalar', 'row', 'column', 'transposed', 'strided', 'reversed'];

/** An operand of rows × n in one of the forms that views take; special values are sprinkled in. */
function operand(arena: Arena, form: Form, rows: number, n: number): Operand {
  const gap = arena.integer(0, 3);
  const strides: Record<Form, [number, number]> = {
    matrix: [n + gap, 1],
    scalar: [0, 0],
    row: [0, 1],
    column: [1 + gap, 0],
    transposed: [1, rows + gap],
    strided: [3 * n, 2],
    reversed: [n, -1],
  };
  const [row, step] = strides[form];
  const block = arena.block(Math.max(0, rows - 1) * row + Math.max(0, n - 1) * Math.abs(step) + 1, 2);
  const special = [NaN, Infinity, -Infinity, 0, -0, 1];
  for (let i = 0; i < block.data.length; i++) if (arena.random() < 0.1) block.data[i] = arena.pick(special);
  return { block, row, step };
}

/** The address of an operand's element (0, 0). */
function address({ block, step }: Operand, n: number): number {
  return block.at + (step < 0 ? 4 * (n - 1) : 0);
}

function valueAt({ block, row, step }: Operand, i: number, j: number, n: number): number {
  return block.data[i * row + j * step + (step < 0 ? n - 1 : 0)]!;
}

describe('functions of two operands', () => {
  it('give the bits of the definition for every pair of forms', () => {
    const arena = new Arena(1);
    for (const name of names) {
      for (const formA of forms) {
        for (const formB of forms) {
          arena.reset();
          const [rows, n] = [arena.integer(1, 5), arena.integer(1, 11)];
          const [a, b] = [operand(arena, formA, rows, n), operand(arena, formB, rows, n)];
          const row = n + arena.integer(0, 2);
          const out = arena.empty((rows - 1) * row + n);
          arena.kernels.binary(
            ...([BINARY[name], out.at, row, 1, address(a, n), a.row, a.step] as const),
            ...([address(b, n), b.row, b.step, rows, n] as const),
          );
          arena.checkGuards();
          for (let i = 0; i < rows; i++) {
            const wanted = Array.from({ length: n }, (_, j) =>
              functions[name](valueAt(a, i, j, n), valueAt(b, i, j, n)),
            );
            expectSameBits(out.data.subarray(i * row, i * row + n), wanted, `${name} ${formA} ${formB}`);
          }
        }
      }
    }
  });

  it('write strided outputs and work in place', () => {
    const arena = new Arena(2);
    for (const n of [1, 3, 4, 7, 16, 21]) {
      arena.reset();
      const [a, b, out] = [arena.block(n), arena.block(n), arena.empty(3 * n)];
      arena.kernels.binary(BINARY.sub, out.at, 0, 3, a.at, 0, 1, b.at, 0, 1, 1, n);
      const wanted = a.data.map((x, i) => x - b.data[i]!);
      expectSameBits(
        out.data.filter((_, i) => i % 3 === 0),
        wanted,
      );
      expect(out.data.filter((_, i) => i % 3 !== 0).every((x) => x === 1234.5)).toBe(true);
      arena.kernels.binary(BINARY.sub, b.at, 0, 1, a.at, 0, 1, b.at, 0, 1, 1, n);
      expectSameBits(b.data, wanted);
      arena.checkGuards();
    }
  });

  it('raise to powers as the reference does', () => {
    const arena = new Arena(3);
    const bases = [0, -0, 1, -1, 2, -2, 0.5, 3.7, -3.7, 1e-40, 1e38, Infinity, -Infinity, NaN];
    const exponents = [0, 1, 2, 3, -1, -2, 0.5, -0.5, 1.5, 10, 65, 1001, 0.1, 30.3, Infinity, -Infinity, NaN];
    const [a, b] = [arena.of(bases), arena.of(exponents)];
    const out = arena.empty(exponents.length);
    for (const [i, x] of bases.entries()) {
      arena.kernels.binary(BINARY.pow, out.at, 0, 1, a.at + 4 * i, 0, 0, b.at, 0, 1, 1, exponents.length);
      const wanted = Array.from(b.data, (p) => power(a.data[i]!, p));
      for (const [j, p] of wanted.entries()) {
        const close = Math.abs(out.data[j]! - p) <= 2 ** -23 * Math.abs(p);
        if (!Object.is(out.data[j], Math.fround(p)) && !close) {
          expect.fail(`pow(${x}, ${exponents[j]}): got ${out.data[j]}, wanted ${p}`);
        }
      }
    }
  });
});

describe('moving numbers', () => {
  it('copies between any two layouts', () => {
    const arena = new Arena(4);
    for (let round = 0; round < 300; round++) {
      arena.reset();
      const [rows, n] = [arena.integer(1, 13), arena.integer(1, 37)];
      const x = operand(arena, arena.pick(forms), rows, n);
      const [outRow, outStep] = arena.pick([
        [n, 1],
        [n + 2, 1],
        [2 * n, 2],
        [1, rows],
      ] as const);
      const out = arena.empty((rows - 1) * outRow + (n - 1) * outStep + 1);
      arena.kernels.copy(out.at, outRow, outStep, address(x, n), x.row, x.step, rows, n);
      arena.checkGuards();
      const wanted = new Float32Array(out.data.length).fill(1234.5);
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < n; j++) wanted[i * outRow + j * outStep] = valueAt(x, i, j, n);
      }
      expectSameBits(out.data, wanted);
    }
  });

  it('chooses by a condition', () => {
    const arena = new Arena(5);
    for (let round = 0; round < 200; round++) {
      arena.reset();
      const [rows, n] = [arena.integer(1, 6), arena.integer(1, 19)];
      const [c, a, b] = [0, 1, 2].map(() => operand(arena, arena.pick(forms), rows, n)) as [
        Operand,
        Operand,
        Operand,
      ];
      const out = arena.empty(rows * n);
      arena.kernels.where(
        ...([out.at, n, address(c, n), c.row, c.step, address(a, n), a.row, a.step] as const),
        ...([address(b, n), b.row, b.step, rows, n] as const),
      );
      arena.checkGuards();
      const wanted: number[] = [];
      for (let i = 0; i < rows; i++) {
        for (let j = 0; j < n; j++) wanted.push(valueAt(valueAt(c, i, j, n) !== 0 ? a : b, i, j, n));
      }
      expectSameBits(out.data, wanted);
    }
  });

  it('fills, gathers rows and adds them back in order', () => {
    const arena = new Arena(6);
    for (const n of [1, 2, 4, 5, 16, 23]) {
      arena.reset();
      const rows = [3, 0, 3, 6, 3, 1];
      const [table, out, grad] = [arena.block(7 * (n + 2)), arena.empty(6 * n), arena.block(6 * n)];
      const indices = arena.integers(rows);
      arena.kernels.gatherRows(out.at, table.at, n + 2, indices, 6, n);
      expectSameBits(
        out.data,
        rows.flatMap((r) => [...table.data.subarray(r * (n + 2), r * (n + 2) + n)]),
      );
      const wanted = Float32Array.from(table.data);
      rows.forEach((r, i) => {
        for (let j = 0; j < n; j++) wanted[r * (n + 2) + j]! += grad.data[i * n + j]!;
      });
      arena.kernels.scatterAddRows(table.at, n + 2, grad.at, indices, 6, n, 0);
      expectSameBits(table.data, wanted);
      arena.kernels.fill(out.at, n, 2.5);
      expectSameBits(out.data.subarray(0, n), new Float32Array(n).fill(2.5));
      arena.checkGuards();
    }
  });

  it('scatters sums that do not drift, however often an index repeats', () => {
    const arena = new Arena(7);
    for (const n of [1, 4, 6]) {
      arena.reset();
      const count = 5000;
      const [table, lost, rows] = [arena.empty(2 * n), arena.empty(2 * n), arena.block(count * n)];
      table.data.fill(0);
      lost.data.fill(0);
      rows.data.fill(0.1);
      const indices = arena.integers(Array.from({ length: count }, (_, i) => i % 2));
      arena.kernels.scatterAddRows(table.at, n, rows.at, indices, count, n, lost.at);
      // A plain float32 sum of 2,500 tenths is off by 2e-5.
      for (const value of table.data) expect(value / 250).toBeCloseTo(1, 7);
      rows.data.fill(3e38);
      arena.kernels.scatterAddRows(table.at, n, rows.at, indices, count, n, lost.at);
      expectSameBits(table.data, new Float32Array(2 * n).fill(Infinity));
      arena.checkGuards();
    }
  });
});
