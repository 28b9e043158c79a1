import { describe, expect, it } from 'vitest';
import { Random } from '../../src/index.js';
import { Embedding } from '../../src/nn/index.js';
import { goldenTensor } from '../golden/load.js';
import { assign, EXACT, expectGolden, golden } from './golden.js';

describe('Embedding', () => {
  const { state, inputs, outputs, grads } = golden('embedding');
  const flat = inputs.ids.data.map(Number);
  const forms = {
    nested: [flat.slice(0, 3), flat.slice(3)],
    'data and shape': { data: Int32Array.from(flat), shape: [2, 3] },
  };
  it.each(Object.entries(forms))('agrees with PyTorch, ids as %s', (_, ids) => {
    const layer = new Embedding(7, 5, { random: new Random(1), ...EXACT });
    assign(layer.weight, state!.weight);
    const y = layer.forward(ids);
    expectGolden(y.value, outputs.y);
    y.backward({ grad: goldenTensor(inputs['cotangent.y']) });
    expectGolden(layer.weight.grad, grads.weight);
  });

  it('takes a flat array, one id, and none', () => {
    const layer = new Embedding(4, 2, { random: new Random(1) });
    expect(layer.forward(new Int32Array([3, 0])).shape).toEqual([2, 2]);
    expect(layer.forward(3).shape).toEqual([2]);
    expect(layer.forward([]).shape).toEqual([0, 2]);
  });

  it('starts as N(0, 1)', () => {
    const values = [...new Embedding(500, 40, { random: new Random(3) }).weight.value.data()];
    const mean = values.reduce((sum, x) => sum + x, 0) / values.length;
    const square = values.reduce((sum, x) => sum + x * x, 0) / values.length;
    expect(Math.abs(mean)).toBeLessThan(0.03);
    expect(Math.abs(square - 1)).toBeLessThan(0.04);
  });

  it('refuses ids that are no rows, and shapes that do not fit', () => {
    const layer = new Embedding(4, 2, { random: new Random(1) });
    const message = /^Embedding: ids must be integers in 0 … 3, got (4|-1|1\.5|NaN) at position 1/;
    for (const id of [4, -1, 1.5, NaN]) expect(() => layer.forward([[0, id]])).toThrow(message);
    expect(() => layer.forward([[0, 1], [2]])).toThrow('rows must have equal lengths');
    expect(() => layer.forward({ data: new Int32Array(5), shape: [2, 3] })).toThrow(
      'Embedding: ids of shape [2, 3] need 6 numbers, got 5',
    );
    expect(() => new Embedding(4, 0, { random: new Random(1) })).toThrow('Embedding: dim must be');
  });
});
