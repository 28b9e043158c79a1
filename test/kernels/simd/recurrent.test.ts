import { describe, expect, it } from 'vitest';
import { ACTIVATION, UNARY } from '../../../kernels/simd/kernels.js';
import { Arena, type Block, expectClose, expectSameBits } from './arena.js';

interface Sequence {
  readonly steps: number;
  readonly batch: number;
  readonly hidden: number;
  readonly activation: keyof typeof ACTIVATION;
}

const sequences: Sequence[] = [
  { steps: 1, batch: 3, hidden: 5, activation: 'tanh' },
  { steps: 7, batch: 1, hidden: 1, activation: 'tanh' },
  { steps: 6, batch: 5, hidden: 16, activation: 'tanh' },
  { steps: 5, batch: 9, hidden: 13, activation: 'relu' },
  { steps: 4, batch: 4, hidden: 20, activation: 'identity' },
  { steps: 9, batch: 6, hidden: 33, activation: 'sigmoid' },
];

const act = {
  identity: (x: number) => x,
  relu: (x: number) => Math.max(0, x),
  tanh: Math.tanh,
  sigmoid: (x: number) => 1 / (1 + Math.exp(-x)),
};
const slope = {
  identity: () => 1,
  relu: (y: number) => (y > 0 ? 1 : 0),
  tanh: (y: number) => 1 - y * y,
  sigmoid: (y: number) => y * (1 - y),
};

/** Σ_k x[i, k] · w[k-th of unit j]: the product with W transposed, or with W. */
function times(
  x: ArrayLike<number>,
  w: Float32Array,
  batch: number,
  hidden: number,
  transposed: boolean,
): number[] {
  return Array.from({ length: batch * hidden }, (_, at) => {
    const [i, j] = [Math.floor(at / hidden), at % hidden];
    let sum = 0;
    for (let k = 0; k < hidden; k++)
      sum += x[i * hidden + k]! * w[transposed ? j * hidden + k : k * hidden + j]!;
    return sum;
  });
}

/** The recurrence unrolled in float64: every h_t. */
function unrolled(pre: Float32Array, h0: Float32Array | null, w: Float32Array, s: Sequence): number[][] {
  const size = s.batch * s.hidden;
  const all: number[][] = [];
  for (let t = 0; t < s.steps; t++) {
    const last = t > 0 ? all[t - 1]! : (h0 ?? new Float32Array(size));
    const sums = times(last, w, s.batch, s.hidden, true);
    all.push(sums.map((x, i) => act[s.activation](x + pre[t * size + i]!)));
  }
  return all;
}

/** Backpropagation through time in float64: every ∂L/∂h_t and ∂L/∂pre_t. */
function unrolledBackward(up: (t: number, i: number) => number, h: number[][], w: Float32Array, s: Sequence) {
  const [dh, dpre]: [number[][], number[][]] = [[], []];
  for (let t = s.steps - 1; t >= 0; t--) {
    const later = t < s.steps - 1 ? times(dpre[t + 1]!, w, s.batch, s.hidden, false) : null;
    dh[t] = h[t]!.map((_, i) => up(t, i) + (later ? later[i]! : 0));
    dpre[t] = dh[t]!.map((g, i) => g * slope[s.activation](h[t]![i]!));
  }
  return { dh: dh.flat(), dpre: dpre.flat() };
}

/** Runs `part` over rows [0, batch) and over two ranges; both must leave the same bits in the blocks. */
function wholeAndSplit(
  arena: Arena,
  batch: number,
  blocks: Block[],
  part: (from: number, to: number) => void,
): void {
  const before = blocks.map((block) => Float32Array.from(block.data));
  part(0, batch);
  const whole = blocks.map((block) => Float32Array.from(block.data));
  for (const [i, block] of blocks.entries()) block.data.set(before[i]!);
  const cut = arena.integer(0, batch);
  part(cut, batch);
  part(0, cut);
  for (const [i, block] of blocks.entries())
    expectSameBits(block.data, whole[i]!, `cut at ${cut} of ${batch},`);
  arena.checkGuards();
}

describe('recurrent sequences', () => {
  for (const s of sequences) {
    for (const withStart of [false, true]) {
      const name = `${s.steps} steps of ${s.batch} × ${s.hidden} ${s.activation}${withStart ? ' from h0' : ''}`;
      it(`agree with the unrolled loop: ${name}`, () => {
        const arena = new Arena(s.hidden);
        const { kernels, scratch } = arena;
        const { steps, batch, hidden } = s;
        const size = batch * hidden;
        const f = ACTIVATION[s.activation];
        const [w, h0, h] = [arena.block(hidden * hidden, 0.4), arena.block(size), arena.block(steps * size)];
        const states = unrolled(h.data, withStart ? h0.data : null, w.data, s);
        wholeAndSplit(arena, batch, [h], (from, to) =>
          kernels.recurrentForward(
            h.at,
            withStart ? h0.at : 0,
            w.at,
            steps,
            batch,
            hidden,
            from,
            to,
            f,
            scratch,
          ),
        );
        expectClose(h.data, states.flat(), 1e-5, 'h');

        for (const lastOnly of [0, 1]) {
          const upstream = arena.block(lastOnly ? size : steps * size);
          const [dh, dpre] = [arena.empty(steps * size), arena.empty(steps * size)];
          const up = (t: number, i: number): number =>
            lastOnly ? (t === steps - 1 ? upstream.data[i]! : 0) : upstream.data[t * size + i]!;
          const wanted = unrolledBackward(up, states, w.data, s);
          const run = (to: Block, from: Block, start: number, end: number): void =>
            kernels.recurrentBackward(
              ...([to.at, dpre.at, from.at, lastOnly, h.at, w.at, steps, batch, hidden] as const),
              ...([start, end, f, scratch] as const),
            );
          wholeAndSplit(arena, batch, [dh, dpre], (start, end) => run(dh, upstream, start, end));
          expectClose(dh.data, wanted.dh, 1e-5, 'dh');
          expectClose(dpre.data, wanted.dpre, 1e-5, 'dpre');
          if (!lastOnly) {
            run(upstream, upstream, 0, batch);
            expectSameBits(upstream.data, dh.data, 'in place,');
          }
        }
      });
    }
  }

  it('gives the bits of the composed steps', () => {
    const arena = new Arena(9);
    const { kernels, scratch } = arena;
    const [steps, batch, hidden] = [4, 6, 24];
    const size = batch * hidden;
    const [w, h] = [arena.block(hidden * hidden, 0.3), arena.block(steps * size)];
    const composed = arena.of(h.data);
    for (let t = 0; t < steps; t++) {
      const at = composed.at + 4 * t * size;
      if (t > 0) {
        const last = at - 4 * size;
        kernels.matmul(
          at,
          hidden,
          at,
          hidden,
          last,
          hidden,
          1,
          w.at,
          1,
          hidden,
          0,
          batch,
          hidden,
          hidden,
          0,
          scratch,
        );
      }
      kernels.unary(UNARY.tanh, at, at, size);
    }
    kernels.recurrentForward(h.at, 0, w.at, steps, batch, hidden, 0, batch, ACTIVATION.tanh, scratch);
    expectSameBits(h.data, composed.data);
    expect(kernels.recurrentScratchBytes(hidden)).toBeGreaterThanOrEqual(hidden * hidden * 4);
  });
});

describe('activationBackward', () => {
  it('is the slope in terms of the output, in place too', () => {
    const arena = new Arena(10);
    for (const name of ['identity', 'relu', 'tanh', 'sigmoid'] as const) {
      for (const n of [0, 1, 4, 6, 19]) {
        arena.reset();
        const [dy, y, out] = [arena.block(n), arena.block(n), arena.empty(n)];
        const wanted = dy.data.map((g, i) => g * slope[name](y.data[i]!));
        arena.kernels.activationBackward(ACTIVATION[name], out.at, dy.at, y.at, n);
        expectClose(out.data, wanted, 1e-6, name);
        arena.kernels.activationBackward(ACTIVATION[name], dy.at, dy.at, y.at, n);
        expectSameBits(dy.data, out.data, name);
        arena.checkGuards();
      }
    }
  });
});
