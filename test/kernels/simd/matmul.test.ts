import { describe, expect, it } from 'vitest';
import { ACTIVATION, type Address } from '../../../kernels/simd/kernels.js';
import { relaxedSimd } from '../../../kernels/simd/load.js';
import { Arena, type Block, expectClose, expectSameBits } from './arena.js';

const f = Math.fround;

interface Matrix {
  readonly block: Block;
  readonly row: number;
  readonly col: number;
}

/** A rows × cols matrix in one of the layouts that callers have, sometimes with rows further apart than needed. */
function matrix(arena: Arena, rows: number, cols: number, layout: 'rows' | 'columns' | 'strided'): Matrix {
  const gap = arena.pick([0, 0, 1, 3]);
  const sizes = { rows: [cols + gap, 1], columns: [1, rows + gap], strided: [2 * cols + gap, 2] };
  const [row, col] = sizes[layout] as [number, number];
  return { block: arena.block(Math.max(1, (rows - 1) * row + (cols - 1) * col + 1)), row, col };
}

/** The definition: float32, products added to init one after the other, k in order. */
function naive(
  a: Matrix,
  b: Matrix,
  init: (i: number, j: number) => number,
  m: number,
  n: number,
  k: number,
) {
  const out = new Float64Array(m * n);
  for (let i = 0; i < m; i++) {
    for (let j = 0; j < n; j++) {
      // 256 products in one running sum; each block but the first starts from zero and is then added.
      let total = f(init(i, j));
      for (let done = 0; done < k; done += 256) {
        let sum = done === 0 ? total : 0;
        for (let p = done; p < Math.min(k, done + 256); p++) {
          sum = f(sum + f(a.block.data[i * a.row + p * a.col]! * b.block.data[p * b.row + j * b.col]!));
        }
        total = done === 0 ? sum : f(total + sum);
      }
      out[i * n + j] = total;
    }
  }
  return out;
}

interface Case {
  readonly m: number;
  readonly n: number;
  readonly k: number;
  readonly a: 'rows' | 'columns' | 'strided';
  readonly b: 'rows' | 'columns' | 'strided';
  readonly init: 'zeros' | 'out' | 'bias' | 'matrix';
}

/** Runs one case, whole and in two parts, and compares with the definition. */
function check(arena: Arena, { m, n, k, a: layoutA, b: layoutB, init }: Case, exact: boolean): void {
  arena.reset();
  const a = matrix(arena, m, k, layoutA);
  const b = matrix(arena, k, n, layoutB);
  const row = n + arena.pick([0, 0, 1, 5]);
  const out = arena.block((m - 1) * row + n);
  const before = Float32Array.from(out.data);
  const other = arena.block(init === 'bias' ? n : m * n);
  const start: Record<Case['init'], [Address, number, (i: number, j: number) => number]> = {
    zeros: [0, 0, () => 0],
    out: [out.at, row, (i, j) => before[i * row + j]!],
    bias: [other.at, 0, (_, j) => other.data[j]!],
    matrix: [other.at, n, (i, j) => other.data[i * n + j]!],
  };
  const [address, initRow, value] = start[init];
  const run = (from: number, to: number): void =>
    arena.kernels.matmul(
      out.at,
      row,
      address,
      initRow,
      a.block.at,
      a.row,
      a.col,
      b.block.at,
      b.row,
      b.col,
      from,
      to,
      n,
      k,
      ACTIVATION.identity,
      arena.scratch,
    );
  run(0, m);
  arena.checkGuards();
  const wanted = naive(a, b, value, m, n, k);
  const what = `${m}×${n}×${k} ${layoutA} · ${layoutB} from ${init}`;
  const whole = Float32Array.from(out.data);
  for (let i = 0; i < m; i++) {
    const got = whole.subarray(i * row, i * row + n);
    const rowWanted = wanted.subarray(i * n, (i + 1) * n);
    if (exact) expectSameBits(got, rowWanted, `${what}, row ${i},`);
    else expectClose(got, rowWanted, 1e-6 * Math.sqrt(k + 1), `${what}, row ${i},`);
    // What lies between rows is not ours.
    if (i < m - 1)
      expectSameBits(whole.subarray(i * row + n, (i + 1) * row), before.subarray(i * row + n, (i + 1) * row));
  }
  out.data.set(before);
  const cut = arena.integer(0, m);
  run(cut, m);
  run(0, cut);
  expectSameBits(out.data, whole, `${what} cut at ${cut},`);
}

const layouts = ['rows', 'columns', 'strided'] as const;
const inits = ['zeros', 'out', 'bias', 'matrix'] as const;

describe('matmul', () => {
  it('gives the bits of the plain loop for every small shape', () => {
    const arena = new Arena(1);
    for (let m = 1; m <= 9; m++) {
      for (let n = 1; n <= 18; n++) {
        const k = arena.pick([0, 1, 2, 3, 4, 5, 7, 8, 11]);
        check(
          arena,
          { m, n, k, a: arena.pick(layouts), b: arena.pick(layouts), init: arena.pick(inits) },
          true,
        );
      }
    }
  });

  it('gives the bits of the plain loop for every pair of layouts and start', () => {
    const arena = new Arena(2);
    for (const a of layouts) {
      for (const b of layouts) {
        for (const init of inits) {
          const [m, n, k] = [arena.integer(1, 40), arena.integer(1, 40), arena.integer(1, 40)];
          check(arena, { m, n, k, a, b, init }, true);
          check(arena, { m: 1, n, k, a, b, init }, true);
          check(arena, { m, n: 1, k, a, b, init }, true);
        }
      }
    }
  });

  it('gives the same bits where blocks along k, rows and columns meet', () => {
    const arena = new Arena(3);
    for (const [m, n, k] of [
      [5, 9, 600],
      [131, 17, 257],
      [16, 1030, 20],
      [70, 515, 12],
      [40, 35, 520],
    ] as const) {
      for (const [a, b] of [
        ['rows', 'rows'],
        ['columns', 'rows'],
        ['rows', 'columns'],
        ['columns', 'columns'],
      ] as const) {
        check(arena, { m, n, k, a, b, init: arena.pick(inits) }, true);
      }
    }
  });

  it('adds blocks along k in the same order where an operand is a vector', () => {
    const arena = new Arena(6);
    for (const [m, n] of [
      [1, 40],
      [1, 7],
      [37, 1],
      [3, 1],
      [1, 1],
    ] as const) {
      for (const a of layouts) {
        for (const b of layouts) check(arena, { m, n, k: 700, a, b, init: arena.pick(inits) }, true);
      }
    }
  });

  it('packs A where its columns are far apart', () => {
    const arena = new Arena(4);
    check(arena, { m: 700, n: 33, k: 9, a: 'columns', b: 'rows', init: 'bias' }, true);
    check(arena, { m: 513, n: 40, k: 300, a: 'columns', b: 'columns', init: 'zeros' }, true);
  });

  it.skipIf(!relaxedSimd())('agrees within rounding when fused, split or not', () => {
    const arena = new Arena(5, { relaxed: true });
    for (let i = 0; i < 60; i++) {
      const [m, n, k] = [arena.integer(1, 30), arena.integer(1, 30), arena.integer(1, 300)];
      check(
        arena,
        { m, n, k, a: arena.pick(layouts), b: arena.pick(layouts), init: arena.pick(inits) },
        false,
      );
    }
  });

  it('applies the activation once, after the last block', () => {
    const arena = new Arena(6);
    for (const [m, n, k] of [
      [3, 5, 4],
      [1, 20, 300],
      [9, 1, 300],
      [12, 24, 700],
    ] as const) {
      arena.reset();
      const [a, b, bias] = [arena.block(m * k), arena.block(k * n), arena.block(n)];
      const [out, plain] = [arena.empty(m * n), arena.empty(m * n)];
      const run = (to: Block, activation: number): void =>
        arena.kernels.matmul(
          to.at,
          n,
          bias.at,
          0,
          a.at,
          k,
          1,
          b.at,
          n,
          1,
          0,
          m,
          n,
          k,
          activation,
          arena.scratch,
        );
      run(plain, ACTIVATION.identity);
      run(out, ACTIVATION.relu);
      expectSameBits(
        out.data,
        plain.data.map((x) => Math.max(x, 0)),
      );
      run(out, ACTIVATION.tanh);
      expectClose(out.data, plain.data.map(Math.tanh), 3e-7);
      arena.checkGuards();
    }
  });

  it('passes NaN and infinity through', () => {
    const arena = new Arena(7);
    const [a, b, out] = [arena.block(5 * 6), arena.block(6 * 7), arena.empty(35)];
    a.data[7] = Number.NaN;
    b.data[3] = Number.POSITIVE_INFINITY;
    arena.kernels.matmul(out.at, 7, 0, 0, a.at, 6, 1, b.at, 7, 1, 0, 5, 7, 6, 0, arena.scratch);
    for (let i = 0; i < 5; i++) {
      for (let j = 0; j < 7; j++) expect(Number.isFinite(out.data[i * 7 + j])).toBe(i !== 1 && j !== 3);
    }
  });
});
