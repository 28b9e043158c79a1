import { describe, expect, it } from 'vitest';
import {
  matmul,
  ones,
  Parameter,
  Random,
  SGD,
  type Tensor,
  tensor,
  type Variable,
  zeros,
} from '../../src/index.js';
import {
  BatchNorm1d,
  Embedding,
  type LayerInput,
  Linear,
  Module,
  RNN,
  Sequential,
  Tanh,
} from '../../src/nn/index.js';

const random = new Random(1);

class Reader extends Module {
  readonly embedding = new Embedding(4, 2, { random });
  readonly rnn = new RNN(2, 3, { random });
  readonly heads = [new Linear(3, 2, { random }), new Linear(3, 1, { random, bias: false })];
  readonly scales = [new Parameter(ones([1])), new Parameter(ones([2]))];
  readonly byName = { first: this.heads[0], scale: this.scales[1], units: 3 };
  readonly #secret = new Parameter(ones([1]));

  get secret(): Parameter {
    return this.#secret;
  }
}

const names = [
  'embedding.weight',
  'rnn.weightIh',
  'rnn.weightHh',
  'rnn.bias',
  'heads.0.weight',
  'heads.0.bias',
  'heads.1.weight',
  'scales.0',
  'scales.1',
];

/** A model whose output matrix is its input matrix. */
class Tied extends Module {
  readonly input = new Linear(3, 3, { random });
  readonly output = new Tail(this.input.weight);

  forward(x: LayerInput): Variable {
    return this.output.forward(this.input.forward(x));
  }
}

class Tail extends Module {
  readonly weight: Parameter;

  constructor(weight: Parameter) {
    super();
    this.weight = weight;
  }

  forward(x: Variable): Variable {
    return x.matmul(this.weight);
  }
}

describe('Module names parameters by their path', () => {
  it.each([
    ['a Map', new Map([['first', new Linear(1, 1, { random })]])],
    ['a Set', new Set([new Parameter(ones([1]))])],
    ['a plain object', { first: new Parameter(ones([1])) }],
    ['an array of arrays', [[new Linear(1, 1, { random })]]],
  ])('refuses a part in %s, where it would be neither trained nor saved', (kind, heads) => {
    class Lost extends Module {
      readonly heads = heads;
    }
    class Found extends Lost {
      protected override *children() {
        yield ['own', new Parameter(ones([1]))] as const;
      }
    }
    const message = `Lost: Parameters and Modules must be in fields or arrays, got ${kind} in 'heads'; use an array, or override children`;
    class Holder extends Module {
      readonly part = new Lost();
    }
    expect(() => new Holder().parameters()).toThrow(message);
    expect([...new Found().namedParameters().keys()]).toEqual(['own']);
  });

  it('walks fields, modules and arrays in order; not #fields, and plain objects may point to what is walked', () => {
    const model = new Reader();
    expect([...model.namedParameters().keys()]).toEqual(names);
    expect(model.parameters().map(({ name }) => name)).toEqual(names);
    expect(model.secret.name).toBe('');
  });

  it('keeps the longest path when a part is walked by itself, and lengthens a short one', () => {
    const model = new Reader();
    const [weight] = model.rnn.parameters();
    expect(weight.name).toBe('weightIh');
    model.parameters();
    expect(weight.name).toBe('rnn.weightIh');
    expect([...model.rnn.namedParameters().keys()]).toEqual(['weightIh', 'weightHh', 'bias']);
    expect(weight.name).toBe('rnn.weightIh');
  });

  it('lists tied weights once, under their first name, and their gradients add', () => {
    const model = new Tied();
    expect([...model.namedParameters().keys()]).toEqual(['input.weight', 'input.bias']);
    expect(model.parameters()).toHaveLength(2);
    expect(Object.keys(model.stateDict())).toEqual(['input.weight', 'input.bias']);
    model
      .forward(tensor([[1, 2, 3]]))
      .sum()
      .backward();
    const both = model.input.weight.grad!.data();
    // Untied, the two uses of one matrix have gradients of their own; tied, they have the sum.
    const [first, second] = [1, 2].map(() => new Parameter(model.input.weight.value));
    const hidden = tensor([[1, 2, 3]]);
    matmul(hidden, first.transpose()).add(model.input.bias!.value).matmul(second).sum().backward();
    const sum = first.grad!.add(second.grad!).data();
    for (const [i, value] of both.entries()) expect(value).toBeCloseTo(sum[i], 5);
  });

  it('ends where modules point at each other', () => {
    class Child extends Module {
      parent: Module | null = null;
      readonly weight = new Parameter(ones([1]));
    }
    class Parent extends Module {
      readonly child = new Child();
    }
    const model = new Parent();
    model.child.parent = model;
    expect([...model.namedParameters().keys()]).toEqual(['child.weight']);
    expect(model.eval().child.training).toBe(false);
  });
});

describe('train and eval', () => {
  it('reach every part and return the module', () => {
    const model = new Reader();
    const parts = [model, model.rnn, model.embedding, ...model.heads];
    expect(parts.map(({ training }) => training)).toEqual(parts.map(() => true));
    expect(model.eval()).toBe(model);
    expect(parts.map(({ training }) => training)).toEqual(parts.map(() => false));
    expect(model.train()).toBe(model);
    expect(parts.map(({ training }) => training)).toEqual(parts.map(() => true));
    model.heads[0].train(false);
    expect(model.training).toBe(true);
  });

  it('reach into a Sequential', () => {
    const model = new Sequential(new Linear(2, 2, { random }), new Tanh());
    expect(model.eval().layers[1].training).toBe(false);
  });
});

describe('to', () => {
  class Whole extends Module {
    readonly linear = new Linear(2, 3, { random });
    readonly norm = new BatchNorm1d(3);
    readonly rnn = new RNN(3, 2, { random });

    forward(x: LayerInput): Variable {
      return this.rnn.forward(this.norm.forward(this.linear.forward(x)).reshape([4, 1, 3])).last;
    }
  }
  const batch = [
    [1, 2],
    [3, 5],
    [-1, 0.5],
    [2, -2],
  ];

  it('converts parameters and buffers, which compute and count on in the new precision', () => {
    const [model, twin] = [new Whole(), new Whole()];
    twin.loadStateDict(model.stateDict());
    model.forward(tensor(batch)).sum().backward();
    expect(model.to('float64', 'reference')).toBe(model);
    for (const part of [...model.namedParameters().values(), ...model.namedBuffers().values()]) {
      expect([part.value.dtype, part.value.backend.name]).toEqual(['float64', 'reference']);
    }
    expect(model.parameters().map(({ grad }) => grad)).toEqual(model.parameters().map(() => null));
    const x = tensor(batch, { dtype: 'float64', backend: 'reference' });
    const loss = model.forward(x).sum();
    loss.backward();
    twin.forward(tensor(batch));
    expect(loss.item()).toBeCloseTo(twin.forward(tensor(batch)).sum().item(), 5);
    expect(model.linear.weight.grad!.dtype).toBe('float64');
    expect(model.norm.numBatchesTracked!.value.item()).toBe(2);
    expect(model.norm.runningMean!.value.data()[1]).toBeCloseTo(twin.norm.runningMean!.value.data()[1], 5);
  });

  it('leaves what is in that form already alone, and no graph from before can be walked', () => {
    const model = new Whole();
    const { value } = model.linear.weight;
    model.to('float32');
    expect(model.linear.weight.value).toBe(value);
    const loss = model.forward(tensor(batch)).sum();
    model.to('float64', 'reference');
    expect(() => loss.backward()).toThrow('was changed in place');
  });

  it('refuses, with nothing changed, a model whose parameters an optimizer has', () => {
    const model = new Whole();
    const optimizer = new SGD(model.rnn.parameters(), { lr: 0.1 });
    expect(() => model.to('float64', 'reference')).toThrow(
      "Module.to: the parameter 'rnn.weightIh' belongs to an optimizer",
    );
    expect(model.linear.weight.value.dtype).toBe('float32');
    optimizer.release();
    expect(model.to('float64', 'reference').linear.weight.value.dtype).toBe('float64');
  });

  it('throws before anything changes if the backend cannot have it', () => {
    const model = new Whole();
    expect(() => model.to('float64', 'simd')).toThrow('float64');
    expect(model.norm.runningMean!.value.dtype).toBe('float32');
  });
});

describe('stateDict and loadStateDict', () => {
  it('round trip, as copies', () => {
    const [saved, other] = [new Reader(), new Reader()];
    const state = saved.stateDict();
    other.loadStateDict(state);
    for (const [name, parameter] of other.namedParameters()) {
      expect(parameter.value.data()).toEqual(state[name].data());
      expect(parameter.version).toBe(1);
    }
    saved.rnn.bias.assign(zeros([3]));
    expect(state['rnn.bias'].data()).not.toEqual(new Float32Array(3));
    expect(other.rnn.bias.value.data()).toEqual(state['rnn.bias'].data());
  });

  it('converts precision', () => {
    const model = new Linear(1, 1, { random });
    model.loadStateDict({ weight: tensor([[0.1]], { dtype: 'float64' }), bias: tensor([2]) });
    expect(model.weight.value.item()).toBe(Math.fround(0.1));
  });

  const broken: readonly (readonly [string, (state: Record<string, Tensor>) => void, RegExp])[] = [
    [
      'missing',
      (state) => delete state['rnn.bias'],
      /^loadStateDict: .*no 'rnn\.bias'; nothing was loaded: build/,
    ],
    ['extra', (state) => (state['rnn.gate'] = ones([1])), /unknown 'rnn\.gate'/],
    ['misshapen', (state) => (state['rnn.bias'] = ones([4])), /wrong shapes 'rnn\.bias' \[4\] for \[3\]/],
    [
      'not a Tensor',
      (state) => (state['rnn.bias'] = [1, 2, 3] as unknown as Tensor),
      /no Tensor at 'rnn\.bias'/,
    ],
  ];
  it.each(broken)('refuses a %s tensor, changing nothing', (_, spoil, message) => {
    const model = new Reader();
    const before = model.stateDict();
    const state: Record<string, Tensor> = new Reader().stateDict();
    spoil(state);
    expect(() => model.loadStateDict(state)).toThrow(message);
    for (const [name, parameter] of model.namedParameters()) {
      expect(parameter.value.data()).toEqual(before[name].data());
      expect(parameter.version).toBe(0);
    }
  });

  it('names every kind of trouble in one line, and not too many names', () => {
    const model = new Sequential(...Array.from({ length: 6 }, () => new Linear(1, 1, { random })));
    expect(() => model.loadStateDict({ '0.weight': ones([2, 2]), other: ones([1]) })).toThrow(
      /no '0\.bias', .* and 3 more; unknown 'other'; wrong shapes '0\.weight' \[2, 2\] for \[1, 1\]; [^\n]*$/,
    );
  });
});
