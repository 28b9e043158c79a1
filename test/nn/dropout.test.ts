import { describe, expect, it } from 'vitest';
import { normal, ones, Random, tensor, variable } from '../../src/index.js';
import { Dropout, Linear, Sequential } from '../../src/nn/index.js';
import { gradOf } from './golden.js';

describe('Dropout', () => {
  it('drops a share p of the elements and divides the others by 1 − p', () => {
    const layer = new Dropout(0.3, { random: new Random(4) });
    const values = [...layer.forward(ones([100, 200])).value.data()];
    const dropped = values.filter((value) => value === 0).length;
    // Binomial: three standard deviations are 194.
    expect(Math.abs(dropped - 6000)).toBeLessThan(200);
    expect(new Set(values)).toEqual(new Set([0, Math.fround(1 / 0.7)]));
  });

  it('passes the gradient through the elements that it kept, scaled alike', () => {
    const x = variable(normal([50], new Random(1)));
    const y = new Dropout(0.5, { random: new Random(2) }).forward(x);
    y.sum().backward();
    const kept = [...y.value.data()].map((value) => (value === 0 ? 0 : 2));
    expect([...gradOf(x).data()]).toEqual(kept);
    expect(kept).toContain(0);
    expect(kept).toContain(2);
  });

  it('drops the same elements from the same state of its generator, others at the next call', () => {
    const random = new Random(7);
    const layer = new Dropout(0.5, { random });
    const before = random.state();
    const [first, second] = [layer.forward(ones([64])), layer.forward(ones([64]))].map((y) => y.value.data());
    expect(second).not.toEqual(first);
    random.restore(before);
    expect(layer.forward(ones([64])).value.data()).toEqual(first);
  });

  it('is the identity after eval, and for p = 0, and draws no numbers then', () => {
    const random = new Random(3);
    const before = random.state();
    const x = tensor([[1, -2, 3]]);
    const model = new Sequential(new Linear(3, 3, { random: new Random(1) }), new Dropout(0.9, { random }));
    const plain = model.layers[0].forward(x);
    expect(model.eval().forward(x).value.data()).toEqual(plain.value.data());
    expect(new Dropout(0, { random }).forward(x).value.data()).toEqual(x.data());
    expect(random.state()).toEqual(before);
    model.train().forward(x);
    expect(random.state()).not.toEqual(before);
  });

  it.each([1, -0.1, 1.5, NaN])('refuses p = %s', (p) => {
    expect(() => new Dropout(p, { random: new Random(1) })).toThrow(
      `Dropout: p must be a probability 0 ≤ p < 1, got ${p}`,
    );
  });
});
