import { describe, expect, it } from 'vitest';
import { Random, type Variable, zeros } from '../../src/index.js';
import {
  Embedding,
  type LayerInput,
  Linear,
  Module,
  ReLU,
  RNN,
  Sequential,
  Tanh,
} from '../../src/nn/index.js';

const random = new Random(1);
const linear = (from: number, to: number) => new Linear(from, to, { random });

describe('Sequential', () => {
  it('composes forward and names parameters by position', () => {
    const [first, last] = [linear(3, 4), linear(4, 2)];
    const model = new Sequential(first, new Tanh(), last);
    expect([...model.namedParameters().keys()]).toEqual(['0.weight', '0.bias', '2.weight', '2.bias']);
    const x = zeros([5, 3]);
    const y: Variable = model.forward(x);
    expect(y.value.data()).toEqual(last.forward(first.forward(x).tanh()).value.data());
  });

  it('nests, and takes a list made elsewhere', () => {
    const blocks = Array.from({ length: 3 }, () => new Sequential(linear(2, 2), new ReLU()));
    const model = new Sequential(...blocks);
    expect([...model.namedParameters().keys()][2]).toBe('1.0.weight');
    const mixed = [linear(2, 2), new ReLU(), linear(2, 1)];
    const y: Variable = new Sequential(...mixed).forward(zeros([1, 2]));
    expect(y.shape).toEqual([1, 1]);
    expect(model.forward(zeros([1, 2])).shape).toEqual([1, 2]);
  });

  it('is typed by its first and last layer, and by what neighbours exchange', () => {
    const reader = new Sequential(new Embedding(5, 3, { random }), new RNN(3, 4, { random }));
    expect(reader.forward([[1], [2]]).last.shape).toEqual([1, 4]);
    // @ts-expect-error: an embedding takes ids, not a tensor
    expect(() => reader.forward(zeros([1, 3]))).toThrow();
    // @ts-expect-error: a Linear cannot take the output of an RNN
    const wrong = new Sequential(new RNN(3, 4, { random }), linear(4, 1));
    expect(() => wrong.forward(zeros([1, 1, 3]) as never)).toThrow();
  });

  it('is a type for fields without naming its layers', () => {
    class Net extends Module {
      readonly body: Sequential;

      constructor() {
        super();
        this.body = new Sequential(linear(2, 3), new Tanh());
      }

      forward(x: LayerInput): Variable {
        return this.body.forward(x);
      }
    }
    expect(new Net().forward(zeros([1, 2])).shape).toEqual([1, 3]);
    expect([...new Net().namedParameters().keys()]).toEqual(['body.0.weight', 'body.0.bias']);
  });

  it('refuses an empty list', () => {
    expect(() => new Sequential()).toThrow('Sequential: needs at least one layer, got none');
  });
});
