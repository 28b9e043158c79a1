import { describe, expect, it } from 'vitest';
import { gradcheck, Random, ShapeError, uniform, zeros } from '../../src/index.js';
import { Embedding, LearnedPositions } from '../../src/nn/index.js';
import { EXACT, gradOf } from './golden.js';

describe('LearnedPositions', () => {
  it('adds the embedding of its number to every time step', () => {
    const layer = new LearnedPositions(6, 2, { random: new Random(1), ...EXACT });
    const table = new Embedding(6, 2, { random: new Random(9), ...EXACT });
    table.weight.assign(layer.weight.value);
    const x = uniform([4, 3, 2], new Random(2), -1, 1, EXACT);
    const places = [0, 1, 2, 3].map((t) => [t, t, t]);
    expect(layer.forward(x).value.data()).toEqual(table.forward(places).add(x).value.data());
    layer.forward(x).square().sum().backward();
    table.forward(places).add(x).square().sum().backward();
    const [got, want] = [gradOf(layer.weight).data(), gradOf(table.weight).data()];
    for (const [i, value] of want.entries()) expect(got[i]).toBeCloseTo(value, 12);
    expect(gradcheck((v) => layer.forward(v), [x])).toBeLessThan(1e-8);
  });

  it('refuses more steps than it has, and what is no sequence of its size', () => {
    const layer = new LearnedPositions(6, 2, { random: new Random(1) });
    expect(() => layer.forward(zeros([7, 1, 2]))).toThrow(ShapeError);
    expect(() => layer.forward(zeros([7, 1, 2]))).toThrow('with at most 6 time steps, got [7, 1, 2]');
    expect(() => layer.forward(zeros([6, 2]))).toThrow('x must be [time, batch, 2]');
    expect(() => layer.forward(zeros([6, 1, 1]))).toThrow(
      'the last axis of x must be size = 2, got [6, 1, 1]',
    );
    expect(() => new LearnedPositions(0, 2, { random: new Random(1) })).toThrow(
      'length must be an integer ≥ 1',
    );
  });
});
