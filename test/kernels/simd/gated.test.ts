/**
 * LSTM and GRU sequences: rows divided among calls give the same bits, and nothing is written beside the results. What
 * they compute is compared with the composition in test/conformance.
 */

import { describe, expect, it } from 'vitest';
import { Arena, type Block, expectSameBits } from './arena.js';

const sizes = [
  { steps: 1, batch: 3, hidden: 5 },
  { steps: 7, batch: 1, hidden: 1 },
  { steps: 5, batch: 9, hidden: 13 },
  { steps: 4, batch: 6, hidden: 16 },
  { steps: 3, batch: 5, hidden: 34 },
];

/** Runs `part` over rows [0, batch) and over two ranges; both must leave the same bits in the blocks. */
function wholeAndSplit(
  arena: Arena,
  batch: number,
  blocks: readonly Block[],
  part: (from: number, to: number) => void,
): void {
  const before = blocks.map(({ data }) => Float32Array.from(data));
  part(0, batch);
  const whole = blocks.map(({ data }) => Float32Array.from(data));
  for (const [i, { data }] of blocks.entries()) data.set(before[i]!);
  const cut = arena.integer(0, batch);
  part(cut, batch);
  part(0, cut);
  for (const [i, { data }] of blocks.entries()) {
    expectSameBits(data, whole[i]!, `result ${i}, cut at ${cut} of ${batch},`);
    expect(data.includes(1234.5), `result ${i} is written`).toBe(false);
  }
  arena.checkGuards();
}

describe.each(sizes)('sequences of $steps steps, $batch × $hidden', ({ steps, batch, hidden }) => {
  const arena = new Arena(hidden);
  const { kernels, scratch } = arena;
  const [cell, all] = [batch * hidden, steps * batch * hidden];
  const shape = [steps, batch, hidden] as const;

  it.each([0, 1])('of an LSTM; only the last state has a gradient: %i', (lastOnly) => {
    arena.reset();
    const [w, h0, c0] = [arena.block(4 * hidden * hidden, 0.4), arena.block(cell), arena.block(cell)];
    const [gates, cells, h] = [arena.block(4 * all), arena.empty(all), arena.empty(all)];
    wholeAndSplit(arena, batch, [gates, cells, h], (from, to) =>
      kernels.lstmForward(gates.at, cells.at, h.at, h0.at, c0.at, w.at, ...shape, from, to, scratch),
    );
    const [dh, dpre, dc] = [arena.empty(all), arena.empty(4 * all), arena.block(cell)];
    const up = arena.block(lastOnly ? cell : all);
    wholeAndSplit(arena, batch, [dh, dpre, dc], (from, to) => {
      const trace = [gates.at, cells.at, c0.at, w.at] as const;
      kernels.lstmBackward(dh.at, dpre.at, dc.at, up.at, lastOnly, ...trace, ...shape, from, to, scratch);
    });
  });

  it.each([0, 1])('of a GRU; only the last state has a gradient: %i', (lastOnly) => {
    arena.reset();
    const [w, h0, bias] = [arena.block(3 * hidden * hidden, 0.4), arena.block(cell), arena.block(hidden)];
    const [gates, inner, h] = [arena.block(3 * all), arena.empty(all), arena.empty(all)];
    wholeAndSplit(arena, batch, [gates, inner, h], (from, to) =>
      kernels.gruForward(gates.at, inner.at, h.at, h0.at, w.at, bias.at, ...shape, from, to, scratch),
    );
    const [dh, dx, ds] = [arena.empty(all), arena.empty(3 * all), arena.empty(3 * all)];
    const up = arena.block(lastOnly ? cell : all);
    wholeAndSplit(arena, batch, [dh, dx, ds], (from, to) => {
      const trace = [gates.at, inner.at, h.at, h0.at, w.at] as const;
      kernels.gruBackward(dh.at, dx.at, ds.at, up.at, lastOnly, ...trace, ...shape, from, to, scratch);
    });
  });
});
