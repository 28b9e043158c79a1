/** Models as text, and buffers: what a module keeps beside its parameters. */

import { inspect } from 'node:util';
import { describe, expect, it } from 'vitest';
import {
  Dropout,
  type LayerInput,
  Linear,
  Module,
  ModuleBuffer,
  MultiheadAttention,
  ones,
  Random,
  Residual,
  RNN,
  Sequential,
  Tanh,
  tensor,
  type Variable,
  variable,
} from '../../src/index.js';

const random = new Random(1);

/** Counts what it sees. */
class Counter extends Module {
  readonly seen = new ModuleBuffer(tensor([0]));
  readonly scale = new Linear(1, 1, { random, bias: false });

  forward(x: LayerInput): Variable {
    this.seen.assign(this.seen.value.add(1));
    return this.scale.forward(x);
  }
}

describe('a model as text', () => {
  it('is a tree with shapes and counts, on the console too', () => {
    const model = new Sequential(
      new Linear(2, 8, { random }),
      new Tanh(),
      new Dropout(0.1, { random }),
      new Counter(),
    );
    const text = [
      'Sequential(  # 25 parameters',
      '  (0): Linear(weight [8, 2], bias [8])  # 24 parameters',
      '  (1): Tanh()',
      '  (2): Dropout(p 0.1)',
      '  (3): Counter(seen [1] buffer  # 1 parameter',
      '    (scale): Linear(weight [1, 1])  # 1 parameter',
      '  )',
      ')',
    ].join('\n');
    expect(String(model)).toBe(text);
    expect(inspect(model)).toBe(text);
  });

  it('shows settings, and a part that is used twice once', () => {
    expect(String(new RNN(2, 3, { random, nonlinearity: 'relu' }))).toBe(
      'RNN(weightIh [3, 2], weightHh [3, 3], bias [3], nonlinearity relu)  # 18 parameters',
    );
    expect(String(new MultiheadAttention(4, 2, { random, causal: true }))).toContain('heads 2, causal');
    const shared = new Linear(2, 2, { random });
    expect(String(new Sequential(shared, new Residual(shared)))).toBe(
      [
        'Sequential(  # 6 parameters',
        '  (0): Linear(weight [2, 2], bias [2])  # 6 parameters',
        '  (1): Residual(',
        '    (layer): Linear(…)  # the same as (0)',
        '  )',
        ')',
      ].join('\n'),
    );
  });
});

describe('a buffer', () => {
  it('is saved and loaded under its path, and is no parameter', () => {
    const model = new Counter();
    model.forward(tensor([[1]]));
    expect([...model.namedParameters().keys()]).toEqual(['scale.weight']);
    expect([...model.namedBuffers().keys()]).toEqual(['seen']);
    const state = model.stateDict();
    expect(Object.keys(state)).toEqual(['scale.weight', 'seen']);
    model.forward(tensor([[1]]));
    expect(state.seen.toArray()).toEqual([1]);
    model.loadStateDict(state);
    expect(model.seen.value.toArray()).toEqual([1]);
  });

  it('refuses a state of another shape or without it, and stays as it is', () => {
    const model = new Counter();
    const state = model.stateDict();
    expect(() => model.loadStateDict({ ...state, seen: ones([2]) })).toThrow(
      "wrong shapes 'seen' [2] for [1]",
    );
    const { seen: _, ...rest } = state;
    expect(() => model.loadStateDict(rest)).toThrow("no 'seen'");
    expect(() => model.seen.assign(ones([2]))).toThrow(
      'ModuleBuffer.assign: the buffer has shape [1], got [2]',
    );
    expect(model.seen.value.toArray()).toEqual([0]);
  });

  it('converts what it is given to its own precision', () => {
    const buffer = new ModuleBuffer(tensor([0]));
    buffer.assign(tensor([0.1], { dtype: 'float64' }));
    expect([buffer.value.dtype, buffer.value.item()]).toEqual(['float32', Math.fround(0.1)]);
  });
});

describe('what a module holds and nothing would train', () => {
  it('is named: a variable() in a field', () => {
    class Mistaken extends Module {
      readonly w = variable(ones([1]));
    }
    expect(() => new Mistaken().parameters()).toThrow(
      "Mistaken: what a module trains must be a Parameter, got a variable() in 'w'; write new Parameter(…)",
    );
  });

  it('a layer refuses arguments that it does not take', () => {
    // @ts-expect-error: it takes none
    expect(() => new Tanh(1)).toThrow('Tanh: takes no arguments, got 1');
  });
});
